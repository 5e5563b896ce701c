//! Responses that are not done.

use std::time::Duration;

use serde_json::Value;

use crate::openai::behaviour::ResponseFault;
use crate::openai::settings::Format;
use crate::openai::timeline::Steps;

/// A response that is not done.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: String,
    /// When `response.created` is due. Until then the response can't be cancelled.
    pub(super) begins: Duration,
    /// False for a response outside the conversation.
    pub(super) in_conversation: bool,
    pub(super) asked: Asked,
    pub(super) messages: Vec<String>,
    pub(super) calls: Vec<(String, String)>,
    pub(super) fault: ResponseFault,
    /// Cancelled, but not done yet.
    pub(super) is_cancelled: bool,
    /// `None` until the response begins.
    pub(super) steps: Option<Steps>,
    /// Output items by index.
    pub(super) made: Vec<Made>,
    pub(super) usage: Usage,
}

/// What the client asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) audio: bool,
    pub(super) format: Format,
    pub(super) voice: Value,
    pub(super) max_output_tokens: Value,
    pub(super) metadata: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) item_id: String,
    pub(super) open: bool,
    pub(super) is_call: bool,
    pub(super) audio: bool,
    /// `response.output_audio.done` is due when the item is closed.
    pub(super) owes_audio_done: bool,
}

/// Tokens, each of text and audio.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) input: (u64, u64),
    pub(super) cached: (u64, u64),
    pub(super) output: (u64, u64),
}
