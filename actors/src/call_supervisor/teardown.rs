//! The teardown of a call: its actors are stopped and its tasks joined. Then the call's core
//! finishes the record, so that the record is complete whichever actor has crashed.

use std::sync::Arc;
use std::time::Duration;

use protocol::call::{Command, EndReason, EndedBy, Event};
use ractor::ActorCell;
use supervision::{Delivery, Lease, TaskGroup, stop_in_reverse};

use super::hang_up::HangUpOnce;
use super::no_webhooks;
use crate::call::records;
use crate::call_parts::CallParts;
use crate::introspection::IntrospectionEvent;
use crate::lead;
use crate::messages::{JournalEntry, LeadOrder};
use crate::trace::{Shown, Source};
use crate::twilio_io::{self, PlaybackState};

/// How long an actor may take to stop. Then it is killed.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// In the place of a reason: the call goes on at another node.
const MOVED: &str = "moved";

/// What must be stopped and finished.
pub(super) struct Teardown {
    pub(super) running: Vec<ActorCell>,
    pub(super) tasks: Vec<TaskGroup>,
    pub(super) parts: Arc<CallParts>,
    pub(super) requests: TaskGroup,
    pub(super) hang_up: HangUpOnce,
    /// What the caller has heard, if TwilioIoActor has died and does not tell it.
    pub(super) playback: Lease<PlaybackState>,
}

impl Teardown {
    /// Stops the actors and joins all tasks. The call's record is another node's.
    pub(super) async fn let_go(self) {
        self.requests.cancel_and_join().await;
        stop_in_reverse(self.running.into_iter(), STOP_PATIENCE).await;
        for group in &self.tasks {
            group.cancel_and_join().await;
        }
        let call_sid = self.parts.setup.call_sid.clone();
        let moved = IntrospectionEvent::CallEnded { call_sid, reason: MOVED.to_owned() };
        self.parts.services.introspection.tell(moved);
        self.parts.close(EndReason::Internal);
    }

    /// Stops the actors, last started first, joins their tasks, and finishes the record. Waits for
    /// requests to Twilio for `patience`.
    pub(super) async fn run(self, reason: Option<EndReason>, patience: Duration) {
        stop_in_reverse(self.running.into_iter(), STOP_PATIENCE).await;
        for group in &self.tasks {
            group.cancel_and_join().await;
        }
        if let Ok(playback) = tokio::time::timeout(STOP_PATIENCE, self.playback.take()).await {
            twilio_io::finish(&self.parts, playback);
        }
        finish_call(&self.parts, reason, &self.hang_up, &self.requests);
        if tokio::time::timeout(patience, self.requests.join()).await.is_err() {
            self.requests.cancel_and_join().await;
        }
    }
}

/// Finishes a call that is over at Twilio and whose process has died: its record, and what its lead is
/// owed.
pub(crate) fn finish_stored_call(parts: &Arc<CallParts>) {
    let at_twilio = HangUpOnce::not_needed();
    finish_call(parts, Some(EndReason::Internal), &at_twilio, &TaskGroup::new());
}

/// Lets the call's core handle the waiting events and end, and performs the commands that it
/// leaves.
fn finish_call(
    parts: &Arc<CallParts>,
    reason: Option<EndReason>,
    hang_up: &HangUpOnce,
    requests: &TaskGroup,
) {
    let now = parts.time.now();
    let snapshot = parts.snapshot.borrow().clone();
    let mut call = snapshot.call.clone();
    // The reason for the teardown comes before the events that the teardown has caused.
    if let Some(reason) = reason {
        call.finish(reason, EndedBy::Daemon);
    }
    let source = Source::of_call(&parts.setup.call_sid, "teardown");
    let inbox = parts.call.attach_with(|| {});
    while let Some(Delivery { number, event, .. }) = inbox.receive() {
        source.point(format_args!("takes {number}: {}", Shown(&*event)));
        if number > snapshot.handled {
            let before = call.clone();
            call.handle(Event::clone(&event), now);
            parts.services.metrics.changed(&before, &call, parts.clock);
            parts.trace.changed(&before, &call, parts.clock);
        }
        inbox.ack(number);
    }
    call.finish(EndReason::Internal, EndedBy::Daemon);
    no_webhooks::complete(parts, &mut call);
    let mut lead_orders = Vec::new();
    let left: Vec<Command> = call.outbox().map(|(_, command)| command.clone()).collect();
    for command in left {
        source.point(format_args!("{command:?}"));
        match command {
            Command::Record(record) => {
                if let Some(entry) = records::entry(parts, &call, record) {
                    parts.services.journal.record(entry);
                }
            }
            Command::HangUp => hang_up.send(parts, requests),
            Command::EnsureLead => lead_orders.push(LeadOrder::Ensure),
            Command::UpdateLead(call) => lead_orders.push(LeadOrder::Update(call)),
            Command::SetLeadStatus(status) => lead_orders.push(LeadOrder::SetStatus(status)),
            // No actor is left to perform it, or it is done already.
            Command::OpenSession
            | Command::CloseSession
            | Command::Transfer
            | Command::Ask(_)
            | Command::UseCalendar { .. }
            | Command::RenewSession { .. }
            | Command::Withdraw(_)
            | Command::Tell(_)
            | Command::Correct(_)
            | Command::Interrupt(_)
            | Command::Replay { .. }
            | Command::ToolsDone
            | Command::Apologise
            | Command::CloseStream
            | Command::AwaitQuiet
            | Command::Finish => {}
        }
    }
    lead::finish_orders(parts, lead_orders);
    // After everything else of the call: until then it can still be finished from its snapshot.
    parts.services.journal.record(JournalEntry::closed(
        parts.setup.business,
        parts.setup.call_sid.clone(),
        parts.fence(),
    ));
    let ended = call.ending().map_or(EndReason::Internal, |ending| ending.reason);
    let reason = ended.as_str().to_owned();
    tracing::info!(reason, "call ended");
    let call_sid = parts.setup.call_sid.clone();
    parts.services.introspection.tell(IntrospectionEvent::CallEnded { call_sid, reason });
    parts.close(ended);
}
