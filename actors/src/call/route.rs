//! Which actor performs which command of a call, and which changes of a call are logged.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::calendar::{CalendarError, CalendarTool, Writer, error_reply};
use protocol::call::{Body, Call, Command, Event, FunctionCall, HangUp, Phase, Record};
use protocol::ids::LeadId;

use super::records;
use crate::call_parts::CallParts;
use crate::introspection::IntrospectionEvent;
use crate::messages::{
    CalendarRequest, LeadOrder, RealtimeEvent, RealtimeOrder, SupervisorEvent, SupervisorOrder,
    ToolUse, TwilioEvent,
};

/// The receiver has no room now: the command stays in the outbox.
pub(super) struct NoRoom;

/// Sends a command to the inbox of the actor that performs it. An inbox drops numbers that it has
/// seen.
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
    let twilio = |event| parts.twilio.send_numbered(number, event).map(drop).map_err(|_| NoRoom);
    match command {
        Command::AwaitQuiet => twilio(TwilioEvent::AwaitQuiet),
        Command::OpenSession => realtime(RealtimeOrder::Open),
        Command::CloseSession => realtime(RealtimeOrder::Close),
        Command::Ask(ask) => realtime(RealtimeOrder::Ask(ask)),
        Command::RenewSession { session, why } => realtime(RealtimeOrder::Renew { session, why }),
        Command::Withdraw(ask) => realtime(RealtimeOrder::Withdraw(ask)),
        Command::Tell(entry) => realtime(RealtimeOrder::Tell(entry)),
        Command::Correct(entry) => realtime(RealtimeOrder::Correct(entry)),
        Command::Replay { session, history } => {
            realtime(RealtimeOrder::Replay { session, history })
        }
        Command::Interrupt(cut) => realtime(RealtimeOrder::Interrupt(cut)),
        Command::ToolsDone => realtime(RealtimeOrder::ToolsDone),
        Command::EnsureLead => lead(LeadOrder::Ensure),
        Command::UpdateLead(call) => lead(LeadOrder::Update(call)),
        Command::SetLeadStatus(status) => lead(LeadOrder::SetStatus(status)),
        Command::UseCalendar { tool, call, lead, offered } => {
            use_calendar(parts, (tool, call), lead, offered);
            Ok(())
        }
        Command::HangUp => supervisor(SupervisorOrder::HangUp),
        Command::Apologise => supervisor(SupervisorOrder::Apologise),
        Command::Transfer => supervisor(SupervisorOrder::Transfer),
        Command::CloseStream => supervisor(SupervisorOrder::CloseStream),
        Command::Finish => supervisor(SupervisorOrder::Finish),
        Command::Record(record) => {
            write_record(parts, call, record);
            Ok(())
        }
    }
}

/// Whether CallSupervisor performs it. It gets its orders in order.
pub(super) fn is_for_supervisor(command: &Command) -> bool {
    matches!(
        command,
        Command::HangUp
            | Command::Apologise
            | Command::Transfer
            | Command::CloseStream
            | Command::Finish
    )
}

/// A full calendar is answered at once, so that the call's other commands do not wait behind it.
fn use_calendar(
    parts: &CallParts,
    (tool, call): (CalendarTool, FunctionCall),
    lead: Option<LeadId>,
    offered: Arc<[Timestamp]>,
) {
    let id = call.call.clone();
    let request = CalendarRequest::from_call(
        ToolUse {
            business: parts.setup.business,
            settings: Arc::clone(&parts.setup.settings),
            call_sid: Some(parts.setup.call_sid.clone()),
            lead,
            newcomer: None,
            tool,
            writer: Writer::Model { offered },
            call,
            lease: parts.fence(),
            test: parts.test.clone(),
        },
        parts.call.clone(),
    );
    if let Err(error) = parts.services.calendar.try_send(request) {
        tracing::error!(%error, "the calendar takes no request");
        let outcome = error_reply(&parts.setup.settings.language, &CalendarError::Busy);
        // Without room for the answer, the call's own time limit for tools applies.
        let _ = parts.call.try_send(Event::ToolFinished { call: id, outcome });
    }
}

fn write_record(parts: &CallParts, call: &Call, record: Record) {
    let turn_added = match &record {
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
    if let Some(entry) = records::entry(parts, call, record) {
        parts.services.journal.record(entry);
    }
    if let Some(event) = turn_added {
        parts.services.introspection.tell(event);
    }
}

/// Logs the changes of the call's state (PIPE-7).
pub(super) fn log_changes(before: &Call, after: &Call) {
    let in_transfer = |call: &Call| matches!(call.phase(), Phase::HandingOver { .. });
    if !in_transfer(before) && in_transfer(after) {
        tracing::info!("transfer: ringing the person");
    }
    if in_transfer(before) && matches!(after.phase(), Phase::Open) {
        tracing::info!("transfer: nobody answered, the call goes on");
    }
    if matches!(after.phase(), Phase::Open) && before.ending().is_some() {
        tracing::info!("ending: cancelled, the caller goes on");
    }
    if before.phase().name() != after.phase().name()
        && let Some(ending) = after.ending()
    {
        let reason = ending.reason.as_str();
        match after.phase() {
            Phase::Open | Phase::HandingOver { .. } => {}
            Phase::Closing { .. } => tracing::info!(reason, "ending: closing line"),
            Phase::Pausing { .. } => tracing::debug!(reason, "ending: closing line played"),
            Phase::HangingUp { how: HangUp::PutThrough { .. }, .. } => {
                tracing::info!(reason, "ending: put through, ringing the person");
            }
            Phase::HangingUp { .. } => tracing::info!(reason, "ending: hanging up"),
            Phase::Over { .. } => tracing::info!(reason, "call over"),
        }
    }
    if before.greeting() != after.greeting() {
        tracing::info!(greeting = ?after.greeting(), "greeting");
    }
}
