//! What can be asked of the gate, and how urgent each is.

use crate::ids::ItemId;

/// Numbers the asks of one call, so that a receiver can tell a repeated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskNumber(pub u64);

/// A response is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which ask of the call this is.
    pub number: AskNumber,
    /// What is wanted.
    pub want: Want,
}

/// What a response is wanted for (PIPE-4 lists them all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The conversation as it stands is to be answered.
    Answer(Reply),
    /// A line is to be spoken, outside the conversation.
    Line {
        /// Which.
        line: ScriptedLine,
        /// Its text.
        text: String,
        /// How closely the text is kept.
        wording: Wording,
    },
}

/// What in the conversation wants an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A turn of the caller, by the item OpenAI committed it as.
    Turn(ItemId),
    /// Digits the caller pressed (CALL-8).
    Digits,
    /// The outputs of a response's tool calls.
    ToolOutput,
    /// An answer that broke off when its session died is to be finished (RES-2).
    Resume,
}

/// A line with a text of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptedLine {
    /// The first words of the call.
    Greeting,
    /// The last words of the call.
    Closing,
    /// The answer to "no thanks", in place of the model's own.
    Decline,
    /// "Are you still there?"
    SilenceCheck,
}

/// How closely a scripted line keeps to its text (END-5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wording {
    /// Word for word.
    Exact,
    /// By its meaning, in the language the caller has switched to.
    InLanguage(String),
}

/// The order in which waiting asks are served: lowest first; answers go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    Greeting,
    Closing,
    Decline,
    Answer,
    SilenceCheck,
}

impl Ask {
    pub(super) fn urgency(&self) -> Urgency {
        match &self.want {
            Want::Answer(_) => Urgency::Answer,
            Want::Line { line: ScriptedLine::Greeting, .. } => Urgency::Greeting,
            Want::Line { line: ScriptedLine::Closing, .. } => Urgency::Closing,
            Want::Line { line: ScriptedLine::Decline, .. } => Urgency::Decline,
            Want::Line { line: ScriptedLine::SilenceCheck, .. } => Urgency::SilenceCheck,
        }
    }

    /// Ordinary asks are dropped while a response is under way: that response does what they want.
    pub(super) fn is_ordinary(&self) -> bool {
        matches!(self.want, Want::Answer(Reply::Resume))
    }

    /// After a barge-in answers wait for what the caller has to say.
    pub(super) fn ends_hold(&self) -> bool {
        match &self.want {
            Want::Answer(Reply::Turn(_) | Reply::Digits)
            | Want::Line { line: ScriptedLine::Decline, .. } => true,
            Want::Answer(Reply::ToolOutput | Reply::Resume) | Want::Line { .. } => false,
        }
    }

    pub(super) fn turn(&self) -> Option<&ItemId> {
        match &self.want {
            Want::Answer(Reply::Turn(item)) => Some(item),
            Want::Answer(Reply::Digits | Reply::ToolOutput | Reply::Resume) | Want::Line { .. } => {
                None
            }
        }
    }
}
