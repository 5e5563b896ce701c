//! The messages between the actors: the events and orders that wait in their inboxes.
//!
//! A leaf: it names no actor. How an actor handles its messages is in the actor's own file.

mod calendar;
mod journal;

use std::sync::{Arc, Mutex};

use protocol::business::LeadStatus;
use protocol::call::{Entry, FunctionCall, Interruption, Renewal, SessionFault, StreamEnd};
use protocol::ids::{ItemId, ResponseId, StreamSid};
use protocol::openai::server_event::ServerEvent;
use protocol::response_gate::{Ask, AskNumber, GateState};
use protocol::twilio::forms::CallStatus;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::link::Link;

pub(crate) use calendar::ReplyTo;
pub use calendar::{Answer, CalendarRequest, ToolUse};
pub use journal::JournalEntry;
pub(crate) use journal::{EntryKind, PersonOfCall, SnapshotOfCall};

/// To RealtimeActor.
#[derive(Debug)]
pub(crate) enum RealtimeEvent {
    Order(RealtimeOrder),
    /// OpenAI sent an event that is not audio.
    Received {
        /// Counts the call's sessions, from 1.
        session: u32,
        event: ServerEvent,
    },
    /// OpenAI sent the first audio of an item.
    AudioBegan {
        session: u32,
        response: ResponseId,
        item: ItemId,
    },
    /// A session has ended by itself. One that the actor let go of reports nothing.
    Ended {
        session: u32,
        fault: SessionFault,
    },
}

/// From CallActor to RealtimeActor.
#[derive(Debug, Clone)]
pub(crate) enum RealtimeOrder {
    /// Open the session. It was held back until now.
    Open,
    /// Close the session, and open none before [`Open`](Self::Open).
    Close,
    Ask(Ask),
    /// Replace this session by a new one.
    Renew {
        session: u32,
        why: Renewal,
    },
    /// Drop this ask if no response carries it yet.
    Withdraw(AskNumber),
    /// Add this entry to OpenAI's conversation.
    Tell(Arc<Entry>),
    /// The session's history has this entry with words that were not heard: replace it.
    Correct(Arc<Entry>),
    /// The caller interrupted: remove from OpenAI's conversation what was not heard.
    Interrupt(Interruption),
    /// All tools have returned: responses may be requested again.
    ToolsDone,
    /// Send a new session the call so far, and then the caller's live audio.
    Replay {
        session: u32,
        history: Vec<Arc<Entry>>,
    },
}

/// The session as introspection shows it (PIPE-7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealtimeView {
    /// `down`, `opening`, `configuring`, `configured` or `live`.
    pub session: String,
    /// Sessions opened so far in this call.
    pub sessions: u32,
    pub gate: GateState,
    /// Events from OpenAI of an unknown type.
    pub unknown_events: u64,
}

/// To TwilioIoActor.
#[derive(Debug)]
pub(crate) enum TwilioEvent {
    /// A media stream has opened. It replaces an older one.
    Opened {
        stream: StreamSid,
        /// To its socket. Each message is one JSON text.
        outgoing: mpsc::Sender<String>,
    },
    /// Twilio returned a mark.
    Mark { stream: StreamSid, name: String },
    /// CallActor wants to know when the caller is quiet.
    AwaitQuiet,
    /// The caller pressed a key.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// A media stream has ended.
    Closed { stream: StreamSid, how: StreamEnd },
}

/// To LeadActor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LeadOrder {
    /// Find the call's lead, or create it.
    Ensure,
    /// The model called `update_lead_details`.
    Update(FunctionCall),
    /// The model reported the lead's status.
    SetStatus(LeadStatus),
}

/// To CallSupervisor.
#[derive(Debug)]
pub enum SupervisorEvent {
    Order(SupervisorOrder),
    /// A media socket was accepted for this call.
    Attach {
        /// The number of the media handshake, from 1. The newest stream gets the call (CALL-9).
        handshake: u64,
        stream: StreamSid,
        /// The socket. CallSupervisor takes it out.
        link: Mutex<Option<Link>>,
    },
    /// Twilio reported the call's status.
    Status {
        status: CallStatus,
        /// The call's length in seconds. Comes with a terminal status.
        duration_secs: Option<u32>,
    },
    /// Twilio could not play the recording of the greeting (CALL-12).
    RecordingFailed,
    OperatorHangUp,
    /// Twilio reports how a transfer to a person ended.
    TransferEnded {
        /// Whether the person answered.
        answered: bool,
    },
    /// Another node has taken the call over. It is let go without a word to anybody.
    LetGo,
    /// The database can't be reached, so another node may take the call over once its stream has ended.
    CutOff,
    Shutdown,
}

/// From CallActor to CallSupervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorOrder {
    /// Hang up by Twilio's REST API.
    HangUp,
    /// Redirect the call to TwiML that apologises and hangs up.
    Apologise,
    /// Redirect the call to TwiML that rings a person.
    Transfer,
    /// Close the media stream, so that Twilio asks a webhook what follows.
    CloseStream,
    /// Stop all actors of the call.
    Finish,
}
