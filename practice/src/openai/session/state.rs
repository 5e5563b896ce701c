//! The state of a session, and what goes in and out of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use serde_json::Value;

use super::running::Running;
use super::transcripts::Transcripts;
use crate::openai::behaviour::{Behaviour, ConnectRefusal, LinkFault, ResponseFault};
use crate::openai::brain::Brain;
use crate::openai::conversation::Conversation;
use crate::openai::input_buffer::InputBuffer;
use crate::openai::record::Log;
use crate::openai::settings::Settings;
use crate::openai::wire::Ids;
use crate::speech::Voice;

/// What the session wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    Text(String),
    Ping,
    /// Code and reason.
    Close(u16, String),
    /// The link fails. Outputs after it wait for the end of a stall.
    Lose(LinkFault),
    /// Prepare the words in the voice before sending more.
    Prepare {
        words: String,
        language: &'static str,
    },
}

/// The inputs of a new session.
pub(crate) struct Setup {
    pub(crate) number: u64,
    /// The session's ids and other random numbers are drawn from it.
    pub(crate) seed: u64,
    pub(crate) behaviour: Behaviour,
    pub(crate) brain: Brain,
    pub(crate) voice: Voice,
    pub(crate) log: Log,
    /// The valid key. `None` accepts any key.
    pub(crate) key: Option<String>,
    /// Refuses the session after the upgrade.
    pub(crate) refusal: Option<ConnectRefusal>,
    /// Responses asked for in all sessions of the server.
    pub(crate) responses_asked: Arc<AtomicUsize>,
}

/// One session of the server: texts in, texts out, no socket.
///
/// Time is passed in, as the time since the server started. The session answers an event at once. The
/// answer is sent one round trip later, so answers and requests can cross as on a real wire.
pub(crate) struct RealtimeSession {
    pub(super) number: u64,
    pub(super) behaviour: Behaviour,
    pub(super) brain: Brain,
    pub(super) voice: Voice,
    pub(super) log: Log,
    pub(super) ids: Ids,
    pub(super) settings: Settings,
    pub(super) phase: Phase,
    pub(super) conversation: Conversation,
    /// Items of responses outside the conversation.
    pub(super) beside: Conversation,
    pub(super) input: InputBuffer,
    /// The id of the user item for the speech that is arriving.
    pub(super) speaking_item: Option<String>,
    pub(super) transcripts: Transcripts,
    pub(super) running: Vec<Running>,
    pub(super) faults: VecDeque<ResponseFault>,
    pub(super) responses_asked: Arc<AtomicUsize>,
    /// Delayed replies to updates, each with its time.
    pub(super) updates: VecDeque<(Duration, Value)>,
    pub(super) outputs: VecDeque<(Duration, Output)>,
    /// When the last text is due. Texts keep their order.
    pub(super) last_due: Duration,
    pub(super) next_ping: Duration,
    pub(super) ends_at: Duration,
    /// When the link fails, and how.
    pub(super) link_fails: Option<(Duration, LinkFault)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// On the API's defaults. Audio in another format would be misread.
    Unconfigured,
    /// A `session.update` was accepted.
    Configured,
    /// A close frame is due. Events are ignored.
    Over,
}
