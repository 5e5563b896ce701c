//! The tools of a written conversation: the same as in a call, with the conversation's lead.

use std::sync::Arc;

use entities::leads::{self, ChangedBy};
use jiff::Timestamp;
use protocol::calendar::{CalendarError, CalendarTool, Writer, error_reply};
use protocol::call::{FunctionCall, ToolOutcome};
use protocol::ids::ToolCallId;
use protocol::texting::JobResult;
use protocol::tools::Tool;

use super::context::Context;
use super::jobs::Task;
use crate::calendar::{ToolUse, use_tool};
use crate::lead::update_in_writing;

impl Task {
    pub(super) async fn run_tool(
        &self,
        context: &Context,
        tool: Tool,
        call: FunctionCall,
        offered: Vec<Timestamp>,
    ) -> JobResult {
        match tool {
            Tool::UpdateLeadDetails => self.update_lead(context, &call).await,
            Tool::Calendar(tool) => {
                let outcome = self.use_calendar(context, tool, call, offered).await;
                JobResult::ToolFinished { outcome, lead: None }
            }
            // They are not offered in writing.
            Tool::CallControl | Tool::TransferCall => {
                let output = r#"{"ok":false,"error":"this tool is not offered here"}"#.to_owned();
                JobResult::ToolFinished { outcome: ToolOutcome::new(output, false), lead: None }
            }
        }
    }

    async fn update_lead(&self, context: &Context, call: &FunctionCall) -> JobResult {
        let settings = self.rules.settings();
        let (services, business) = (&self.services, self.pair.0);
        let (fields, now) = (settings.lead_fields(), services.clock.wall());
        let Some(home) = settings.phone_numbers.first() else { return failed() };
        let write = async |changes| {
            let (db, by) = (&services.database, ChangedBy::Message);
            leads::merge_details(db, business, context.lead, changes, None, by, now).await
        };
        match update_in_writing(&call.arguments, &fields, home, write).await {
            Ok((outcome, record)) => JobResult::ToolFinished { outcome, lead: record },
            Err(error) => {
                tracing::error!(%error, "the details of a lead could not be written");
                failed()
            }
        }
    }

    /// The booking's key is the tool call's id, with the conversation's: the model chooses the former
    /// (CAL-4).
    async fn use_calendar(
        &self,
        context: &Context,
        tool: CalendarTool,
        mut call: FunctionCall,
        offered: Vec<Timestamp>,
    ) -> ToolOutcome {
        let key = format!("{}/{}", self.conversation.0.simple(), call.call);
        if let Ok(key) = ToolCallId::parse(&key) {
            call.call = key;
        }
        let settings = self.rules.settings();
        let tool_use = ToolUse {
            business: self.pair.0,
            settings: Arc::clone(settings),
            call_sid: None,
            lease: None,
            lead: Some(context.lead),
            newcomer: None,
            tool,
            writer: Writer::Model { offered: offered.into() },
            call,
            test: None,
        };
        match use_tool(&self.services.calendar, tool_use).await {
            Some(answer) => answer.reply,
            None => error_reply(&settings.language, &CalendarError::Failed),
        }
    }
}

fn failed() -> JobResult {
    let output = r#"{"ok":false,"error":"this could not be saved"}"#.to_owned();
    JobResult::ToolFinished { outcome: ToolOutcome::new(output, false), lead: None }
}
