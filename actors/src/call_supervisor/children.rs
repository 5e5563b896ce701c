//! The four actors of a call: how they are started and restarted.

use std::sync::Arc;
use std::time::Instant;

use ractor::{Actor, ActorCell, ActorRef, SpawnErr, SupervisionEvent};
use supervision::children::Start;
use supervision::{ActorInfo, Children, Decision, InSpan, Lease, TaskGroup};
use tracing::Instrument as _;

use super::message::{CallSupervisorMsg, Part};
use crate::call::{CallActor, CallArgs};
use crate::call_parts::CallParts;
use crate::introspection::{ActorKind, IntrospectionEvent};
use crate::lead::{LeadActor, LeadArgs};
use crate::mistake::planted;
use crate::realtime::{RealtimeActor, RealtimeArgs, SessionState};
use crate::twilio_io::{PlaybackState, TwilioArgs, TwilioIoActor};

/// The start order. Actors stop in the reverse order.
const IN_ORDER: [Part; 4] = [Part::Call, Part::Realtime, Part::TwilioIo, Part::Lead];

/// The four actors, and the state that outlives them.
pub(super) struct CallChildren {
    children: Children<Part>,
    playback: Lease<PlaybackState>,
    session: Lease<SessionState>,
    /// CallSupervisor's id in the registry.
    parent: u64,
    parts: Arc<CallParts>,
}

impl CallChildren {
    pub(super) async fn start(
        me: &ActorRef<CallSupervisorMsg>,
        parts: &Arc<CallParts>,
        parent: u64,
    ) -> Result<Self, SpawnErr> {
        let (uplink, downlink) = (Arc::clone(&parts.uplink), Arc::clone(&parts.downlink));
        let session = SessionState::new(
            &parts.setup,
            uplink,
            downlink,
            Arc::clone(&parts.services.transcriptions),
            parts.clock.now(),
        );
        // What resumes says itself whether it wants one.
        let session = if parts.is_resumed { session.wait_for_order() } else { session };
        let mut children = Self {
            children: Children::new(IN_ORDER, parts.services.restarts.clone()),
            playback: Lease::new(PlaybackState::new(&parts.setup.settings.barge_in, parts.time)),
            session: Lease::new(session),
            parent,
            parts: Arc::clone(parts),
        };
        children.start_due(me).await?;
        Ok(children)
    }

    /// Starts what has stopped, in order, as soon as its pause is over and its tasks are joined.
    pub(super) async fn start_due(
        &mut self,
        me: &ActorRef<CallSupervisorMsg>,
    ) -> Result<(), SpawnErr> {
        while let Some(start) = self.children.next_start(self.parts.clock.now()) {
            let (kind, generation) = (start.kind.kind().as_str(), start.generation);
            if generation != supervision::Generation::default() {
                tracing::info!(kind, %generation, "restarting an actor of the call");
                self.parts.services.metrics.restarted(start.kind.kind());
            }
            // Boxed: the actor's task would keep room for it throughout the call.
            let (part, actor) = (start.kind, Box::pin(self.spawn(start, me)).await?);
            self.children.started(part, actor);
        }
        Ok(())
    }

    /// Reads ractor's event. If one of the four failed, returns which one, and whether it restarts.
    pub(super) fn on_event(
        &mut self,
        event: &SupervisionEvent,
        me: &ActorRef<CallSupervisorMsg>,
    ) -> Option<(ActorKind, Decision)> {
        let ended = self.children.on_event(event, self.parts.clock.now())?;
        let (kind, error) = (ended.kind.kind(), ended.error);
        tracing::error!(kind = kind.as_str(), error, "an actor of the call failed");
        let call_sid = Some(self.parts.setup.call_sid.clone());
        let crashed = IntrospectionEvent::ActorCrashed { kind, call_sid, error };
        self.parts.services.introspection.tell(crashed);
        self.join(ended.kind, ended.tasks, me.clone());
        Some((kind, ended.decision))
    }

    pub(super) fn joined(&mut self, part: Part) {
        self.children.joined(part);
    }

    pub(super) fn next_restart(&self) -> Option<Instant> {
        self.children.next_restart()
    }

    /// Closes the session's socket at once, without waiting for RealtimeActor (CALL-5).
    pub(super) fn close_session(&self) {
        if let Some(tasks) = self.children.tasks(Part::Realtime) {
            tasks.cancel();
        }
    }

    pub(super) fn playback(&self) -> Lease<PlaybackState> {
        self.playback.clone()
    }

    /// The running actors in their start order, and all their tasks.
    pub(super) fn running(&self) -> (Vec<ActorCell>, Vec<TaskGroup>) {
        self.children.running()
    }

    /// Joins the dead actor's tasks and waits until it has dropped its leased state. Then it may
    /// restart.
    fn join(&self, part: Part, left: TaskGroup, me: ActorRef<CallSupervisorMsg>) {
        let (playback, session) = (self.playback.clone(), self.session.clone());
        let joining = async move {
            if planted!(EarlyRestart if part == Part::Realtime) {
                drop(tokio::spawn(async move { left.join().await }));
            } else {
                left.cancel_and_join().await;
            }
            match part {
                Part::TwilioIo => drop(playback.take().await),
                Part::Realtime => drop(session.take().await),
                Part::Call | Part::Lead => {}
            }
            // A stopped supervisor restarts nobody.
            let _ = me.cast(CallSupervisorMsg::Joined(part));
        };
        tokio::spawn(joining.in_current_span());
    }

    async fn spawn(
        &self,
        start: Start<Part>,
        me: &ActorRef<CallSupervisorMsg>,
    ) -> Result<ActorCell, SpawnErr> {
        let (part, tasks) = (start.kind, start.tasks.clone());
        let parts = Arc::clone(&self.parts);
        let registration =
            parts.services.introspection.register(self.info(start), parts.clock.now());
        let supervisor = me.get_cell();
        match part {
            Part::Call => {
                let args = CallArgs { parts, registration };
                spawn(CallActor, args, supervisor).await
            }
            Part::Realtime => {
                let session = self.session.take().await;
                let args = RealtimeArgs { parts, session, tasks, registration };
                spawn(RealtimeActor, args, supervisor).await
            }
            Part::TwilioIo => {
                let playback = self.playback.take().await;
                let args = TwilioArgs { parts, playback, registration };
                spawn(TwilioIoActor, args, supervisor).await
            }
            Part::Lead => {
                let args = LeadArgs { parts, tasks, registration };
                spawn(LeadActor, args, supervisor).await
            }
        }
    }

    fn info(&self, start: Start<Part>) -> ActorInfo<ActorKind, protocol::ids::CallSid> {
        let (part, parts) = (start.kind, Arc::clone(&self.parts));
        ActorInfo {
            kind: part.kind(),
            parent: Some(self.parent),
            scope: Some(parts.setup.call_sid.clone()),
            generation: start.generation,
            last_error: start.last_error,
            depth: Box::new(move || match part {
                Part::Call => parts.call.depth(),
                Part::TwilioIo => parts.twilio.depth(),
                Part::Realtime => parts.realtime.depth(),
                Part::Lead => parts.lead.depth(),
            }),
        }
    }
}

/// Starts an actor that logs in the call's span.
async fn spawn<A: Actor>(
    actor: A,
    args: A::Arguments,
    supervisor: ActorCell,
) -> Result<ActorCell, SpawnErr> {
    let actor = InSpan::current(actor);
    Ok(Actor::spawn_linked(None, actor, args, supervisor).await?.0.get_cell())
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
