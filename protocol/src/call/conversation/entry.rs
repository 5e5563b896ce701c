//! One thing said or done in a call.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{ItemId, ResponseId, ToolCallId};

/// An entry of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the transcript, from 1. It never changes.
    pub number: u32,
    /// When it began, by the wall clock.
    pub at: Timestamp,
    /// What was said or done.
    pub body: Body,
}

/// What was said or done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The caller spoke a turn.
    Caller {
        /// OpenAI's item, from `input_audio_buffer.committed`.
        item: ItemId,
        /// The transcript.
        words: Words,
    },
    /// The caller pressed keys: `0`–`9`, `*`, `A`–`D`, without the closing `#`.
    Digits(String),
    /// The agent spoke.
    Agent {
        /// The response the item is part of.
        response: ResponseId,
        /// OpenAI's audio item.
        item: ItemId,
        /// The words that have come so far.
        text: String,
        /// Whether more words follow, and how the item ended.
        speech: AgentSpeech,
    },
    /// A recording was played before the stream opened (GREET-1, mode `play`). Holds its text.
    Recorded(String),
    /// The daemon told the model something.
    System(String),
    /// The model called a tool.
    ToolCall {
        /// OpenAI's id of the call.
        call: ToolCallId,
        /// The tool's name, as the model wrote it.
        name: String,
        /// A JSON object, as the model wrote it. May be invalid.
        arguments: String,
    },
    /// A tool returned.
    ToolOutput {
        /// The call it answers.
        call: ToolCallId,
        /// JSON for the model.
        output: String,
    },
}

/// The transcript of a caller's turn. Transcripts come late, out of order, or never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Words {
    /// The transcript has not come yet.
    Awaited,
    /// The transcript.
    Known(String),
    /// The transcription failed.
    Unknown,
}

/// How far an item of the agent's has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentSpeech {
    /// More words follow.
    Coming,
    /// All words came.
    Whole,
    /// The words broke off: the response was cancelled, or its session was lost.
    Cut,
    /// The caller interrupted. The text is cut to what was heard, in whole words.
    Interrupted {
        /// Milliseconds of audio that were played.
        heard_ms: u32,
    },
}

/// Who an entry is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person at the other end.
    Caller,
    /// The model, in turns and in scripted lines.
    Agent,
    /// The daemon, speaking to the model.
    System,
    /// A tool call or its output.
    Tool,
}

impl Role {
    /// The role as it is written in the database and the introspection, in `snake_case`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::System => "system",
            Self::Tool => "tool",
        }
    }
}

impl Entry {
    /// Derived from the body.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.body {
            Body::Caller { .. } | Body::Digits(_) => Role::Caller,
            Body::Agent { .. } | Body::Recorded(_) => Role::Agent,
            Body::System(_) => Role::System,
            Body::ToolCall { .. } | Body::ToolOutput { .. } => Role::Tool,
        }
    }

    /// The entry as one line of text. `None` while a transcript is missing.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.body {
            Body::Caller { words: Words::Known(text), .. } => Some(text.clone()),
            Body::Caller { words: Words::Awaited | Words::Unknown, .. } => None,
            Body::Digits(digits) => Some(pressed(digits)),
            Body::Agent { text, .. } => Some(text.clone()),
            Body::Recorded(text) | Body::System(text) | Body::ToolOutput { output: text, .. } => {
                Some(text.clone())
            }
            Body::ToolCall { name, arguments, .. } => Some(format!("{name} {arguments}")),
        }
    }

    /// The tool call that it is, or whose output it is.
    #[must_use]
    pub fn tool_call(&self) -> Option<&ToolCallId> {
        match &self.body {
            Body::ToolCall { call, .. } | Body::ToolOutput { call, .. } => Some(call),
            Body::Caller { .. }
            | Body::Agent { .. }
            | Body::Digits(_)
            | Body::Recorded(_)
            | Body::System(_) => None,
        }
    }

    /// OpenAI's item, for speech of the caller or the agent.
    #[must_use]
    pub fn item(&self) -> Option<&ItemId> {
        match &self.body {
            Body::Caller { item, .. } | Body::Agent { item, .. } => Some(item),
            Body::Digits(_)
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. }
            | Body::ToolOutput { .. } => None,
        }
    }
}

/// How the model is told of pressed keys.
fn pressed(digits: &str) -> String {
    format!("the caller pressed {digits}")
}
