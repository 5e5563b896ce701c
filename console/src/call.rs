//! One call: the conversation as it was heard, with its waits, cuts and tools; live while it goes on.

mod talk;
mod timeline;

use std::time::Duration;

use jiff::Timestamp;
use protocol::call::EndReason;
use uuid::Uuid;

use crate::components::Person;
use crate::notice::Tone;
use crate::page::page;

pub use talk::{Entry, SLOW, ToolUse, What};
pub(crate) use timeline::Bar;
use timeline::Timeline;

/// How a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallEnd(pub EndReason);

impl CallEnd {
    /// The key of its words.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self.0 {
            EndReason::LeadComplete => "end-lead-complete",
            EndReason::UserGoodbye => "end-user-goodbye",
            EndReason::CustomerDeclined => "end-customer-declined",
            EndReason::NoResponse => "end-no-response",
            EndReason::MaxDuration => "end-max-duration",
            EndReason::Transferred => "end-transferred",
            EndReason::CallerHungUp => "end-caller-hung-up",
            EndReason::Operator => "end-operator",
            EndReason::UpstreamFailed => "end-upstream-failed",
            EndReason::StreamLost => "end-stream-lost",
            EndReason::NotConnected => "end-not-connected",
            EndReason::Machine => "end-machine",
            EndReason::Internal => "end-internal",
            EndReason::Shutdown => "end-shutdown",
            EndReason::Refused => "end-refused",
            EndReason::Paused => "end-paused",
        }
    }

    /// Good: the caller got what they wanted. Bad: we failed them.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self.0 {
            EndReason::LeadComplete | EndReason::UserGoodbye | EndReason::Transferred => Tone::Good,
            EndReason::UpstreamFailed
            | EndReason::StreamLost
            | EndReason::Internal
            | EndReason::Shutdown
            | EndReason::Refused => Tone::Bad,
            EndReason::NoResponse | EndReason::MaxDuration => Tone::Warning,
            EndReason::CustomerDeclined
            | EndReason::CallerHungUp
            | EndReason::Operator
            | EndReason::NotConnected
            | EndReason::Machine
            | EndReason::Paused => Tone::Plain,
        }
    }
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}

impl Direction {
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Inbound => "direction-inbound",
            Self::Outbound => "direction-outbound",
        }
    }
}

/// Where a call is.
#[derive(Debug, Clone)]
pub enum State {
    /// It goes on.
    Live,
    /// It is over.
    Over {
        end: CallEnd,
        /// `agent`, `caller` or another word of the record.
        ended_by: Option<Ender>,
        duration: Option<Duration>,
    },
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Ender {
    Agent,
    Caller,
    Operator,
    System,
}

impl Ender {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Agent => "ender-agent",
            Self::Caller => "ender-caller",
            Self::Operator => "ender-operator",
            Self::System => "ender-system",
        }
    }
}

/// What the call has cost.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    /// In millionths of a US dollar; `None`: a price is not known.
    pub micro_usd: Option<u64>,
    pub text_in: u64,
    pub text_out: u64,
    pub audio_in: u64,
    pub audio_out: u64,
    /// Of what went in, how much the model had kept.
    pub cached: u64,
    pub transcribed: Duration,
}

/// What came of a call.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub lead: Option<crate::leads::Status>,
    pub visit: Option<(Uuid, Timestamp)>,
    /// The lead's fields: name and value.
    pub fields: Vec<(String, String)>,
}

/// The page.
#[derive(Debug, Clone)]
pub struct CallPage {
    pub sid: String,
    pub person: Person,
    pub direction: Direction,
    pub started_at: Timestamp,
    pub state: State,
    pub is_test: bool,
    pub outcome: Outcome,
    /// How long the caller waited for the first word.
    pub greeted_after: Option<Duration>,
    pub interruptions: u32,
    pub entries: Vec<Entry>,
    pub prompt_version: u32,
    /// `None` until the call is over.
    pub cost: Option<Cost>,
    /// What was said was deleted, because it is older than the business keeps it.
    pub words_deleted: bool,
}

impl CallPage {
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.state, State::Live)
    }

    pub(crate) fn longest_wait(&self) -> Option<Duration> {
        self.waits().max()
    }

    /// The wait in the middle of all.
    pub(crate) fn usual_wait(&self) -> Option<Duration> {
        let mut waits: Vec<_> = self.waits().collect();
        waits.sort_unstable();
        waits.get(waits.len() / 2).copied()
    }

    fn waits(&self) -> impl Iterator<Item = Duration> {
        self.entries.iter().filter_map(|entry| match entry.what {
            What::Agent { waited, .. } => waited,
            What::Caller { .. } | What::Tool(_) | What::Note(_) => None,
        })
    }

    pub(crate) fn is_slow(&self, wait: &Duration) -> bool {
        *wait >= SLOW
    }

    pub(crate) fn bars(&self) -> Vec<Bar> {
        Timeline::of(&self.entries).bars
    }
}

page!(CallPage, "call.html");
