//! A business's settings as forms, made from the type that reads business files.
//!
//! `keys` is the table of all keys; a test compares it with [`BusinessSettings`](protocol::business::BusinessSettings). `form`
//! writes values into fields and reads them back; `hours` is the grid of opening hours.
//! `reference` is the documentation of all keys.

mod changes;
mod drafts;
mod examples;
mod form;
mod hours;
mod keys;
mod language_defaults;
pub mod reference;
mod why;

use jiff::Timestamp;

use crate::components::Field;
use crate::page::page;

pub use changes::{Changed, ChangesPage, Difference, Version, VersionsPage};
pub use drafts::{allowed, as_entered, changes, check, conflicts, rebased};
pub use form::{fields, read};
pub use hours::{HoursGrid, read_hours};
pub use keys::{KEYS, Key, Kind, Owner, Section};
pub use why::{Problem, Why};

/// Who has changed the settings, and when.
#[derive(Debug, Clone)]
pub struct Edit {
    pub by: String,
    pub at: Timestamp,
}

/// Changes that are saved and not published.
#[derive(Debug, Clone)]
pub struct Draft {
    pub changes: u32,
    pub last: Edit,
}

/// Somebody has saved since the user opened the form: nothing was written, and nothing of the user's is lost.
#[derive(Debug, Clone)]
pub struct Conflict {
    pub theirs: Edit,
    /// The keys that both have changed, with their value. The fields hold the user's.
    pub fields: Vec<(String, String)>,
}

/// One section's form.
#[derive(Debug, Clone)]
pub struct SettingsPage {
    pub section: Section,
    pub fields: Vec<Field>,
    /// The week, on the page of the appointments.
    pub hours: Option<HoursGrid>,
    pub draft: Option<Draft>,
    /// The revision that the form began from; sent back with it.
    pub revision: String,
    pub conflict: Option<Conflict>,
}

impl SettingsPage {
    /// Whether the user's values were refused.
    pub(crate) fn is_wrong(&self) -> bool {
        self.fields.iter().any(|field| field.error.is_some())
            || self.hours.as_ref().is_some_and(|hours| !hours.wrong.is_empty())
    }
}

page!(SettingsPage, "settings.html");
