//! A scenario and its file's contents.

use std::borrow::Cow;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use practice::twilio::{Callee, Pickup, Silence};
use protocol::business::{BusinessSettings, duration_text};
use protocol::ids::PhoneNumber;
use serde::Deserialize;

use super::expect::Expectations;
use super::model::Model;
use super::step::{Action, Step};
use super::twilio::Twilio;

/// A scenario and the business that it calls.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub file: PathBuf,
    /// With the scenario's changes.
    pub business: BusinessSettings,
    /// The first caller's number. Each further caller has the next number.
    pub number: PhoneNumber,
    pub script: Script,
}

impl Scenario {
    /// The file's name without its extension.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.file.file_stem().unwrap_or_default().to_string_lossy()
    }
}

/// The contents of a scenario file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What the scenario shows, in a sentence.
    #[serde(default)]
    pub about: String,
    #[serde(default)]
    pub business: Business,
    #[serde(default)]
    pub caller: Caller,
    /// The practice model. A real model ignores it.
    #[serde(default)]
    pub model: Model,
    #[serde(default)]
    pub twilio: Twilio,
    /// Who answers transferred calls.
    #[serde(default)]
    pub transfer: TransferTo,
    /// Time limit of each step, and of the end after the last one.
    #[serde(default = "patience", with = "duration_text")]
    pub patience: Duration,
    #[serde(rename = "step", default)]
    pub steps: Vec<Step>,
    pub expect: Expectations,
}

/// The business that is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Business {
    /// The business file, relative to the scenario. The demo's locksmith by default.
    pub file: Option<PathBuf>,
    /// Keys of that file to override.
    pub set: toml::Table,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caller {
    /// The first caller's number as it is written; [`Scenario::number`] is what it is read as.
    pub number: String,
    /// What is sent while the caller says nothing.
    pub silence: LineSilence,
    /// Frames that are held back and sent together.
    pub burst: NonZeroU16,
    /// How the caller answers a call of the business. `None`: they call the business.
    pub answers: Option<Answers>,
    /// Nobody calls: the person writes.
    pub only_writes: bool,
}

/// When the call begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calling {
    AtOnce,
    /// A step begins it.
    InAStep,
    Never,
}

/// The number that calls are transferred to (CALL-10).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferTo {
    pub answers: Answers,
    /// How long it rings.
    #[serde(with = "duration_text")]
    pub rings: Duration,
    /// How long the person talks.
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

/// Who or what answers a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    Person,
    Machine,
    Busy,
    Unreachable,
}

impl From<Answers> for Pickup {
    fn from(answers: Answers) -> Self {
        match answers {
            // The length only matters for a transferred call.
            Answers::Person => Self::Person { talks: Duration::ZERO },
            Answers::Machine => Self::Machine,
            Answers::Busy => Self::Busy,
            Answers::Unreachable => Self::Unreachable,
        }
    }
}

/// What is sent while nobody speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSilence {
    /// Digital silence.
    #[default]
    Flat,
    /// Samples alternate between the two codes for zero.
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
            number: "+972501000001".to_owned(),
            silence: LineSilence::default(),
            burst: NonZeroU16::MIN,
            answers: None,
            only_writes: false,
        }
    }
}

fn patience() -> Duration {
    Duration::from_secs(30)
}

impl Script {
    /// Whether each call needs its own daemon, because a step affects the whole daemon, Twilio or OpenAI.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        let affects_all = |step: &Step| match &step.action {
            Action::Happens(what) => what.affects_all(),
            Action::Say(_)
            | Action::Noise { .. }
            | Action::Silence(_)
            | Action::Press(_)
            | Action::HangUp
            | Action::Call
            | Action::Write(_) => false,
        };
        let uses_up = !self.model.responses_once.is_empty() || !self.model.texts.is_empty();
        self.twilio.is_used_up() || uses_up || self.steps.iter().any(affects_all)
    }

    /// When the call begins.
    #[must_use]
    pub fn calling(&self) -> Calling {
        match (self.caller.only_writes, self.steps.iter().any(|step| step.action == Action::Call)) {
            (true, _) => Calling::Never,
            (false, true) => Calling::InAStep,
            (false, false) => Calling::AtOnce,
        }
    }

    /// Whether anything is written or expected in writing.
    #[must_use]
    pub fn has_writing(&self) -> bool {
        let writes = |step: &Step| matches!(step.action, Action::Write(_));
        self.steps.iter().any(writes) || self.expect.is_about_writing()
    }

    /// What contradicts what: the key, and what is expected there.
    pub(super) fn contradiction(&self) -> Option<(&'static str, String)> {
        let calls = |step: &Step| step.action == Action::Call;
        match self.calling() {
            Calling::AtOnce => None,
            Calling::Never => {
                let spoken = self.steps.iter().position(|step| step.needs_call() || calls(step));
                if let Some(at) = spoken {
                    let told = self.steps[at].action.told();
                    let told = format!("nobody calls, and step {} ({told}) needs a call", at + 1);
                    return Some(("caller.only_writes", told));
                }
                let of_a_call = self.expect.first_about_a_call();
                of_a_call.map(|key| (key, "nobody calls here: leave it out".to_owned()))
            }
            Calling::InAStep => {
                if self.caller.answers.is_some() {
                    let told = "with it the business calls: leave out the step call = true";
                    return Some(("caller.answers", told.to_owned()));
                }
                if self.steps.iter().filter(|step| calls(step)).count() > 1 {
                    return Some(("step", "one call = true is expected".to_owned()));
                }
                let before = self.steps.iter().take_while(|step| !calls(step));
                let early = before.zip(1..).find(|(step, _)| step.needs_call());
                early.map(|(step, at)| {
                    let told = step.action.told();
                    (
                        "step",
                        format!("step {at} ({told}) comes before call = true, and needs the call"),
                    )
                })
            }
        }
    }
}
