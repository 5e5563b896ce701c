//! Today: is the telephone answered, who is on it, whom to call back, who comes.

use jiff::Timestamp;
use uuid::Uuid;

use crate::call::CallEnd;
use crate::components::Person;
use crate::notice::Tone;
use crate::page::page;

/// Whether calls are answered now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// Calls are answered.
    Yes,
    /// The business is paused: callers hear the apology.
    Paused,
    /// Calls are not answered, for this reason.
    No { reason: Trouble },
}

/// Why calls are not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Trouble {
    /// OpenAI can't be used: key, quota or model.
    Provider,
    Database,
    /// The daemon is being stopped.
    Draining,
    /// As many calls as are allowed.
    Full,
}

impl Trouble {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Provider => "trouble-provider",
            Self::Database => "trouble-database",
            Self::Draining => "trouble-draining",
            Self::Full => "trouble-full",
        }
    }
}

/// A call that goes on.
#[derive(Debug, Clone)]
pub struct LiveCall {
    pub sid: String,
    pub person: Person,
    pub since: Timestamp,
    pub is_test: bool,
    /// What was said last, and whether the agent said it.
    pub last_words: Option<(bool, String)>,
}

/// A person to call back.
#[derive(Debug, Clone)]
pub struct CallBack {
    pub lead: Uuid,
    pub person: Person,
    pub since: Timestamp,
    pub why: Why,
    /// What the person wants, as far as they said.
    pub wants: Option<String>,
}

/// Why a person is to be called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Why {
    /// All details are known.
    Complete,
    /// The call broke off, by our fault.
    Failed,
    /// The call came while the business was paused.
    Paused,
    /// The person hung up before all details were known.
    HungUp,
    /// A written conversation needs a person.
    Writes,
}

impl Why {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Complete => "why-complete",
            Self::Failed => "why-failed",
            Self::Paused => "why-paused",
            Self::HungUp => "why-hung-up",
            Self::Writes => "why-writes",
        }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Complete => Tone::Good,
            Self::Failed => Tone::Bad,
            Self::Paused | Self::HungUp => Tone::Plain,
            Self::Writes => Tone::Warning,
        }
    }
}

/// A visit of today.
#[derive(Debug, Clone)]
pub struct Visit {
    pub id: Uuid,
    pub person: Person,
    pub starts_at: Timestamp,
    pub notes: Option<String>,
}

/// A call that failed today.
#[derive(Debug, Clone)]
pub struct FailedCall {
    pub sid: String,
    pub person: Person,
    pub at: Timestamp,
    pub end: CallEnd,
}

/// The page.
#[derive(Debug, Clone)]
pub struct TodayPage {
    pub answering: Answering,
    /// The number that people call.
    pub number: Option<protocol::ids::PhoneNumber>,
    pub live: Vec<LiveCall>,
    pub call_back: Vec<CallBack>,
    /// Today's, the first one first.
    pub visits: Vec<Visit>,
    pub visits_tomorrow: u32,
    pub failed: Vec<FailedCall>,
    pub calls_today: u32,
    pub booked_today: u32,
    pub leads_today: u32,
    /// Conversations that need a person.
    pub conversations: u32,
}

page!(TodayPage, "today.html");
