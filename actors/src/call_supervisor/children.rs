//! The four actors of a call: how each is started, and started again.

use std::sync::Arc;
use std::time::Instant;

use ractor::{Actor, ActorCell, ActorId, ActorRef, SpawnErr};

use super::CallSupervisorMsg;
use crate::call::{CallActor, CallArgs};
use crate::call_parts::CallParts;
use crate::lead::{LeadActor, LeadArgs};
use crate::lease::Lease;
use crate::realtime::{RealtimeActor, RealtimeArgs, RealtimeDesk};
use crate::supervision::children::Child;
use crate::supervision::exit::Exit;
use crate::supervision::introspection::{ActorKind, ActorSpec, Card, IntrospectionEvent};
use crate::supervision::policy::Decision;
use crate::supervision::tasks::TaskGroup;
use crate::twilio_io::{TwilioArgs, TwilioDesk, TwilioIoActor};

/// The order in which a call's actors are started; they are stopped in the reverse.
const IN_ORDER: [Part; 4] = [Part::Call, Part::Realtime, Part::TwilioIo, Part::Lead];

/// A part of a call that is an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Call,
    Realtime,
    TwilioIo,
    Lead,
}

/// The four, with what outlives them.
pub(super) struct Children {
    children: [Child; 4],
    twilio: Lease<TwilioDesk>,
    realtime: Lease<RealtimeDesk>,
    /// The tasks of the present generations; those of a dead one are joined before the next.
    realtime_tasks: TaskGroup,
    lead_tasks: TaskGroup,
    parent: u64,
}

impl Children {
    /// Starts all four.
    pub(super) async fn start(
        me: &ActorRef<CallSupervisorMsg>,
        parts: &Arc<CallParts>,
        card: &Card,
    ) -> Result<Self, SpawnErr> {
        let now = parts.clock.now();
        let (uplink, downlink) = (Arc::clone(&parts.uplink), Arc::clone(&parts.downlink));
        let desk = RealtimeDesk::new(&parts.setup, uplink, downlink, now);
        let mut children = Self {
            children: IN_ORDER.map(|part| Child::new(part.kind())),
            twilio: Lease::new(TwilioDesk::new(&parts.setup.settings.barge_in)),
            realtime: Lease::new(desk),
            realtime_tasks: TaskGroup::new(),
            lead_tasks: TaskGroup::new(),
            parent: card.id(),
        };
        for place in 0..IN_ORDER.len() {
            children.spawn(place, me, parts).await?;
        }
        Ok(children)
    }

    /// One of the four ended unasked. Returns what it was, and whether it starts again.
    pub(super) fn ended(
        &mut self,
        who: ActorId,
        exit: &Exit,
        me: &ActorRef<CallSupervisorMsg>,
        parts: &Arc<CallParts>,
    ) -> Option<(ActorKind, Decision)> {
        let place = self.children.iter().position(|child| child.is(who))?;
        let child = &mut self.children[place];
        let kind = child.kind();
        let decision = child.ended(exit, &parts.services.restarts, parts.clock.now());
        let error = child.last_error().unwrap_or_default().to_owned();
        tracing::error!(kind = kind.as_str(), error, "a part of the call failed");
        let call_sid = Some(parts.setup.call_sid.clone());
        parts.services.introspection.tell(IntrospectionEvent::ActorCrashed {
            kind,
            call_sid,
            error,
        });
        self.join_what_is_left(IN_ORDER[place], me.clone());
        Some((kind, decision))
    }

    /// What a dead generation left behind is joined.
    pub(super) fn joined(&mut self, kind: ActorKind) {
        if let Some(child) = self.children.iter_mut().find(|child| child.kind() == kind) {
            child.joined();
        }
    }

    /// When the next restart is due.
    pub(super) fn starts_at(&self) -> Option<Instant> {
        self.children.iter().filter_map(Child::starts_at).min()
    }

    /// Starts again what is due.
    pub(super) async fn restart_due(
        &mut self,
        me: &ActorRef<CallSupervisorMsg>,
        parts: &Arc<CallParts>,
    ) -> Result<(), SpawnErr> {
        for place in 0..self.children.len() {
            if self.children[place].starts_at().is_some_and(|at| at <= parts.clock.now()) {
                let generation = self.children[place].next_generation();
                tracing::info!(
                    kind = self.children[place].kind().as_str(), %generation,
                    "a part of the call starts again"
                );
                self.spawn(place, me, parts).await?;
            }
        }
        Ok(())
    }

    /// Closes the session's socket at once, whatever its actor is doing (CALL-5).
    pub(super) fn cut_session(&self) {
        self.realtime_tasks.cancel();
    }

    /// Those that run, in the order they were started, and the tasks they have.
    pub(super) fn take_down(&mut self) -> (Vec<ActorCell>, [TaskGroup; 2]) {
        let running = self.children.iter().filter_map(|child| child.cell().cloned()).collect();
        (running, [self.realtime_tasks.clone(), self.lead_tasks.clone()])
    }

    /// A successor starts only after its predecessor's tasks are over and its desk was given back.
    fn join_what_is_left(&mut self, part: Part, me: ActorRef<CallSupervisorMsg>) {
        let tasks = match part {
            Part::Realtime => std::mem::take(&mut self.realtime_tasks),
            Part::Lead => std::mem::take(&mut self.lead_tasks),
            Part::Call | Part::TwilioIo => TaskGroup::new(),
        };
        let (twilio, realtime) = (self.twilio.clone(), self.realtime.clone());
        tokio::spawn(async move {
            tasks.cancel_and_join().await;
            match part {
                Part::TwilioIo => drop(twilio.take().await),
                Part::Realtime => drop(realtime.take().await),
                Part::Call | Part::Lead => {}
            }
            let kind = part.kind();
            // A supervisor that is gone restarts nobody.
            let _ = me.cast(CallSupervisorMsg::Joined { kind });
        });
    }

    async fn spawn(
        &mut self,
        place: usize,
        me: &ActorRef<CallSupervisorMsg>,
        parts: &Arc<CallParts>,
    ) -> Result<(), SpawnErr> {
        let supervisor = me.get_cell();
        let card = self.register(place, parts);
        let shared = Arc::clone(parts);
        let cell = match IN_ORDER[place] {
            Part::Call => {
                let args = CallArgs { parts: shared, card };
                Actor::spawn_linked(None, CallActor, args, supervisor).await?.0.get_cell()
            }
            Part::Realtime => {
                let (desk, tasks) = (self.realtime.take().await, self.realtime_tasks.clone());
                let args = RealtimeArgs { parts: shared, desk, tasks, card };
                Actor::spawn_linked(None, RealtimeActor, args, supervisor).await?.0.get_cell()
            }
            Part::TwilioIo => {
                let desk = self.twilio.take().await;
                let args = TwilioArgs { parts: shared, desk, card };
                Actor::spawn_linked(None, TwilioIoActor, args, supervisor).await?.0.get_cell()
            }
            Part::Lead => {
                let args = LeadArgs { parts: shared, tasks: self.lead_tasks.clone(), card };
                Actor::spawn_linked(None, LeadActor, args, supervisor).await?.0.get_cell()
            }
        };
        self.children[place].started(cell);
        Ok(())
    }

    fn register(&self, place: usize, parts: &Arc<CallParts>) -> Card {
        let child = &self.children[place];
        let shared = Arc::clone(parts);
        let part = IN_ORDER[place];
        let spec = ActorSpec {
            kind: part.kind(),
            parent: Some(self.parent),
            call_sid: Some(parts.setup.call_sid.clone()),
            generation: child.generation(),
            last_error: child.last_error().map(str::to_owned),
            depth: Box::new(move || match part {
                Part::Call => shared.call.depth(),
                Part::TwilioIo => shared.twilio.depth(),
                Part::Realtime => shared.realtime.depth(),
                Part::Lead => shared.lead.depth(),
            }),
        };
        parts.services.introspection.register(spec, parts.clock.now())
    }
}

impl Part {
    fn kind(self) -> ActorKind {
        match self {
            Self::Call => ActorKind::Call,
            Self::Realtime => ActorKind::Realtime,
            Self::TwilioIo => ActorKind::TwilioIo,
            Self::Lead => ActorKind::Lead,
        }
    }
}
