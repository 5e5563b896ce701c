//! What a draft is made of: the published settings with some keys changed.

use protocol::business::BusinessSettings;
use serde_json::Value;

use super::form::{at, checked, put, without_empty_tables, written};
use super::keys::{KEYS, Key, Kind, Owner, Section};
use super::why::Problem;
use crate::texts::Texts;

impl Key {
    /// Whether the user may change it.
    #[must_use]
    pub fn is_open(&self, admin: bool) -> bool {
        match self.owner {
            Owner::Business => true,
            Owner::Admin => admin,
            Owner::Nobody => false,
        }
    }
}

/// The settings, if all rules hold.
///
/// # Errors
/// All problems, each with its key.
pub fn check(settings: &Value) -> Result<BusinessSettings, Vec<Problem>> {
    checked(settings.clone())
}

/// A draft that was made from `base`, as changes of `current`: of what both have changed, the draft's counts.
#[must_use]
pub fn rebased(base: &Value, draft: &Value, current: &Value) -> Value {
    taken(current, draft, |key| at(base, key.path) != at(draft, key.path))
}

/// The wanted settings, without what the user may not change.
#[must_use]
pub fn allowed(current: &Value, wanted: &Value, admin: bool) -> Value {
    taken(current, wanted, |key| key.is_open(admin))
}

/// `current`, with the values of `other` at some keys.
fn taken(current: &Value, other: &Value, is_taken: impl Fn(&Key) -> bool) -> Value {
    let mut value = current.clone();
    for key in KEYS.iter().filter(|key| is_taken(key)) {
        let new = at(other, key.path);
        if new != at(&value, key.path) {
            put(&mut value, key.path, Some(new.clone()).filter(|new| !new.is_null()));
        }
    }
    without_empty_tables(&mut value);
    value
}

/// A section's values as they were entered, however wrong: to be shown again.
#[must_use]
pub fn as_entered<'a>(
    section: Section,
    settings: &Value,
    admin: bool,
    entered: impl Fn(&str) -> Option<&'a str>,
) -> Value {
    let mut value = settings.clone();
    for key in KEYS.iter().filter(|key| key.section == section && key.is_open(admin)) {
        let text = entered(key.path).unwrap_or_default();
        match key.kind {
            Kind::Elsewhere => {}
            Kind::Switch => put(&mut value, key.path, Some(Value::Bool(text == "true"))),
            Kind::Line
            | Kind::Lines
            | Kind::Code
            | Kind::Phone
            | Kind::Integer
            | Kind::Decimal
            | Kind::Duration
            | Kind::Choice(_)
            | Kind::List
            | Kind::Phones
            | Kind::Dates
            | Kind::Limit => put(&mut value, key.path, Some(Value::String(text.to_owned()))),
        }
    }
    value
}

/// The keys of a section at which two settings differ: their names in words, and the values of `theirs`.
#[must_use]
pub fn conflicts(
    t: &Texts,
    section: Section,
    theirs: &Value,
    ours: &Value,
) -> Vec<(String, String)> {
    let of_section =
        KEYS.iter().filter(|key| key.section == section && key.kind != Kind::Elsewhere);
    of_section
        .filter_map(|key| {
            let (theirs, ours) = (written(at(theirs, key.path)), written(at(ours, key.path)));
            (theirs != ours).then(|| (t.say(&key.text()), theirs))
        })
        .collect()
}

/// The keys that differ, with their values before and after.
#[must_use]
pub fn changes(old: &Value, new: &Value) -> Vec<(&'static str, Value, Value)> {
    let changed = KEYS.iter().filter_map(|key| {
        let (before, after) = (at(old, key.path), at(new, key.path));
        (before != after).then(|| (key.path, before.clone(), after.clone()))
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> Value {
        let settings = json!({ "slug": "a", "name": "A", "phone_numbers": ["+97231234567"] });
        serde_json::to_value(BusinessSettings::from_json(settings).unwrap()).unwrap()
    }

    fn with(path: &str, new: Value) -> Value {
        let mut value = settings();
        put(&mut value, path, Some(new));
        value
    }

    #[test]
    fn con_3_a_draft_keeps_its_changes_when_others_are_published_meanwhile() {
        let base = settings();
        let draft = with("silence.timeout", json!("9s"));
        let mut current = with("silence.warnings", json!(1));
        put(&mut current, "silence.timeout", Some(json!("8s")));
        let value = rebased(&base, &draft, &current);
        assert_eq!(value["silence"]["timeout"], "9s");
        assert_eq!(value["silence"]["warnings"], 1);
        let timeout = ("silence.timeout", json!("8s"), json!("9s"));
        assert_eq!(changes(&current, &value), [timeout]);
        assert_eq!(rebased(&base, &base, &current), current);
    }

    #[test]
    fn con_2_what_costs_money_stays_as_it_is_whatever_a_business_user_wants() {
        let current = settings();
        let mut wanted = with("transfer", json!({ "number": "+97231111111", "text": "hold on" }));
        put(&mut wanted, "agent.model", Some(json!("gpt-dear")));
        put(&mut wanted, "slug", Some(json!("b")));
        put(&mut wanted, "name", Some(json!("B")));
        let value = allowed(&current, &wanted, false);
        assert_eq!((&value["name"], &value["slug"]), (&json!("B"), &json!("a")));
        assert_eq!(value["agent"]["model"], current["agent"]["model"]);
        assert!(value["transfer"].is_null(), "{value}");
        let value = allowed(&current, &wanted, true);
        assert_eq!(value["transfer"]["number"], "+97231111111");
        assert_eq!((&value["agent"]["model"], &value["slug"]), (&json!("gpt-dear"), &json!("a")));
    }

    #[test]
    fn con_3_what_was_entered_is_shown_again_however_wrong() {
        let entered = |name: &str| match name {
            "silence.timeout" => Some("seven"),
            "silence.texts" => Some("one\ntwo"),
            _ => None,
        };
        let value = as_entered(Section::Silence, &settings(), false, entered);
        assert_eq!(written(at(&value, "silence.timeout")), "seven");
        assert_eq!(written(at(&value, "silence.texts")), "one\ntwo");
        assert!(check(&value).is_err());
    }
}
