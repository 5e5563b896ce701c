//! What the parts of the daemon say to each other: the events and orders that wait in their inboxes.
//!
//! A leaf: it knows no actor. What each actor does about its messages is in the actor's own file.

mod calendar;
mod journal;

use std::sync::{Arc, Mutex};

use protocol::business::LeadStatus;
use protocol::call::{Entry, FunctionCall, Interruption, SessionFault, StreamEnd};
use protocol::ids::{ItemId, ResponseId, StreamSid};
use protocol::openai::server_event::ServerEvent;
use protocol::response_gate::{Ask, AskNumber, GateState};
use protocol::twilio::forms::CallStatus;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::link::Link;

pub(crate) use calendar::AnswerTo;
pub use calendar::{Answer, CalendarRequest, ToolUse};
pub use journal::JournalEntry;
pub(crate) use journal::What;

/// To RealtimeActor.
#[derive(Debug)]
pub enum RealtimeEvent {
    /// The call wants something.
    Order(RealtimeOrder),
    /// A session's socket brought an event that is not audio.
    Received {
        /// Which session of the call, from 1.
        session: u32,
        /// The event.
        event: ServerEvent,
    },
    /// A session's socket brought the first audio of an item.
    AudioBegan {
        /// Which session of the call, from 1.
        session: u32,
        /// The response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
    /// A session's task has ended.
    Ended {
        /// Which session of the call, from 1.
        session: u32,
        /// Whether another try can help.
        fault: SessionFault,
    },
}

/// From CallActor to RealtimeActor.
#[derive(Debug, Clone)]
pub enum RealtimeOrder {
    /// Open a session that was held back until now.
    Open,
    /// Close the session and open none until told to.
    Close,
    /// Ask for a response.
    Ask(Ask),
    /// Forget this ask.
    Withdraw(AskNumber),
    /// Add this entry to the conversation.
    Tell(Arc<Entry>),
    /// The agent was cut off: remove what the caller did not hear.
    Interrupt(Interruption),
    /// All tools have answered: answers may be asked for again.
    ToolsDone,
    /// Tell a new session the call so far, then let the caller's audio go up.
    Replay {
        /// Which session it is for.
        session: u32,
        /// The call so far.
        history: Vec<Arc<Entry>>,
    },
}

/// The session as the introspection shows it (PIPE-7).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealtimeView {
    /// `down`, `opening`, `configuring`, `configured`, `live`.
    pub session: String,
    /// How many sessions the call has had.
    pub sessions: u32,
    /// The state of the response gate.
    pub gate: GateState,
    /// Events of OpenAI that the daemon does not know.
    pub unknown_events: u64,
}

/// To TwilioIoActor.
#[derive(Debug)]
pub enum TwilioEvent {
    /// A media stream has opened; the newest has the call.
    Opened {
        /// The stream.
        stream: StreamSid,
        /// Messages to its socket, each a whole JSON text.
        outgoing: mpsc::Sender<String>,
    },
    /// Twilio echoed a mark.
    Mark {
        /// On which stream.
        stream: StreamSid,
        /// The mark's name.
        name: String,
    },
    /// The caller pressed a key.
    Digit {
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// A media stream has ended.
    Closed {
        /// Which.
        stream: StreamSid,
        /// How.
        how: StreamEnd,
    },
}

/// To LeadActor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadOrder {
    /// Find the call's lead, or make it.
    Ensure,
    /// The model called `update_lead_details`.
    Update(FunctionCall),
    /// The model said how far the lead has come.
    SetStatus(LeadStatus),
}

/// To CallSupervisor.
#[derive(Debug)]
pub enum SupervisorEvent {
    /// CallActor wants something done.
    Order(SupervisorOrder),
    /// A media socket was accepted for this call.
    Attach {
        /// Which media handshake of the daemon's it was, from 1: the newest has the call (CALL-9).
        handshake: u64,
        /// The stream.
        stream: StreamSid,
        /// Its socket; taken once.
        link: Mutex<Option<Link>>,
    },
    /// Twilio reported the call's status.
    Status {
        /// The status.
        status: CallStatus,
        /// The call's length in seconds, with a terminal status.
        duration_secs: Option<u32>,
    },
    /// An operator ends the call.
    OperatorHangUp,
    /// Twilio says how a transfer to a person has ended.
    TransferEnded {
        /// Whether the person answered.
        answered: bool,
    },
    /// The daemon stops.
    Shutdown,
}

/// From CallActor to CallSupervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupervisorOrder {
    /// End the call at Twilio.
    HangUp,
    /// Have Twilio apologise and end the call.
    Apologise,
    /// Have Twilio put the caller through to a person.
    Transfer,
    /// Take everything down.
    Finish,
}
