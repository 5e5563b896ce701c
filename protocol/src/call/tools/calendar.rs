//! The calendar's tools in a call: offered where the business has hours, sent as soon as the lead they
//! are for is known, and always answered, since nobody waits for an appointment in silence (CAL-1).

use super::{Handled, Tool};
use crate::calendar::{Refusal, sorry};
use crate::call::Call;
use crate::call::command::Command;
use crate::call::event::{FunctionCall, ToolOutcome};
use crate::ids::ToolCallId;

/// A tool of the calendar's that has not answered.
#[derive(Debug, Clone)]
pub(super) struct CalendarUse {
    pub(super) tool: Tool,
    pub(super) call: FunctionCall,
    /// Whether the calendar has it.
    sent: bool,
}

impl Call {
    /// The tool of that name, if this business takes appointments.
    pub(super) fn calendar_tool(&self, name: &str) -> Option<Tool> {
        let takes_any = !self.setup.settings.appointments.hours.is_empty();
        Tool::named(name).filter(|_| takes_any)
    }

    pub(super) fn use_calendar(&mut self, tool: Tool, call: FunctionCall) -> Handled {
        self.tools.calendar.push(CalendarUse { tool, call, sent: false });
        self.send_calendar_uses();
        Handled::Later { answer_follows: true }
    }

    /// Hands over what can be done now: slots can be looked for without knowing for whom.
    pub(in crate::call) fn send_calendar_uses(&mut self) {
        let lead = self.lead.id;
        let mut ready = Vec::new();
        for used in &mut self.tools.calendar {
            if !used.sent && (lead.is_some() || used.tool == Tool::Find) {
                used.sent = true;
                ready.push((used.tool, used.call.clone()));
            }
        }
        for (tool, call) in ready {
            self.send(Command::UseCalendar { tool, call, lead });
        }
    }

    /// What the model is told of a use of the calendar that took too long; what it books all the
    /// same is kept, and not told again.
    pub(super) fn calendar_overdue(&self, call: &ToolCallId) -> Option<ToolOutcome> {
        let used = self.tools.calendar.iter().find(|used| used.call.call == *call)?;
        let refusal = if used.sent { Refusal::TooLate } else { Refusal::Failed };
        Some(sorry(&self.setup.settings.language, &refusal))
    }
}
