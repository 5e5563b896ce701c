//! What the rest of the daemon sees of a call, and how it sends events to the call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use entities::call_turns::TurnRow;
use jiff::Timestamp;
use protocol::call::{CallView, Now, Phase};
use protocol::ids::{BusinessId, CallSid, Generation, PhoneNumber};
use serde::{Deserialize, Serialize};
use supervision::TrySendError;

use crate::call::records::turn;
use crate::call_parts::CallParts;
use crate::introspection::ActorKind;
use crate::messages::{RealtimeView, SupervisorEvent};

/// A living call. Cheap to clone.
#[derive(Clone)]
pub struct CallHandle {
    parts: Arc<CallParts>,
}

/// A call as introspection shows it (OPS-1, PIPE-7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallStatusView {
    pub call_sid: CallSid,
    pub business_id: BusinessId,
    pub call: CallView,
    pub realtime: RealtimeView,
    pub frames: FramesView,
    /// How often each of its actors was started, from 0.
    pub generations: BTreeMap<ActorKind, Generation>,
    /// The `server.node_url` of the daemon that has it.
    pub node: String,
}

/// The counters of a call's audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FramesView {
    /// The caller's frames that were sent to OpenAI.
    pub sent: u64,
    /// The caller's frames that were dropped because the queue was full.
    pub blocked: u64,
    /// Frames of silence that were sent in place of missing frames.
    pub padded: u64,
    /// The caller's frames that were dropped before barge-in detection, because too many waited.
    pub unjudged: u64,
    /// The caller's frames that wait.
    pub queue_depth: usize,
    /// The agent's audio that waits for Twilio, in milliseconds.
    pub agent_waiting_ms: usize,
}

impl std::fmt::Debug for CallHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CallHandle").field(&self.parts.setup.call_sid).finish()
    }
}

impl CallHandle {
    #[must_use]
    pub fn new(parts: Arc<CallParts>) -> Self {
        Self { parts }
    }

    #[must_use]
    pub fn parts(&self) -> &Arc<CallParts> {
        &self.parts
    }

    /// What the call is doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.parts.phase()
    }

    /// Sends an event to the call's supervisor.
    ///
    /// # Errors
    /// [`TrySendError`] if the call is over, or its inbox is full.
    pub fn tell(&self, event: SupervisorEvent) -> Result<(), TrySendError> {
        self.parts.supervisor.try_send(event)
    }

    /// Whether the call may resume: at most 5 times within 60 s (CALL-1). Counts this time.
    #[must_use]
    pub fn may_resume(&self, now: Timestamp) -> bool {
        self.parts.may_resume(now)
    }

    /// Whether the webhook that asks is to give the document to which the call is being redirected.
    /// Waits for Twilio's answer to the redirect, 3 s at most.
    pub async fn gives_document(&self) -> bool {
        self.parts.redirect.give().await
    }

    /// The webhook that asks gives what follows that document: the redirect has been taken.
    pub fn gives_next_document(&self) {
        self.parts.redirect.give_next();
    }

    /// Whether Twilio has reported the call's end.
    #[must_use]
    pub fn is_over_at_twilio(&self) -> bool {
        self.parts.redirect.is_over()
    }

    #[must_use]
    pub fn business(&self) -> BusinessId {
        self.parts.setup.business
    }

    /// Whether the transfer of this call has caused a new call of the same business (CALL-13).
    #[must_use]
    pub fn transfer_caused(
        &self,
        passed_on_by: &[PhoneNumber],
        from: Option<&PhoneNumber>,
    ) -> bool {
        let now = self.parts.time.now().at;
        self.parts.snapshot.borrow().call.transfer_caused(passed_on_by, from, now)
    }

    /// What was said and done so far, as it is written to the database.
    #[must_use]
    pub fn turns(&self) -> Vec<TurnRow> {
        let snapshot = Arc::clone(&self.parts.snapshot.borrow());
        snapshot.call.entries().map(|entry| turn(&snapshot.call, entry)).collect()
    }

    #[must_use]
    pub fn status(&self, at: Instant, wall: Timestamp) -> CallStatusView {
        status(&self.parts, at, wall)
    }
}

/// Logs the status line of a call (PIPE-7).
pub(super) fn log_status(parts: &CallParts) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let view = status(parts, parts.clock.now(), parts.clock.wall());
    tracing::debug!(
        sent = view.frames.sent,
        blocked = view.frames.blocked,
        queue = view.frames.queue_depth,
        gate = ?view.realtime.gate,
        agent_speaks = view.call.agent_speaks,
        caller_has_spoken = view.call.caller_has_spoken,
        "status"
    );
}

fn status(parts: &CallParts, at: Instant, wall: Timestamp) -> CallStatusView {
    let frames = parts.uplink.counters();
    let actors = parts.services.introspection.actors_at(at);
    let of_call =
        actors.iter().filter(|actor| actor.call_sid.as_ref() == Some(&parts.setup.call_sid));
    CallStatusView {
        call_sid: parts.setup.call_sid.clone(),
        business_id: parts.setup.business,
        call: parts.snapshot.borrow().call.view(Now { at: parts.time.moment(at), wall }),
        realtime: parts.realtime_view.borrow().clone(),
        node: parts.services.introspection.node().to_owned(),
        generations: of_call.map(|actor| (actor.kind, actor.generation)).collect(),
        frames: FramesView {
            sent: frames.sent,
            blocked: frames.blocked,
            padded: frames.padded,
            unjudged: parts.loudness.dropped(),
            queue_depth: frames.depth,
            agent_waiting_ms: parts.downlink.waiting_ms(),
        },
    }
}
