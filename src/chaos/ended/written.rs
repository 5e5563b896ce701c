//! What a run left behind of written conversations.

use entities::conversations::ConversationRecord;
use entities::messages::MessageRecord;
use practice::openai::TextRecord;
use practice::twilio::SentMessage;

use crate::chaos::story::Writer;

#[derive(Debug, Clone, Default)]
pub(in crate::chaos) struct Written {
    /// In the order of the story.
    pub(in crate::chaos) writers: Vec<EndedWriter>,
    /// What the text model saw.
    pub(in crate::chaos) model: TextRecord,
    /// Conversations in which something is still owed.
    pub(in crate::chaos) due: usize,
}

/// A person who wrote, and what came of it.
#[derive(Debug, Clone)]
pub(in crate::chaos) struct EndedWriter {
    pub(in crate::chaos) writer: Writer,
    /// The SIDs of the messages that the daemon said it has.
    pub(in crate::chaos) taken: Vec<String>,
    /// What Twilio was given for them, oldest first.
    pub(in crate::chaos) sent: Vec<SentMessage>,
    /// The rows of both sides, oldest first.
    pub(in crate::chaos) rows: Vec<MessageRecord>,
    /// `None` if nothing of theirs came in.
    pub(in crate::chaos) conversation: Option<ConversationRecord>,
}

/// A webhook that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Delivered {
    /// The place of the writer in the story.
    pub(in crate::chaos) writer: usize,
    /// The message's.
    pub(in crate::chaos) sid: String,
}
