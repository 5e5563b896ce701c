//! What a draft changes, and the versions before.

use jiff::Timestamp;
use serde_json::Value;

use super::form::{at, defaults, written};
use super::keys::{KEYS, Kind};
use super::why::Problem;
use super::{Draft, Edit};
use crate::changes::{DiffLine, diff};
use crate::components::Pager;
use crate::page::page;
use crate::texts::Texts;

/// A key whose value differs.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The key's name in words.
    pub name: String,
    /// Line by line for the prompt, else before and after.
    pub what: Difference,
}

/// Two values.
#[derive(Debug, Clone)]
pub enum Difference {
    Values { old: String, new: String },
    Lines(Vec<DiffLine>),
}

impl Changed {
    /// All keys whose values differ.
    #[must_use]
    pub fn between(t: &Texts, old: &Value, new: &Value) -> Vec<Self> {
        let defaults = defaults();
        let changed = KEYS.iter().filter_map(|key| {
            let value = |settings: &Value| {
                let given = at(settings, key.path);
                let value = if given.is_null() { at(&defaults, key.path) } else { given };
                if value.is_object() { hours(t, value) } else { written(value) }
            };
            let (old, new) = (value(old), value(new));
            if old == new {
                return None;
            }
            let what = if key.kind == Kind::Elsewhere {
                Difference::Lines(diff(&old, &new))
            } else {
                Difference::Values { old, new }
            };
            let name = t.pair("changed-name", t.say(key.section.name_key()), t.say(&key.text()));
            Some(Self { name, what })
        });
        changed.collect()
    }
}

/// Opening hours, a day a line.
fn hours(t: &Texts, hours: &Value) -> String {
    let days = protocol::business::WeeklyHours::WEEK.iter();
    let days = days.filter_map(|day| {
        let key = crate::format::weekday(*day);
        let word = key.strip_prefix("weekday-")?;
        let spans = hours[word].as_array()?.iter().map(written).collect::<Vec<_>>().join(", ");
        Some(format!("{}: {spans}\n", t.say(key)))
    });
    days.collect()
}

/// What the draft changes, before it is published.
#[derive(Debug, Clone)]
pub struct ChangesPage {
    pub draft: Option<Draft>,
    pub changes: Vec<Changed>,
    /// Why the draft can't be published.
    pub problems: Vec<Problem>,
    pub revision: String,
    /// Somebody has changed something since the user looked: nothing was published.
    pub moved: Option<Edit>,
}

page!(ChangesPage, "changes.html");

/// A version that was published.
#[derive(Debug, Clone)]
pub struct Version {
    pub number: u32,
    pub edit: Edit,
    /// Calls are answered with it.
    pub is_current: bool,
    /// The keys that it changed, in words.
    pub changed: Vec<String>,
}

/// The versions, and one of them compared with the present one.
#[derive(Debug, Clone)]
pub struct VersionsPage {
    /// Newest first.
    pub versions: Vec<Version>,
    /// The version that is looked at: its number, when, and what restoring it would change.
    pub shown: Option<(u32, Timestamp, Vec<Changed>)>,
    pub pager: Pager,
}

page!(VersionsPage, "versions.html");
