//! Who performs which command of a call, and what of a call's changes the log tells.

use protocol::call::{Body, Call, Command, Phase, Record};

use crate::call_parts::CallParts;
use crate::call_supervisor::{SupervisorEvent, SupervisorOrder};
use crate::journal::JournalEntry;
use crate::lead::LeadOrder;
use crate::realtime::{RealtimeEvent, RealtimeOrder};
use crate::supervision::introspection::IntrospectionEvent;

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
        Command::HangUp => supervisor(SupervisorOrder::HangUp),
        Command::Apologise => supervisor(SupervisorOrder::Apologise),
        Command::Finish => supervisor(SupervisorOrder::Finish),
        Command::Record(record) => write_down(parts, call, record),
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
        Record::Started | Record::Lead(_) | Record::Ended(_) => None,
    };
    if let Record::Turn(entry) = &record
        && let Body::ToolCall { name, .. } = &entry.body
    {
        tracing::info!(tool = name, "tool called");
    }
    let entry = JournalEntry::new(parts, call, record);
    parts.services.journal.try_send(entry).map_err(|_| NoRoom)?;
    if let Some(event) = shown {
        parts.services.introspection.tell(event);
    }
    Ok(())
}

/// Logs follow changes of state (PIPE-7).
pub(super) fn log_changes(before: &Call, after: &Call) {
    if matches!(after.phase(), Phase::Open) && before.ending().is_some() {
        tracing::info!("ending: taken back, the caller goes on");
    }
    if before.phase().name() != after.phase().name()
        && let Some(ending) = after.ending()
    {
        let reason = ending.reason.as_str();
        match after.phase() {
            Phase::Open => {}
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
