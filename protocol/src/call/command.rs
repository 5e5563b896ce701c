//! What a call wants done.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::conversation::Entry;
use super::event::FunctionCall;
use super::reason::Ending;
use super::renewal::Renewal;
use super::speech::Interruption;
use crate::business::LeadStatus;
use crate::calendar::CalendarTool;
use crate::ids::LeadId;
use crate::response_gate::{Ask, AskNumber};

/// Something to be done. Each command says first who performs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// RealtimeActor: open a session. It has waited for the stream.
    OpenSession,
    /// RealtimeActor: close the session, because the call was transferred (CALL-10).
    CloseSession,
    /// RealtimeActor: ask for a response.
    Ask(Ask),
    /// RealtimeActor: replace this session by a new one.
    RenewSession {
        /// The session to replace, if it is still the current one: numbered as in
        /// [`Event::SessionConfigured`](super::Event::SessionConfigured).
        session: u32,
        /// The reason decides whether it must be done.
        why: Renewal,
    },
    /// RealtimeActor: drop this ask if no response carries it yet.
    Withdraw(AskNumber),
    /// RealtimeActor: tell a new session the call so far. Live audio follows (RES-2).
    Replay {
        /// The session it is for: [`Event::SessionConfigured`](super::Event::SessionConfigured).
        session: u32,
        /// The whole transcript, in order.
        history: Vec<Arc<Entry>>,
    },
    /// RealtimeActor: add this to the conversation at OpenAI.
    Tell(Arc<Entry>),
    /// RealtimeActor: the session was told this entry in its replay, with words of the agent's that
    /// were not heard. Tell it anew.
    Correct(Arc<Entry>),
    /// RealtimeActor: remove from the conversation at OpenAI what was not heard.
    Interrupt(Interruption),
    /// TwilioIoActor: report when the caller is quiet (PIPE-11).
    AwaitQuiet,
    /// RealtimeActor: all tools have returned, and an answer was asked for if one is to follow.
    ToolsDone,
    /// LeadActor: find the person's lead, or make one (LEAD-1).
    EnsureLead,
    /// LeadActor: write what the model gave to `update_lead_details`.
    UpdateLead(FunctionCall),
    /// CalendarActor: do what the model called a calendar tool for (CAL-1).
    UseCalendar {
        /// Decides which arguments `call` must have.
        tool: CalendarTool,
        /// The model's call of it.
        call: FunctionCall,
        /// The call's lead. Required to book, move or cancel.
        lead: Option<LeadId>,
        /// The starts of the slots that were offered in this call (CAL-7).
        offered: Arc<[Timestamp]>,
    },
    /// LeadActor: set the status that the model's claim implies.
    SetLeadStatus(LeadStatus),
    /// JournalActor: write this to the database.
    Record(Record),
    /// CallSupervisor: end the call by Twilio's REST API. Sent once (CALL-6).
    HangUp,
    /// CallSupervisor: redirect the call to TwiML that apologises and hangs up.
    Apologise,
    /// CallSupervisor: redirect the call to TwiML that rings the person (CALL-10).
    Transfer,
    /// CallSupervisor: close the media stream. Then Twilio asks a webhook what follows.
    CloseStream,
    /// CallSupervisor: the call is over; stop its actors.
    Finish,
}

impl Command {
    /// The command's name, for the trace.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenSession => "OpenSession",
            Self::CloseSession => "CloseSession",
            Self::Ask(_) => "Ask",
            Self::RenewSession { .. } => "RenewSession",
            Self::Withdraw(_) => "Withdraw",
            Self::Replay { .. } => "Replay",
            Self::Tell(_) => "Tell",
            Self::Correct(_) => "Correct",
            Self::Interrupt(_) => "Interrupt",
            Self::AwaitQuiet => "AwaitQuiet",
            Self::ToolsDone => "ToolsDone",
            Self::EnsureLead => "EnsureLead",
            Self::UpdateLead(_) => "UpdateLead",
            Self::UseCalendar { .. } => "UseCalendar",
            Self::SetLeadStatus(_) => "SetLeadStatus",
            Self::Record(_) => "Record",
            Self::HangUp => "HangUp",
            Self::Apologise => "Apologise",
            Self::Transfer => "Transfer",
            Self::CloseStream => "CloseStream",
            Self::Finish => "Finish",
        }
    }
}

/// What the journal writes of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// The call's row, from its `CallSetup`. Comes before all others.
    Started,
    /// When the stream first opened. The call was answered by then; Twilio reports that of placed
    /// calls only.
    Answered(Timestamp),
    /// The row refers to this lead from now on.
    Lead(LeadId),
    /// An entry of the transcript, new or changed.
    Turn(Arc<Entry>),
    /// The call is over, or its terminal status came late.
    Ended(Ending),
}
