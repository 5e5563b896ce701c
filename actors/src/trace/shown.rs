//! How the messages between the actors are shown in a trace.

use std::fmt;

use protocol::call::Event;

use crate::messages::{
    CalendarRequest, JournalEntry, LeadOrder, RealtimeEvent, SupervisorEvent, TwilioEvent,
};

/// Shows a message without what differs between two runs of one seed.
pub(crate) trait Show {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Show for Event {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without `plays_until`: a trace shows what happens, not what is expected.
        let Self::ItemQueued { item, plays_until: _ } = self else { return write!(f, "{self:?}") };
        write!(f, "ItemQueued {{ item: {item} }}")
    }
}

impl Show for TwilioEvent {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A channel's debug text has addresses.
            Self::Opened { stream, outgoing: _ } => write!(f, "Opened {{ stream: {stream} }}"),
            Self::Mark { .. } | Self::AwaitQuiet | Self::Digit { .. } | Self::Closed { .. } => {
                write!(f, "{self:?}")
            }
        }
    }
}

impl Show for CalendarRequest {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool_use = &self.tool_use;
        f.debug_struct("CalendarRequest")
            .field("business", &tool_use.business)
            .field("call_sid", &tool_use.call_sid)
            .field("lead", &tool_use.lead)
            .field("tool", &tool_use.tool)
            .field("call", &tool_use.call)
            .field("attempts", &self.attempts)
            .finish()
    }
}

macro_rules! show_by_debug {
    ($($message:ty),+) => {
        $(impl Show for $message {
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:?}")
            }
        })+
    };
}

show_by_debug!(RealtimeEvent, LeadOrder, JournalEntry, SupervisorEvent);
