//! What the caller does, and what each deed waits for.

use std::time::Duration;

use actors::introspection::ActorKind;
use protocol::business::duration_text;
use serde::Deserialize;

/// One deed of the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Step {
    /// What it waits for.
    pub after: After,
    /// How much longer it waits.
    pub plus: Duration,
    /// What is done.
    pub action: Action,
}

/// What a step waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The step before it to be done; the first waits until the line is open.
    #[default]
    Previous,
    /// The agent to begin to be heard, since the step before began.
    AgentBegins,
    /// The agent to have been heard since the step before was done, and to be quiet.
    AgentEnds,
    /// These words to have been heard, since the step before began.
    Words(String),
}

/// What the caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Speaks, to the last word.
    Say(String),
    /// Makes a noise.
    Noise {
        /// How loud: 16-bit linear RMS.
        rms: u16,
        /// How long.
        length: Duration,
    },
    /// Says nothing for so long.
    Silence(Duration),
    /// Presses keys.
    Press(String),
    /// Hangs up.
    HangUp,
    /// Does nothing: something happens around the call.
    Happens(Happening),
}

/// Something that happens around a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// An operator ends the call.
    OperatorHangsUp,
    /// The media socket breaks, and from then on nothing of Twilio's reaches the daemon.
    LineIsLost,
    /// OpenAI drops the session and takes no other.
    OpenaiIsLost,
    /// The daemon is told to stop.
    DaemonStops,
    /// This actor of the call's panics, as often as it is started again.
    KeepsCrashing(ActorKind),
}

impl Happening {
    /// Whether it befalls more than the one call.
    pub(super) fn befalls_all(self) -> bool {
        match self {
            Self::OperatorHangsUp | Self::KeepsCrashing(_) => false,
            Self::LineIsLost | Self::OpenaiIsLost | Self::DaemonStops => true,
        }
    }

    fn told(self) -> String {
        match self {
            Self::OperatorHangsUp => "the operator hangs up".to_owned(),
            Self::LineIsLost => "the line is lost".to_owned(),
            Self::OpenaiIsLost => "OpenAI is lost".to_owned(),
            Self::DaemonStops => "the daemon stops".to_owned(),
            Self::KeepsCrashing(kind) => format!("{} keeps crashing", kind.as_str()),
        }
    }
}

impl Action {
    /// The deed in words.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Say(text) => format!("say {text:?}"),
            Self::Noise { length, .. } => format!("noise of {length:?}"),
            Self::Silence(length) => format!("silence of {length:?}"),
            Self::Press(keys) => format!("press {keys:?}"),
            Self::HangUp => "hang up".to_owned(),
            Self::Happens(what) => what.told(),
        }
    }
}

/// A step as it is written.
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
    happens: Option<Happening>,
}

/// A noise by its name.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Noise {
    /// A key that falls, a receiver that is put down.
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
        let Written { after, plus, say, noise, silence, press, hang_up, happens } = written;
        if press.as_ref().is_some_and(|keys| !keys.chars().all(|key| KEYS.contains(key))) {
            return Err(format!("press: a key is one of {KEYS}"));
        }
        let deeds = [
            say.map(Action::Say),
            noise.map(Action::from),
            silence.map(Action::Silence),
            press.map(Action::Press),
            hang_up.filter(|hang_up| *hang_up).map(|_| Action::HangUp),
            happens.map(Action::Happens),
        ];
        let mut deeds = deeds.into_iter().flatten();
        match (deeds.next(), deeds.next()) {
            (Some(action), None) => Ok(Self { after, plus, action }),
            _ => Err("one of say, noise, silence, press, hang_up = true and happens is expected"
                .to_owned()),
        }
    }
}

/// What a telephone has.
const KEYS: &str = "0123456789*#";
