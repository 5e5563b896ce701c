//! Who performs which command of a call, and what of a call's changes the log tells.

use std::sync::Arc;

use protocol::calendar::{CalendarError, CalendarTool, error_reply};
use protocol::call::{Body, Call, Command, Event, FunctionCall, Phase, Record};
use protocol::ids::LeadId;

use super::records;
use crate::call_parts::CallParts;
use crate::introspection::IntrospectionEvent;
use crate::messages::{
    CalendarRequest, LeadOrder, RealtimeEvent, RealtimeOrder, SupervisorEvent, SupervisorOrder,
    ToolUse,
};

/// The performer has no room now: the command stays in the outbox.
pub(super) struct NoRoom;

/// Hands a command to its performer. Performers drop numbers they have seen.
pub(super) fn deliver(
    parts: &CallParts,
    call: &Call,
    number: u64,
    command: Command,
) -> Result<(), NoRoom> {
    let realtime = |order| {
        parts
            .realtime
            .send_numbered(number, RealtimeEvent::Order(order))
            .map(drop)
            .map_err(|_| NoRoom)
    };
    let lead = |order| parts.lead.send_numbered(number, order).map(drop).map_err(|_| NoRoom);
    let supervisor = |order| {
        let order = SupervisorEvent::Order(order);
        parts.supervisor.send_numbered(number, order).map(drop).map_err(|_| NoRoom)
    };
    match command {
        Command::OpenSession => realtime(RealtimeOrder::Open),
        Command::CloseSession => realtime(RealtimeOrder::Close),
        Command::Ask(ask) => realtime(RealtimeOrder::Ask(ask)),
        Command::Withdraw(ask) => realtime(RealtimeOrder::Withdraw(ask)),
        Command::Tell(entry) => realtime(RealtimeOrder::Tell(entry)),
        Command::Replay { session, history } => {
            realtime(RealtimeOrder::Replay { session, history })
        }
        Command::Interrupt(cut) => realtime(RealtimeOrder::Interrupt(cut)),
        Command::ToolsDone => realtime(RealtimeOrder::ToolsDone),
        Command::EnsureLead => lead(LeadOrder::Ensure),
        Command::UpdateLead(call) => lead(LeadOrder::Update(call)),
        Command::SetLeadStatus(status) => lead(LeadOrder::SetStatus(status)),
        Command::UseCalendar { tool, call, lead } => {
            ask_calendar(parts, tool, call, lead);
            Ok(())
        }
        Command::HangUp => supervisor(SupervisorOrder::HangUp),
        Command::Apologise => supervisor(SupervisorOrder::Apologise),
        Command::Transfer => supervisor(SupervisorOrder::Transfer),
        Command::Finish => supervisor(SupervisorOrder::Finish),
        Command::Record(record) => write_down(parts, call, record),
    }
}

/// A calendar with no room says so at once: a call's other commands don't wait behind it.
fn ask_calendar(parts: &CallParts, tool: CalendarTool, call: FunctionCall, lead: Option<LeadId>) {
    let id = call.call.clone();
    let request = CalendarRequest::of_call(
        ToolUse {
            business: parts.setup.business,
            settings: Arc::clone(&parts.setup.settings),
            call_sid: Some(parts.setup.call_sid.clone()),
            lead,
            tool,
            call,
        },
        parts.call.clone(),
    );
    if let Err(error) = parts.services.calendar.try_send(request) {
        tracing::error!(%error, "the calendar could not be asked");
        let outcome = error_reply(&parts.setup.settings.language, &CalendarError::Busy);
        // A call that has no room for the answer either hears its own time limit.
        let _ = parts.call.try_send(Event::ToolFinished { call: id, outcome });
    }
}

fn write_down(parts: &CallParts, call: &Call, record: Record) -> Result<(), NoRoom> {
    let shown = match &record {
        Record::Turn(entry) => entry.text().map(|text| IntrospectionEvent::TurnAdded {
            call_sid: parts.setup.call_sid.clone(),
            number: entry.number,
            role: entry.role().as_str().to_owned(),
            text,
        }),
        Record::Started | Record::Answered(_) | Record::Lead(_) | Record::Ended(_) => None,
    };
    if let Record::Turn(entry) = &record
        && let Body::ToolCall { name, .. } = &entry.body
    {
        tracing::info!(tool = name, "tool called");
    }
    let entry = records::entry(parts, call, record);
    parts.services.journal.try_send(entry).map_err(|_| NoRoom)?;
    if let Some(event) = shown {
        parts.services.introspection.tell(event);
    }
    Ok(())
}

/// Logs follow changes of state (PIPE-7).
pub(super) fn log_changes(before: &Call, after: &Call) {
    let handed_over = |call: &Call| matches!(call.phase(), Phase::HandingOver { .. });
    if !handed_over(before) && handed_over(after) {
        tracing::info!("transfer: the person is rung");
    }
    if handed_over(before) && matches!(after.phase(), Phase::Open) {
        tracing::info!("transfer: nobody took the call, it goes on");
    }
    if matches!(after.phase(), Phase::Open) && before.ending().is_some() {
        tracing::info!("ending: taken back, the caller goes on");
    }
    if before.phase().name() != after.phase().name()
        && let Some(ending) = after.ending()
    {
        let reason = ending.reason.as_str();
        match after.phase() {
            Phase::Open | Phase::HandingOver { .. } => {}
            Phase::Closing { .. } => tracing::info!(reason, "ending: the last line"),
            Phase::Pausing { .. } => tracing::debug!(reason, "ending: the last line was heard"),
            Phase::HangingUp { .. } => tracing::info!(reason, "ending: hanging up"),
            Phase::Over { .. } => tracing::info!(reason, "call over"),
        }
    }
    if before.greeting() != after.greeting() {
        tracing::info!(greeting = ?after.greeting(), "greeting");
    }
}
