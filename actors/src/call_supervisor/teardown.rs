//! Taking a call down: its actors are stopped, its tasks joined, and its own core ends the record, so that
//! the record is whole whoever has died.

use std::sync::Arc;
use std::time::Duration;

use protocol::call::{Command, EndReason, EndedBy, Event, Now};
use ractor::ActorCell;
use supervision::{Delivery, TaskGroup, stop_in_reverse};

use crate::call::records;
use crate::call_parts::CallParts;
use crate::introspection::IntrospectionEvent;
use crate::lead;
use crate::messages::LeadOrder;

/// How long an actor may take to stop before it is killed.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(1);

/// What is left of a call that is being taken down.
pub(super) struct Teardown {
    pub(super) running: Vec<ActorCell>,
    pub(super) tasks: Vec<TaskGroup>,
    pub(super) parts: Arc<CallParts>,
    pub(super) requests: TaskGroup,
    pub(super) hung_up: bool,
}

impl Teardown {
    /// Stops the actors, last started first, joins every task, and lets the call's core end the
    /// record. Requests to Twilio get `patience`.
    pub(super) async fn run(self, reason: Option<EndReason>, patience: Duration) {
        stop_in_reverse(self.running.into_iter(), STOP_PATIENCE).await;
        for group in &self.tasks {
            group.cancel_and_join().await;
        }
        settle(&self.parts, reason, self.hung_up, &self.requests).await;
        if tokio::time::timeout(patience, self.requests.join()).await.is_err() {
            self.requests.cancel_and_join().await;
        }
    }
}

/// Lets the call's core take in what waited, end, and be written down.
async fn settle(
    parts: &Arc<CallParts>,
    reason: Option<EndReason>,
    hung_up: bool,
    requests: &TaskGroup,
) {
    let now = Now { at: parts.clock.now(), wall: parts.clock.wall() };
    let snapshot = parts.snapshot.borrow().clone();
    let mut call = snapshot.call.clone();
    // The reason that brought the tree down stands before what its fall has caused.
    if let Some(reason) = reason {
        call.finish(reason, EndedBy::Daemon);
    }
    let inbox = parts.call.attach_with(|| {});
    while let Some(Delivery { number, event, .. }) = inbox.receive() {
        if number > snapshot.handled {
            call.handle(Event::clone(&event), now);
        }
        inbox.ack(number);
    }
    call.finish(EndReason::Internal, EndedBy::Daemon);
    let mut for_the_lead = Vec::new();
    let left: Vec<Command> = call.outbox().map(|(_, command)| command.clone()).collect();
    for command in left {
        match command {
            Command::Record(record) => {
                let entry = records::entry(parts, &call, record);
                let _ = parts.services.journal.send(entry).await;
            }
            Command::HangUp if !hung_up => {
                let parts = Arc::clone(parts);
                requests.spawn("hang up", async move {
                    if let Err(error) = parts.services.twilio.hang_up(&parts.setup.call_sid).await {
                        tracing::error!(%error, "the call could not be ended at Twilio");
                    }
                });
            }
            Command::EnsureLead => for_the_lead.push(LeadOrder::Ensure),
            Command::UpdateLead(call) => for_the_lead.push(LeadOrder::Update(call)),
            Command::SetLeadStatus(status) => for_the_lead.push(LeadOrder::SetStatus(status)),
            // There is nobody left to do it or to hear of it, or it was done.
            Command::OpenSession
            | Command::CloseSession
            | Command::Transfer
            | Command::Ask(_)
            | Command::UseCalendar { .. }
            | Command::Withdraw(_)
            | Command::Tell(_)
            | Command::Interrupt(_)
            | Command::Replay { .. }
            | Command::ToolsDone
            | Command::HangUp
            | Command::Apologise
            | Command::Finish => {}
        }
    }
    lead::carry_out_what_is_left(parts, for_the_lead).await;
    let reason = call.ending().map_or("internal", |ending| ending.reason.as_str()).to_owned();
    tracing::info!(reason, "call ended");
    let call_sid = parts.setup.call_sid.clone();
    parts.services.introspection.tell(IntrospectionEvent::CallEnded { call_sid, reason });
    parts.close();
}
