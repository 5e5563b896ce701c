//! What was said and done in a call, in order: the transcript that is kept, and the history a new
//! session is given.

use std::sync::Arc;

use jiff::Timestamp;

use crate::ids::{ItemId, ResponseId, ToolCallId};

/// The log of one call. Entries are numbered from 1 and keep their place; their text may come late.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    entries: Vec<Arc<Entry>>,
}

/// One thing said or done.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place, from 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// What it is.
    pub body: Body,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A turn the caller spoke.
    Caller {
        /// The item OpenAI committed it as.
        item: ItemId,
        /// Its words.
        words: Words,
    },
    /// Digits the caller pressed.
    Digits(String),
    /// What the agent said.
    Agent {
        /// The response it is part of.
        response: ResponseId,
        /// The audio item.
        item: ItemId,
        /// Its words as far as they came.
        text: String,
        /// How much of it stands.
        speech: AgentSpeech,
    },
    /// A recording the caller heard before the stream opened (GREET-1, mode `play`).
    Recorded(String),
    /// Something the model was told.
    System(String),
    /// A tool the model called.
    ToolCall {
        /// Its id.
        call: ToolCallId,
        /// The tool.
        name: String,
        /// JSON as the model wrote it.
        arguments: String,
    },
    /// What the tool answered.
    ToolOutput {
        /// The call it answers.
        call: ToolCallId,
        /// JSON for the model.
        output: String,
    },
}

/// The words of a turn. They come late, out of order, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// Not yet transcribed.
    Awaited,
    /// What was said.
    Known(String),
    /// They could not be had.
    Unknown,
}

/// How much of the agent's words stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentSpeech {
    /// They are still coming.
    Coming,
    /// All of them came.
    Whole,
    /// They broke off.
    Cut,
}

/// Who an entry is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person at the other end.
    Caller,
    /// The agent.
    Agent,
    /// The daemon, to the model.
    System,
    /// A tool, called or answering.
    Tool,
}

impl Role {
    /// As it stands in the database and the introspection.
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
    /// Who it is by.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.body {
            Body::Caller { .. } | Body::Digits(_) => Role::Caller,
            Body::Agent { .. } | Body::Recorded(_) => Role::Agent,
            Body::System(_) => Role::System,
            Body::ToolCall { .. } | Body::ToolOutput { .. } => Role::Tool,
        }
    }

    /// Its text, if it has one (yet).
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

    /// The item it is at OpenAI, if it is one that has audio.
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

/// How digits are told to the model.
pub(crate) fn pressed(digits: &str) -> String {
    format!("the caller pressed {digits}")
}

impl Conversation {
    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    pub(super) fn push(&mut self, body: Body, at: Timestamp) -> Arc<Entry> {
        let number = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        let entry = Arc::new(Entry { number, at, body });
        self.entries.push(Arc::clone(&entry));
        entry
    }

    /// The words of a turn of the caller.
    pub(super) fn words_of(&self, turn: &ItemId) -> Option<&Words> {
        self.entries.iter().rev().find_map(|entry| {
            let Body::Caller { item, words } = &entry.body else { return None };
            (item == turn).then_some(words)
        })
    }

    /// What the agent said in a response.
    pub(super) fn said_in(&self, of: &ResponseId) -> String {
        let said = self.entries.iter().filter_map(|entry| {
            let Body::Agent { response, text, .. } = &entry.body else { return None };
            (response == of).then_some(text.as_str())
        });
        said.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn has_item(&self, item: &ItemId) -> bool {
        self.entries.iter().any(|entry| entry.item() == Some(item))
    }

    /// Sets the words of the caller's turn; returns the entry if anything changed.
    pub(super) fn set_words(&mut self, turn: &ItemId, spoken: Words) -> Option<Arc<Entry>> {
        self.change(turn, |body| {
            let Body::Caller { words, .. } = body else { return false };
            let new = *words != spoken;
            *words = spoken;
            new
        })
    }

    pub(super) fn append_agent(&mut self, item: &ItemId, delta: &str) {
        self.change(item, |body| {
            let Body::Agent { text, speech: AgentSpeech::Coming, .. } = body else { return false };
            text.push_str(delta);
            true
        });
    }

    /// Closes what the agent said: with all its words, or (`None`) with those that came.
    pub(super) fn close_agent(&mut self, item: &ItemId, all: Option<String>) -> Option<Arc<Entry>> {
        self.change(item, |body| {
            let Body::Agent { text, speech, .. } = body else { return false };
            if *speech != AgentSpeech::Coming {
                return false;
            }
            *speech = if all.is_some() { AgentSpeech::Whole } else { AgentSpeech::Cut };
            if let Some(all) = all {
                *text = all;
            }
            true
        })
    }

    fn change(
        &mut self,
        item: &ItemId,
        change: impl FnOnce(&mut Body) -> bool,
    ) -> Option<Arc<Entry>> {
        let entry = self.entries.iter_mut().rev().find(|entry| entry.item() == Some(item))?;
        change(&mut Arc::make_mut(entry).body).then(|| Arc::clone(entry))
    }
}
