//! The form of a scenario file: who is called, what the caller does and when, what goes wrong at
//! the model, and what must have come of it.

mod expect;
mod file;
mod model;
mod step;
mod twilio;

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use protocol::business::{BusinessSettings, duration_text};
use protocol::ids::PhoneNumber;
use serde::Deserialize;

pub(super) use expect::{
    AgentLine, End, Expectations, HeardLine, LeadExpectation, ModelTold, ToolExpectation,
    TranscriptLine, Words,
};
pub use file::ScenarioError;
pub(super) use model::Model;
pub(super) use step::Step;
pub use step::{Action, After, Happening};
pub(super) use twilio::Twilio;

use practice::twilio::{Callee, Pickup, Silence};

/// A scenario with the business it calls, ready to be played.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Where it was read from.
    pub file: PathBuf,
    /// The business, changes included.
    pub business: BusinessSettings,
    /// The file's contents.
    pub script: Script,
}

/// A scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: String,
    /// Who is called.
    #[serde(default)]
    pub business: Business,
    /// Who calls.
    #[serde(default)]
    pub caller: Caller,
    /// The practice model; the real one takes no notice.
    #[serde(default)]
    pub model: Model,
    /// What goes wrong at Twilio.
    #[serde(default)]
    pub twilio: Twilio,
    /// Who is at the number that callers are put through to.
    #[serde(default)]
    pub transfer: TransferTo,
    /// How long a step, or the end after the last of them, is waited for.
    #[serde(default = "patience", with = "duration_text")]
    pub patience: Duration,
    /// What the caller does, in order.
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    /// What must have come of it.
    pub expect: Expectations,
}

/// The business that is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Business {
    /// Its file, beside the scenario's; none is the demo's locksmith.
    pub file: Option<PathBuf>,
    /// Keys of that file to be set otherwise.
    pub set: toml::Table,
}

/// The person who calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caller {
    /// The number of the first of them; of several at once, each has the number after the last's.
    pub number: PhoneNumber,
    /// What the line sounds like while they say nothing.
    pub silence: LineSilence,
    /// Frames that are held back and sent together.
    pub burst: NonZeroU16,
    /// The business calls them, and so they answer. None: they call the business.
    pub answers: Option<Answers>,
}

/// The person whom callers are put through to (CALL-10).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferTo {
    /// Who or what answers there.
    pub answers: Answers,
    /// How long it rings before.
    #[serde(with = "duration_text")]
    pub rings: Duration,
    /// How long the two talk, if it is the person.
    #[serde(with = "duration_text")]
    pub talks: Duration,
}

impl Default for TransferTo {
    fn default() -> Self {
        let (rings, talks) = (Duration::from_millis(500), Duration::from_secs(1));
        Self { answers: Answers::Person, rings, talks }
    }
}

impl From<TransferTo> for Callee {
    fn from(to: TransferTo) -> Self {
        let then = match to.answers {
            Answers::Person => Pickup::Person { talks: to.talks },
            Answers::Machine | Answers::Busy | Answers::Unreachable => to.answers.into(),
        };
        Self { rings: to.rings, then }
    }
}

/// Who or what answers when the business calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// The person.
    Person,
    /// An answering machine.
    Machine,
    /// The line is busy.
    Busy,
    /// The number can't be reached.
    Unreachable,
}

impl From<Answers> for Pickup {
    fn from(answers: Answers) -> Self {
        match answers {
            // Only of a bridged call is it looked at how long they talk.
            Answers::Person => Self::Person { talks: Duration::ZERO },
            Answers::Machine => Self::Machine,
            Answers::Busy => Self::Busy,
            Answers::Unreachable => Self::Unreachable,
        }
    }
}

/// What a line sounds like when nobody speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSilence {
    /// Digital silence.
    #[default]
    Flat,
    /// Samples wobble around zero.
    Wobbling,
    /// Nothing is sent, and the timestamps jump.
    Skipped,
}

impl From<LineSilence> for Silence {
    fn from(silence: LineSilence) -> Self {
        match silence {
            LineSilence::Flat => Self::Flat,
            LineSilence::Wobbling => Self::Wobbling,
            LineSilence::Skipped => Self::Skipped,
        }
    }
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            number: first_number(),
            silence: LineSilence::default(),
            burst: NonZeroU16::MIN,
            answers: None,
        }
    }
}

#[expect(clippy::expect_used, reason = "the text is a constant of the right form")]
fn first_number() -> PhoneNumber {
    PhoneNumber::parse("+972501000001").expect("the number is well-formed")
}

fn patience() -> Duration {
    Duration::from_secs(30)
}

impl Script {
    /// Whether each call needs a daemon of its own: what happens in it befalls the whole daemon, or
    /// all of Twilio or OpenAI.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        let befalls_all = |step: &Step| match &step.action {
            Action::Happens(what) => what.befalls_all(),
            Action::Say(_)
            | Action::Noise { .. }
            | Action::Silence(_)
            | Action::Press(_)
            | Action::HangUp => false,
        };
        !self.twilio.hang_ups.is_empty() || self.steps.iter().any(befalls_all)
    }
}

#[cfg(test)]
mod tests;
