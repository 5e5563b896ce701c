//! A request to the calendar, and who hears the answer.

use std::sync::Arc;

use protocol::business::BusinessSettings;
use protocol::calendar::{CalendarOutcome, CalendarTool};
use protocol::call::{Event, FunctionCall, ToolOutcome};
use protocol::ids::{BusinessId, CallSid, LeadId};
use supervision::Inbox;
use tokio::sync::mpsc;

/// One use of a calendar tool. The business comes from whoever uses the tool, never from the tool's
/// arguments (LEAD-3).
#[derive(Debug, Clone)]
pub struct ToolUse {
    /// The tenant.
    pub business: BusinessId,
    /// The tenant's settings, its calendar's rules among them.
    pub settings: Arc<BusinessSettings>,
    /// The call in which it is used, if any.
    pub call_sid: Option<CallSid>,
    /// The lead. Required to book or cancel.
    pub lead: Option<LeadId>,
    /// Which tool.
    pub tool: CalendarTool,
    /// The tool call. Its id is the idempotency key of a booking (CAL-4).
    pub call: FunctionCall,
}

/// The result of one use of a calendar tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For a program.
    pub done: CalendarOutcome,
    /// For a model.
    pub told: ToolOutcome,
}

/// What the calendar is asked, and who hears the answer.
#[derive(Debug, Clone)]
pub struct CalendarRequest {
    pub(crate) used: Arc<ToolUse>,
    pub(crate) to: AnswerTo,
    /// How often work on it has begun.
    pub(crate) attempts: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum AnswerTo {
    /// A call, as [`Event::ToolFinished`].
    Call(Inbox<Event>),
    /// The receiver of this channel.
    Asker(mpsc::Sender<Answer>),
}

impl CalendarRequest {
    /// A call's request. The call is told by [`Event::ToolFinished`].
    #[must_use]
    pub fn of_call(used: ToolUse, call: Inbox<Event>) -> Self {
        Self { used: Arc::new(used), to: AnswerTo::Call(call), attempts: 0 }
    }

    pub(crate) fn asked_by(used: ToolUse, asker: mpsc::Sender<Answer>) -> Self {
        Self { used: Arc::new(used), to: AnswerTo::Asker(asker), attempts: 0 }
    }
}
