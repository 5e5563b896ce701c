//! The people who have called or written: the list, and one of them.

mod lead;

use jiff::Timestamp;
use uuid::Uuid;

use crate::components::{Choice, Control, Field, Pager, Person};
use crate::notice::Tone;
use crate::page::page;
use crate::texts::Texts;

pub use lead::{Author, Change, LeadForm, LeadPage, PastCall, PastVisit};

/// How much is known of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Status {
    InProgress,
    Complete,
    Declined,
}

impl Status {
    /// Its word in forms and queries.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Complete => "complete",
            Self::Declined => "declined",
        }
    }

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::InProgress => "status-in-progress",
            Self::Complete => "status-complete",
            Self::Declined => "status-declined",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::InProgress => Tone::Warning,
            Self::Complete => Tone::Good,
            Self::Declined => Tone::Plain,
        }
    }
}

/// A person in the list.
#[derive(Debug, Clone)]
pub struct LeadRow {
    pub person: Person,
    pub status: Status,
    pub last_contact: Timestamp,
    /// What they want, as far as it is known.
    pub wants: Option<String>,
    /// When their next appointment begins.
    pub next_visit: Option<Timestamp>,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct LeadsPage {
    pub search: String,
    pub status: Option<Status>,
    pub leads: Vec<LeadRow>,
    pub pager: Pager,
}

impl LeadsPage {
    pub(crate) fn is_filtered(&self) -> bool {
        !self.search.is_empty() || self.status.is_some()
    }

    pub(crate) fn status_field(&self, t: &Texts) -> Field {
        let mut choices = vec![Choice::new("", t.say("leads-all"))];
        for status in [Status::InProgress, Status::Complete, Status::Declined] {
            choices.push(Choice::new(status.word(), t.say(status.key())));
        }
        let value = self.status.map_or("", Status::word).to_owned();
        Field::new("status", t.say("lead-status"), Control::Choice { value, choices })
    }
}

impl LeadRow {
    pub(crate) fn id(&self) -> Uuid {
        self.person.lead.unwrap_or_default()
    }
}

page!(LeadsPage, "leads.html");
