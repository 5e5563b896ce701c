//! The caller's steps.

use std::time::Duration;

use actors::introspection::ActorKind;
use protocol::business::duration_text;
use serde::Deserialize;

use super::writing::{Attachment, Writing};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Step {
    pub after: After,
    /// An additional pause.
    pub plus: Duration,
    pub action: Action,
}

/// What a step waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The end of the previous step. The first step waits for the stream to open.
    #[default]
    Previous,
    /// The beginning of an utterance, since the previous step began.
    AgentBegins,
    /// Silence of the agent after an utterance, since the previous step ended.
    AgentEnds,
    /// These words, since the previous step began.
    Words(String),
    /// The end of the call.
    CallEnds,
    /// A message of the business's, since the previous step began.
    MessageComes,
    /// A message with these words, since the previous step began.
    Message(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Speaks to the last word.
    Say(String),
    Noise {
        /// Loudness as 16-bit linear RMS.
        rms: u16,
        length: Duration,
    },
    /// Says nothing for this long.
    Silence(Duration),
    Press(String),
    HangUp,
    /// The person calls, and the call is answered.
    Call,
    /// The person writes by WhatsApp.
    Write(Writing),
    /// Does nothing; an event happens around the call.
    Happens(Happening),
}

/// An event around a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    OperatorHangsUp,
    /// The media socket breaks, and Twilio can no longer reach the daemon.
    LineIsLost,
    /// OpenAI drops the session and refuses new ones.
    OpenaiIsLost,
    /// The daemon is told to stop.
    DaemonStops,
    /// This actor of the call panics after every restart.
    KeepsCrashing(ActorKind),
    /// The daemon does not reach its database for so long. In virtual time only.
    #[serde(with = "duration_text")]
    DatabaseIsAway(Duration),
}

impl Happening {
    /// Whether it affects more than one call.
    pub(super) fn affects_all(self) -> bool {
        match self {
            Self::OperatorHangsUp | Self::KeepsCrashing(_) => false,
            Self::LineIsLost | Self::OpenaiIsLost | Self::DaemonStops | Self::DatabaseIsAway(_) => {
                true
            }
        }
    }

    /// Whether it happens to a call.
    fn is_of_a_call(self) -> bool {
        match self {
            Self::OperatorHangsUp | Self::KeepsCrashing(_) | Self::LineIsLost => true,
            Self::OpenaiIsLost | Self::DaemonStops | Self::DatabaseIsAway(_) => false,
        }
    }

    fn told(self) -> String {
        match self {
            Self::OperatorHangsUp => "the operator hangs up".to_owned(),
            Self::LineIsLost => "the line is lost".to_owned(),
            Self::OpenaiIsLost => "OpenAI is lost".to_owned(),
            Self::DaemonStops => "the daemon stops".to_owned(),
            Self::KeepsCrashing(kind) => format!("{} keeps crashing", kind.as_str()),
            Self::DatabaseIsAway(lasts) => format!("the database is away for {lasts:?}"),
        }
    }
}

impl Action {
    /// The step in words, for a report.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Say(text) => format!("say {text:?}"),
            Self::Noise { length, .. } => format!("noise of {length:?}"),
            Self::Silence(length) => format!("silence of {length:?}"),
            Self::Press(keys) => format!("press {keys:?}"),
            Self::HangUp => "hang up".to_owned(),
            Self::Call => "call".to_owned(),
            Self::Write(writing) => writing.told(),
            Self::Happens(what) => what.told(),
        }
    }

    /// How long it takes by itself.
    fn lasts(&self) -> Duration {
        match self {
            Self::Noise { length, .. }
            | Self::Silence(length)
            | Self::Happens(Happening::DatabaseIsAway(length)) => *length,
            Self::Say(_)
            | Self::Press(_)
            | Self::HangUp
            | Self::Call
            | Self::Write(_)
            | Self::Happens(_) => Duration::ZERO,
        }
    }
}

impl Step {
    /// How long it waits and acts by itself. Patience is for the rest.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.plus + self.action.lasts()
    }

    /// Whether it makes no sense without a call.
    #[must_use]
    pub fn needs_call(&self) -> bool {
        let waits = match &self.after {
            After::AgentBegins | After::AgentEnds | After::Words(_) | After::CallEnds => true,
            After::Previous | After::MessageComes | After::Message(_) => false,
        };
        let acts = match &self.action {
            Action::Say(_) | Action::Noise { .. } | Action::Press(_) | Action::HangUp => true,
            Action::Happens(what) => what.is_of_a_call(),
            Action::Silence(_) | Action::Call | Action::Write(_) => false,
        };
        waits || acts
    }
}

/// A step as written in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    after: After,
    #[serde(default, with = "duration_text")]
    plus: Duration,
    say: Option<String>,
    noise: Option<Noise>,
    #[serde(default, with = "duration_text::option")]
    silence: Option<Duration>,
    press: Option<String>,
    hang_up: Option<bool>,
    call: Option<bool>,
    write: Option<String>,
    attached: Option<Attachment>,
    deliveries: Option<u32>,
    happens: Option<Happening>,
}

/// A noise by name.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Noise {
    /// A falling key, a receiver put down.
    Click,
    Cough,
    /// Traffic, a door, a drill.
    #[serde(with = "duration_text")]
    Loud(Duration),
}

impl From<Noise> for Action {
    fn from(noise: Noise) -> Self {
        let (rms, length) = match noise {
            Noise::Click => (6000, Duration::from_millis(40)),
            Noise::Cough => (3000, Duration::from_millis(200)),
            Noise::Loud(length) => (3000, length),
        };
        Self::Noise { rms, length }
    }
}

impl TryFrom<Written> for Step {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { after, plus, say, noise, silence, press, hang_up, .. } = written;
        let Written { call, write, attached, deliveries, happens, .. } = written;
        if press.as_ref().is_some_and(|keys| !keys.chars().all(|key| KEYS.contains(key))) {
            return Err(format!("press: a key is one of {KEYS}"));
        }
        let nameless = match &after {
            After::Words(words) => words.trim().is_empty().then_some("agent_begins"),
            After::Message(words) => words.trim().is_empty().then_some("message_comes"),
            After::Previous
            | After::AgentBegins
            | After::AgentEnds
            | After::CallEnds
            | After::MessageComes => None,
        };
        if let Some(any) = nameless {
            return Err(format!("after: words are expected; \"{any}\" waits for any"));
        }
        if say.as_ref().is_some_and(|words| words.trim().is_empty()) {
            return Err("say: words are expected; silence says nothing".to_owned());
        }
        if press.as_ref().is_some_and(String::is_empty) {
            return Err(format!("press: keys are expected, of {KEYS}"));
        }
        let actions = [
            say.map(Action::Say),
            noise.map(Action::from),
            silence.map(Action::Silence),
            press.map(Action::Press),
            hang_up.filter(|hang_up| *hang_up).map(|_| Action::HangUp),
            call.filter(|call| *call).map(|_| Action::Call),
            Writing::of(write, attached, deliveries)?.map(Action::Write),
            happens.map(Action::Happens),
        ];
        let mut actions = actions.into_iter().flatten();
        match (actions.next(), actions.next()) {
            (Some(action), None) => Ok(Self { after, plus, action }),
            _ => Err("one of say, noise, silence, press, hang_up = true, call = true, write and \
                      happens is expected"
                .to_owned()),
        }
    }
}

/// The keys of a telephone.
const KEYS: &str = "0123456789*#";
