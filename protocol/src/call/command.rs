//! What a call wants done.

use std::sync::Arc;

use jiff::Timestamp;

use super::conversation::Entry;
use super::event::FunctionCall;
use super::reason::Ending;
use super::speech::Interruption;
use crate::business::LeadStatus;
use crate::calendar::Tool;
use crate::ids::LeadId;
use crate::response_gate::{Ask, AskNumber};

/// Something to be done, by the part of the call whose work it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The Realtime session: open one, for it has waited for the stream.
    OpenSession,
    /// The Realtime session: close it, for nobody speaks with it any more (CALL-10).
    CloseSession,
    /// The Realtime session: a response is wanted.
    Ask(Ask),
    /// The Realtime session: this ask, if it still waits, is not wanted any more.
    Withdraw(AskNumber),
    /// The Realtime session: this is the call so far; live audio follows it (RES-2).
    Replay {
        /// Which session of the call it is for.
        session: u32,
        /// The call so far.
        history: Vec<Arc<Entry>>,
    },
    /// The Realtime session: this belongs into the conversation.
    Tell(Arc<Entry>),
    /// The Realtime session: the agent was cut off; what was not heard is to be forgotten.
    Interrupt(Interruption),
    /// The Realtime session: the outputs of all tools are told, and what they want was asked for.
    ToolsDone,
    /// The lead: find or make it (LEAD-1).
    EnsureLead,
    /// The lead: the model called `update_lead_details`.
    UpdateLead(FunctionCall),
    /// The calendar: the model called one of its tools (CAL-1).
    UseCalendar {
        /// Which.
        tool: Tool,
        /// The call of the tool.
        call: FunctionCall,
        /// The call's lead; always there where something is booked or cancelled.
        lead: Option<LeadId>,
    },
    /// The lead: how far it has come, as `call_control` says.
    SetLeadStatus(LeadStatus),
    /// The journal: this is to be written down.
    Record(Record),
    /// Twilio: end the call. Sent once (CALL-6).
    HangUp,
    /// Twilio: play the apology and end the call, by TwiML.
    Apologise,
    /// Twilio: put the caller through to a person (CALL-10).
    Transfer,
    /// The call's supervisor: everything is done; stop what is left.
    Finish,
}

/// What the journal keeps of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// The call began.
    Started,
    /// The line is open: it was answered by then. Twilio reports it of placed calls alone.
    Answered(Timestamp),
    /// The call's lead is known.
    Lead(LeadId),
    /// A turn, new or changed.
    Turn(Arc<Entry>),
    /// The call is over.
    Ended(Ending),
}
