//! The registry of tools: everything the model may call, in one place.
//!
//! A tool's name, its schema, its rule in the prompt, and the businesses that offer it are here. Its
//! work is dispatched by an exhaustive `match` on [`Tool`] in `call::tools`. To add a tool, add a
//! variant and its place in [`Tool::ALL`]; the compiler lists what else is missing.

pub mod arguments;
mod schema;
mod wording;

use serde_json::Value;

use crate::business::{BusinessSettings, Locale};
use crate::calendar::CalendarTool;

/// A function that the model may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// `call_control`: reports how the call stands and asks to end it. CallActor does it, in the same
    /// turn (END-2).
    CallControl,
    /// `update_lead_details`: stores what the caller has told. LeadActor does it (LEAD-2).
    UpdateLeadDetails,
    /// `transfer_call`: puts the caller through to a person. CallActor accepts or refuses it;
    /// CallSupervisor sends the TwiML (CALL-10).
    TransferCall,
    /// A tool of the appointment calendar. CalendarActor does it (CAL-1).
    Calendar(CalendarTool),
}

/// What the model is told about one tool. The wire form is made by the API's module.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// The function's name, as in [`Tool::name`].
    pub name: String,
    /// What it does and when to call it, in the business's [`Locale`].
    pub description: String,
    /// JSON Schema of the arguments object.
    pub parameters: Value,
}

impl Tool {
    /// Every tool, in the order in which the model is told of them.
    pub const ALL: [Self; 7] = [
        Self::CallControl,
        Self::UpdateLeadDetails,
        Self::TransferCall,
        Self::Calendar(CalendarTool::Find),
        Self::Calendar(CalendarTool::Create),
        Self::Calendar(CalendarTool::Reschedule),
        Self::Calendar(CalendarTool::Cancel),
    ];

    /// The function name in the session's `tools` and in the model's `function_call` items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CallControl => "call_control",
            Self::UpdateLeadDetails => "update_lead_details",
            Self::TransferCall => "transfer_call",
            Self::Calendar(tool) => tool.name(),
        }
    }

    /// The tool with this function name; `None` for a name that the model made up.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// Whether the model is told of it: a transfer needs a `[transfer]` section in the business's
    /// file, the calendar's tools need opening hours.
    #[must_use]
    pub fn is_offered(self, settings: &BusinessSettings) -> bool {
        match self {
            Self::CallControl | Self::UpdateLeadDetails => true,
            Self::TransferCall => settings.transfer.is_some(),
            Self::Calendar(_) => !settings.appointments.hours.is_empty(),
        }
    }

    /// Whether the model is told of it when it answers a written message. What `call_control` tells is
    /// part of every such answer, and there is no call to put through.
    #[must_use]
    pub fn is_offered_in_writing(self, settings: &BusinessSettings) -> bool {
        match self {
            Self::CallControl | Self::TransferCall => false,
            Self::UpdateLeadDetails | Self::Calendar(_) => self.is_offered(settings),
        }
    }

    /// Name, description and schema for one business.
    #[must_use]
    pub fn spec(self, settings: &BusinessSettings) -> ToolSpec {
        let locale = Locale::of(&settings.language);
        ToolSpec {
            name: self.name().to_owned(),
            description: wording::description(self).in_locale(locale).to_owned(),
            parameters: schema::parameters(self, settings),
        }
    }
}

/// The specs of all tools that a business offers, in the order of [`Tool::ALL`].
#[must_use]
pub fn specs(settings: &BusinessSettings) -> Vec<ToolSpec> {
    let offered = Tool::ALL.into_iter().filter(|tool| tool.is_offered(settings));
    offered.map(|tool| tool.spec(settings)).collect()
}

/// The specs of the tools that a business offers in writing, in the order of [`Tool::ALL`].
#[must_use]
pub fn specs_in_writing(settings: &BusinessSettings) -> Vec<ToolSpec> {
    let offered = Tool::ALL.into_iter().filter(|tool| tool.is_offered_in_writing(settings));
    offered.map(|tool| tool.spec(settings)).collect()
}

/// The prompt's rules on the tools that a business offers in writing.
pub(crate) fn writing_rules(settings: &BusinessSettings) -> String {
    let locale = Locale::of(&settings.language);
    let offers_calendar = Tool::Calendar(CalendarTool::Find).is_offered_in_writing(settings);
    let rule = offers_calendar.then(|| wording::CALENDAR_RULE.in_locale(locale));
    rule.unwrap_or_default().to_owned()
}

/// The prompt's rules on the tools that a business offers: whole lines, each with its line feed.
pub(crate) fn prompt_rules(settings: &BusinessSettings) -> String {
    let locale = Locale::of(&settings.language);
    let offered = Tool::ALL.into_iter().filter(|tool| tool.is_offered(settings));
    // The calendar's tools share one rule, and it stands first.
    let (calendar, others): (Vec<_>, Vec<_>) =
        offered.partition(|tool| matches!(tool, Tool::Calendar(_)));
    let calendar = (!calendar.is_empty()).then_some(wording::CALENDAR_RULE);
    let others = others.into_iter().filter_map(wording::rule);
    calendar.into_iter().chain(others).map(|rule| rule.in_locale(locale)).collect()
}

#[cfg(test)]
mod tests;
