//! Requests to CalendarActor, and their answers.

use std::sync::Arc;

use entities::calls::CallLease;
use protocol::business::BusinessSettings;
use protocol::calendar::{CalendarOutcome, CalendarTool, Writer};
use protocol::call::{Event, FunctionCall, ToolOutcome};
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use supervision::Inbox;
use tokio::sync::mpsc;

use crate::test_records::TestRecords;

/// One use of a calendar tool. The business comes from the caller of the tool, never from its
/// arguments (LEAD-3).
#[derive(Debug, Clone)]
pub struct ToolUse {
    pub business: BusinessId,
    pub settings: Arc<BusinessSettings>,
    /// The call in which it is used. `None` for the API.
    pub call_sid: Option<CallSid>,
    /// The lead. Required to book, move or cancel.
    pub lead: Option<LeadId>,
    /// The number of a lead that is made with the booking, if nobody has made it before.
    pub newcomer: Option<PhoneNumber>,
    pub tool: CalendarTool,
    /// Who has written the arguments. Decides how a start's offset is read (CAL-7).
    pub writer: Writer,
    /// The tool call. Its id is the idempotency key of a booking (CAL-4).
    pub call: FunctionCall,
    /// Whose the call is. Nothing is booked, moved or cancelled for a node that has lost it. `None` if there is
    /// one daemon only, and for the API.
    pub lease: Option<CallLease>,
    /// Of a test call: its bookings are kept here, and nothing is written.
    pub test: Option<Arc<TestRecords>>,
}

/// The result of one use of a calendar tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For the API.
    pub outcome: CalendarOutcome,
    /// For the model.
    pub reply: ToolOutcome,
}

#[derive(Debug, Clone)]
pub struct CalendarRequest {
    pub(crate) tool_use: Arc<ToolUse>,
    pub(crate) reply_to: ReplyTo,
    /// How often work on it began. A second crash of the actor answers it as failed.
    pub(crate) attempts: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum ReplyTo {
    Call(Inbox<Event>),
    Channel(mpsc::Sender<Answer>),
}

impl CalendarRequest {
    /// A request whose answer is sent to a call, as [`Event::ToolFinished`].
    #[must_use]
    pub fn from_call(tool_use: ToolUse, call: Inbox<Event>) -> Self {
        Self { tool_use: Arc::new(tool_use), reply_to: ReplyTo::Call(call), attempts: 0 }
    }

    /// A request whose answer is sent to a channel.
    pub(crate) fn from_channel(tool_use: ToolUse, answer: mpsc::Sender<Answer>) -> Self {
        Self { tool_use: Arc::new(tool_use), reply_to: ReplyTo::Channel(answer), attempts: 0 }
    }
}
