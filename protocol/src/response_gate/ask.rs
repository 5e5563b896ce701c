//! What can be asked of the gate, and how urgent it is.

use serde::{Deserialize, Serialize};

use crate::ids::ItemId;

/// Numbers the asks of one call, from 1. A repeated ask has the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskNumber(pub u64);

/// A wish for a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Tells a repeated ask from a new one.
    pub number: AskNumber,
    /// What the response is to do.
    pub want: Want,
    /// Whether it was asked for before, and what came of it.
    pub manner: Manner,
}

/// How a response is asked for. The default asks for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// How often it was asked for before. Tells asking again from a repeated ask.
    pub attempt: u16,
    /// A response to it had nothing that can be heard: the model is told to speak.
    pub must_speak: bool,
    /// A response to it spent all its tokens before the first word: the next has no limit.
    pub unlimited: bool,
}

/// What a response is to do (PIPE-4 lists all reasons).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// Answer the conversation as it stands.
    Answer(Reply),
    /// Speak a scripted line. It is no answer to the conversation.
    Line {
        /// Decides the urgency.
        line: ScriptedLine,
        /// In the business's language.
        text: String,
        /// Whether the text may be translated.
        wording: Wording,
    },
}

/// What there is to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// A turn of the caller; the item of its `input_audio_buffer.committed`.
    Turn(ItemId),
    /// Keys the caller pressed (CALL-8).
    Digits,
    /// The outputs of a response's tool calls.
    ToolOutput,
    /// An answer that broke off when its session was lost (RES-2).
    Resume,
}

/// A line whose text the business has set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptedLine {
    /// The first words of the call.
    Greeting,
    /// The last words of the call.
    Closing,
    /// The answer to "no thanks", in place of the model's own.
    Decline,
    /// That a question can't be answered: the content filter has stopped the answer.
    NoAnswer,
    /// "Are you still there?"
    SilenceCheck,
}

/// How closely a scripted line keeps to its text (END-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// Word for word.
    Exact,
    /// By its meaning, in the caller's language. Holds its English name.
    InLanguage(String),
}

/// The order in which the gate asks for what waits, most urgent first. One response carries all
/// waiting answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    Greeting,
    Closing,
    Decline,
    NoAnswer,
    Answer,
    SilenceCheck,
}

impl Manner {
    /// One response is to carry both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            attempt: self.attempt.max(other.attempt),
            must_speak: self.must_speak || other.must_speak,
            unlimited: self.unlimited || other.unlimited,
        }
    }
}

impl Ask {
    pub(super) fn urgency(&self) -> Urgency {
        match &self.want {
            Want::Answer(_) => Urgency::Answer,
            Want::Line { line: ScriptedLine::Greeting, .. } => Urgency::Greeting,
            Want::Line { line: ScriptedLine::Closing, .. } => Urgency::Closing,
            Want::Line { line: ScriptedLine::Decline, .. } => Urgency::Decline,
            Want::Line { line: ScriptedLine::NoAnswer, .. } => Urgency::NoAnswer,
            Want::Line { line: ScriptedLine::SilenceCheck, .. } => Urgency::SilenceCheck,
        }
    }

    /// A resume is dropped while a response is under way, because that response does what it wants.
    pub(super) fn is_resume(&self) -> bool {
        matches!(self.want, Want::Answer(Reply::Resume))
    }

    /// After a barge-in answers are held back until the caller has said something.
    pub(super) fn ends_hold(&self) -> bool {
        match &self.want {
            Want::Answer(Reply::Turn(_) | Reply::Digits)
            | Want::Line { line: ScriptedLine::Decline, .. } => true,
            Want::Answer(Reply::ToolOutput | Reply::Resume) | Want::Line { .. } => false,
        }
    }

    /// The line to speak, and how closely.
    pub(super) fn line(&self) -> Option<(String, Wording)> {
        match &self.want {
            Want::Line { text, wording, .. } => Some((text.clone(), wording.clone())),
            Want::Answer(_) => None,
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
