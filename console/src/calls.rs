//! The list of calls, with its search and filters.

use std::time::Duration;

use jiff::Timestamp;

use crate::call::{CallEnd, Direction};
use crate::components::{Choice, Control, Field, Pager, Person};
use crate::page::page;
use crate::texts::Texts;

/// Calls of which kind are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::EnumIter)]
pub enum Show {
    #[default]
    All,
    /// An appointment was booked.
    Booked,
    /// All details of the lead are known.
    Complete,
    /// We failed the caller.
    Failed,
    /// From a page of the console.
    Tests,
}

impl Show {
    /// Its word in the query.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Booked => "booked",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Tests => "tests",
        }
    }

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::All => "calls-all",
            Self::Booked => "calls-booked",
            Self::Complete => "calls-complete",
            Self::Failed => "calls-failed",
            Self::Tests => "calls-tests",
        }
    }
}

/// What the user looks for, as they wrote it.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// A name, a number, or words that were said.
    pub search: String,
    pub since: String,
    pub until: String,
    pub show: Show,
    /// What is wrong with `since` and with `until`.
    pub wrong_since: Option<String>,
    pub wrong_until: Option<String>,
}

impl Filter {
    pub(crate) fn is_empty(&self) -> bool {
        self.search.is_empty() && !self.is_narrow()
    }

    /// Whether more than the search is used: then it is shown.
    pub(crate) fn is_narrow(&self) -> bool {
        !(self.since.is_empty() && self.until.is_empty() && self.show == Show::All)
    }

    pub(crate) fn fields(&self, t: &Texts) -> Vec<Field> {
        let shows = [Show::All, Show::Booked, Show::Complete, Show::Failed, Show::Tests];
        let choices = shows.map(|show| Choice::new(show.word(), t.say(show.key()))).to_vec();
        let show = Control::Choice { value: self.show.word().to_owned(), choices };
        vec![
            Field::new("show", t.say("filter-show"), show),
            Field::typed("date", "since", t.say("filter-since"), &*self.since)
                .error(self.wrong_since.clone()),
            Field::typed("date", "until", t.say("filter-until"), &*self.until)
                .error(self.wrong_until.clone()),
        ]
    }
}

/// A call in the list.
#[derive(Debug, Clone)]
pub struct CallRow {
    pub sid: String,
    pub person: Person,
    pub direction: Direction,
    pub started_at: Timestamp,
    pub duration: Option<Duration>,
    /// `None`: it goes on.
    pub end: Option<CallEnd>,
    pub booked: bool,
    pub is_test: bool,
    /// What the person wanted.
    pub about: Option<String>,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct CallsPage {
    pub filter: Filter,
    pub calls: Vec<CallRow>,
    pub pager: Pager,
    /// The number that people call, for who has no call yet.
    pub number: Option<protocol::ids::PhoneNumber>,
}

page!(CallsPage, "calls.html");
