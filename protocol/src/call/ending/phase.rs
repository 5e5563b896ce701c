//! The phases of a call: open, closing, pausing, handing over, hanging up, over.

use serde::{Deserialize, Serialize};

use super::Interjection;
use crate::call::Moment;
use crate::call::reason::Ending;
use crate::ids::ResponseId;
use crate::response_gate::AskNumber;

/// Whether the call goes on, is ending, or is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The conversation goes on.
    Open,
    /// The last line was asked for, or is being played.
    Closing {
        /// Why the call ends.
        ending: Ending,
        /// How far the line has come.
        line: ClosingLine,
        /// What the caller says meanwhile.
        interjection: Interjection,
    },
    /// The last line was heard. The hang-up follows.
    Pausing {
        /// Why the call ends.
        ending: Ending,
        /// When to hang up, unless the caller speaks.
        until: Moment,
        /// What the caller says meanwhile.
        interjection: Interjection,
    },
    /// The caller is being transferred: Twilio rings the person, or the two speak (CALL-10).
    HandingOver {
        /// When Twilio was told to ring.
        since: Moment,
        /// When to end the call if Twilio reports nothing.
        until: Moment,
    },
    /// Twilio was told to end the call.
    HangingUp {
        /// Why the call ends.
        ending: Ending,
        /// How Twilio was told.
        how: HangUp,
        /// When the call counts as over if Twilio reports nothing.
        until: Moment,
    },
    /// The call is over.
    Over {
        /// Why the call ended.
        ending: Ending,
    },
}

/// How Twilio is told to end a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangUp {
    /// By the REST API: `Status=completed` (CALL-6).
    Rest,
    /// By TwiML that apologises and hangs up (RES-3): over the REST API, or as a webhook's answer.
    Apology,
    /// By TwiML that rings the person in place of the apology (PIPE-10). The apology follows if
    /// nobody answers.
    PutThrough {
        /// When Twilio was told to ring.
        since: Moment,
        /// The request failed. Twilio may have taken it all the same.
        refused: bool,
    },
    /// By the answer to the webhook that asked what follows a transfer (CALL-10).
    Answered,
}

/// How far the last line of a call has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingLine {
    /// It was asked for, and none of it has come.
    Awaited {
        /// The closing line's ask. Another response does not count as the line.
        ask: AskNumber,
        /// When to end the call without it.
        until: Moment,
    },
    /// It is being spoken.
    Speaking {
        /// The response that speaks it.
        response: ResponseId,
        /// When to end the call if nothing of it goes to Twilio.
        fallback: Moment,
    },
}

impl Phase {
    /// Why and by whom the call ends. `None` until that is decided; a transfer may still come back.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::Open | Self::HandingOver { .. } => None,
            Self::Closing { ending, .. }
            | Self::Pausing { ending, .. }
            | Self::HangingUp { ending, .. }
            | Self::Over { ending } => Some(*ending),
        }
    }

    /// The phase in `snake_case`, for the introspection: `open`, `closing`, `pausing`,
    /// `handing_over`, `hanging_up` or `over`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing { .. } => "closing",
            Self::Pausing { .. } => "pausing",
            Self::HandingOver { .. } => "handing_over",
            Self::HangingUp { .. } => "hanging_up",
            Self::Over { .. } => "over",
        }
    }
}
