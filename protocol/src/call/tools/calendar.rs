//! The calendar's tools in a call. They are offered if the business has appointment hours, and sent
//! as soon as the call's lead is known. An answer always follows: the caller waits for it (CAL-1).

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Handled;
use crate::calendar::{CalendarError, CalendarTool, error_reply};
use crate::call::Call;
use crate::call::command::Command;
use crate::call::event::{FunctionCall, ToolOutcome};
use crate::ids::ToolCallId;

/// A call of a calendar tool that has not returned.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CalendarUse {
    pub(super) tool: CalendarTool,
    pub(super) call: FunctionCall,
    /// Whether it was handed to the calendar.
    sent: bool,
}

impl CalendarUse {
    /// It is to be handed over again.
    pub(super) fn take_back(&mut self) {
        self.sent = false;
    }
}

/// The starts that were offered to the caller in this call, the newest last (CAL-7). At most
/// [`MOST_OFFERED`]: the oldest are forgotten.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Offered(Arc<[Timestamp]>);

const MOST_OFFERED: usize = 64;

impl Offered {
    pub(super) fn add(&mut self, new: Vec<Timestamp>) {
        if new.is_empty() {
            return;
        }
        let older = self.0.iter().copied().filter(|one| !new.contains(one));
        let mut all: Vec<Timestamp> = older.collect();
        all.extend(&new);
        self.0 = all.split_off(all.len().saturating_sub(MOST_OFFERED)).into();
    }
}

impl Call {
    pub(super) fn use_calendar(&mut self, tool: CalendarTool, call: FunctionCall) -> Handled {
        self.tools.calendar.push(CalendarUse { tool, call, sent: false });
        self.send_calendar_uses();
        Handled::Later { answer_follows: true }
    }

    /// Hands over the calls that can be done now. Only looking for slots needs no lead.
    pub(in crate::call) fn send_calendar_uses(&mut self) {
        let lead = self.lead.id;
        let mut ready = Vec::new();
        for used in &mut self.tools.calendar {
            if !used.sent && (lead.is_some() || used.tool == CalendarTool::Find) {
                used.sent = true;
                ready.push((used.tool, used.call.clone()));
            }
        }
        for (tool, call) in ready {
            let offered = Arc::clone(&self.tools.offered.0);
            self.send(Command::UseCalendar { tool, call, lead, offered });
        }
    }

    /// The outcome of a call that took too long. `None` if it is no calendar tool. If the calendar
    /// books something all the same, it stays booked, and the model is not told.
    pub(super) fn calendar_overdue(&self, call: &ToolCallId) -> Option<ToolOutcome> {
        let used = self.tools.calendar.iter().find(|used| used.call.call == *call)?;
        let error = if used.sent { CalendarError::TooLate } else { CalendarError::Failed };
        Some(error_reply(&self.setup.settings.language, &error))
    }
}
