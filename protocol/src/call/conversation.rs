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
    /// The caller talked over them: the words are those that were heard.
    Interrupted {
        /// Milliseconds that were played.
        heard_ms: u32,
    },
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

    /// Cuts what the agent said to what was heard of it: `heard_ms` of the `came_ms` whose words
    /// are known. It stays so, whatever words still come. Returns the entry if some of it was heard,
    /// though it may be less than a word, or if what was written down is to be taken back.
    pub(super) fn interrupt_agent(
        &mut self,
        item: &ItemId,
        heard_ms: u32,
        came_ms: u32,
    ) -> Option<Arc<Entry>> {
        self.change(item, |body| {
            let Body::Agent { text, speech, .. } = body else { return false };
            if matches!(speech, AgentSpeech::Interrupted { .. }) {
                return false;
            }
            let written_down = *speech != AgentSpeech::Coming;
            text.truncate(heard_bytes(text, heard_ms, came_ms));
            *speech = AgentSpeech::Interrupted { heard_ms };
            written_down || heard_ms > 0
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

/// How many bytes of `text` were heard, if its letters are spread evenly over `came_ms` of speech:
/// whole words only, for a word that was cut off was not said.
fn heard_bytes(text: &str, heard_ms: u32, came_ms: u32) -> usize {
    if heard_ms >= came_ms {
        return if heard_ms == 0 { 0 } else { text.len() };
    }
    let letters = |text: &str| u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let heard = letters(text).saturating_mul(heard_ms.into()) / u64::from(came_ms);
    let (mut said, mut passed, mut at) = (0, 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let spoken = word.trim_end();
        if passed + letters(spoken) > heard {
            break;
        }
        if !spoken.is_empty() {
            said = at + spoken.len();
        }
        passed += letters(word);
        at += word.len();
    }
    said
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heard(text: &str, heard_ms: u32, came_ms: u32) -> &str {
        &text[..heard_bytes(text, heard_ms, came_ms)]
    }

    #[test]
    fn barge_6_the_words_heard_are_the_share_of_the_speech_that_was_played_in_whole_words() {
        let text = "one two three four";
        assert_eq!(heard(text, 0, 1_800), "");
        assert_eq!(heard(text, 299, 1_800), "", "a word cut off was not said");
        assert_eq!(heard(text, 300, 1_800), "one");
        assert_eq!(heard(text, 1_200, 1_800), "one two");
        assert_eq!(heard(text, 1_300, 1_800), "one two three");
        assert_eq!(heard(text, 1_800, 1_800), text);
        assert_eq!(heard(text, 0, 0), "", "nothing came, nothing was said");
        assert_eq!(heard("שלום, מדברים מנעולי תל אביב", 1_000, 2_000), "שלום, מדברים");
    }

    proptest! {
        #[test]
        fn barge_6_what_was_heard_is_a_beginning_of_the_text_and_grows_with_the_time(
            text in "[a-zא-ת \n,.]{0,60}",
            came in 0_u32..10_000,
            one in 0_u32..10_000,
            more in 0_u32..10_000,
        ) {
            let (first, second) = (heard(&text, one, came), heard(&text, one + more, came));
            prop_assert!(text.starts_with(first) && second.starts_with(first));
        }
    }
}
