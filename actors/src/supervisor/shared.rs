//! The actors that all calls share: journal, calendar, messaging, outbox. They restart by the same policy
//! as the actors of a call. Beyond it the root fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::ids::CallSid;
use ractor::{Actor, ActorCell, ActorRef, SpawnErr, SupervisionEvent};
use supervision::children::Start;
use supervision::{ActorInfo, Children, Decision, Generation};
use thiserror::Error;

use super::message::{SharedPart, SupervisorMsg};
use crate::calendar::{CalendarActor, CalendarArgs};
use crate::call_parts::Services;
use crate::introspection::{ActorKind, IntrospectionEvent};
use crate::journal::{JournalActor, JournalArgs};
use crate::messaging::{MessagingActor, MessagingArgs, MessagingServices};
use crate::outbox::{OutboxActor, OutboxArgs, OutboxServices};

/// The start order. They stop in the reverse order.
const IN_ORDER: [SharedPart; 4] =
    [SharedPart::Outbox, SharedPart::Journal, SharedPart::Calendar, SharedPart::Messaging];

/// How often a stopping daemon checks whether the journal is written.
const CHECK_EVERY: Duration = Duration::from_millis(20);

/// A shared actor failed too often: the daemon cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the shared actor {} failed too often", .0.as_str())]
pub(super) struct SharedActorLost(ActorKind);

pub(super) struct SharedActors {
    children: Children<SharedPart>,
    services: Services,
    /// The root's id in the registry.
    parent: u64,
}

impl SharedActors {
    pub(super) async fn start(
        me: &ActorRef<SupervisorMsg>,
        services: &Services,
        parent: u64,
    ) -> Result<Self, SpawnErr> {
        let children = Children::new(IN_ORDER, services.restarts.clone());
        let mut shared = Self { children, services: services.clone(), parent };
        shared.start_due(me).await?;
        Ok(shared)
    }

    /// Starts what has stopped and whose pause is over. At the beginning that is all of them.
    pub(super) async fn start_due(&mut self, me: &ActorRef<SupervisorMsg>) -> Result<(), SpawnErr> {
        while let Some(start) = self.children.next_start(self.services.clock.now()) {
            if start.generation != Generation::default() {
                self.services.metrics.restarted(start.kind.kind());
            }
            let (part, actor) = (start.kind, self.spawn(start, me).await?);
            self.children.started(part, actor);
        }
        Ok(())
    }

    /// Reads ractor's event: a shared actor may have failed.
    pub(super) fn on_event(
        &mut self,
        event: &SupervisionEvent,
        me: &ActorRef<SupervisorMsg>,
    ) -> Result<(), SharedActorLost> {
        let now = self.services.clock.now();
        let Some(ended) = self.children.on_event(event, now) else { return Ok(()) };
        let (part, kind, error) = (ended.kind, ended.kind.kind(), ended.error);
        tracing::error!(kind = kind.as_str(), error, "a shared actor failed");
        let crashed = IntrospectionEvent::ActorCrashed { kind, call_sid: None, error };
        self.services.introspection.tell(crashed);
        if ended.decision == Decision::GiveUp {
            return Err(SharedActorLost(kind));
        }
        let (left, me) = (ended.tasks, me.clone());
        tokio::spawn(async move {
            left.cancel_and_join().await;
            let _ = me.cast(SupervisorMsg::Joined(part));
        });
        Ok(())
    }

    pub(super) fn joined(&mut self, part: SharedPart) {
        self.children.joined(part);
    }

    pub(super) fn next_restart(&self) -> Option<Instant> {
        self.children.next_restart()
    }

    /// Stops all. The journal gets up to `patience` to write what waits.
    pub(super) async fn stop(&self, patience: Duration) {
        let journal = &self.services.journal;
        let written = async {
            while journal.depth() > 0 {
                tokio::time::sleep(CHECK_EVERY).await;
            }
        };
        if tokio::time::timeout(patience, written).await.is_err() {
            tracing::warn!(left = journal.depth(), "the database does not take the journal");
        }
        self.children.stop(patience).await;
        journal.keep().await;
    }

    async fn spawn(
        &self,
        start: Start<SharedPart>,
        me: &ActorRef<SupervisorMsg>,
    ) -> Result<ActorCell, SpawnErr> {
        let services = &self.services;
        let (part, tasks) = (start.kind, start.tasks.clone());
        let (database, clock) = (services.database.clone(), services.clock);
        let registration = services.introspection.register(self.info(start), clock.now());
        let supervisor = me.get_cell();
        Ok(match part {
            SharedPart::Journal => {
                let (journal, chance) = (services.journal.clone(), services.chance.clone());
                let writer = journal.writer(database, chance, services.node.clone());
                let args = JournalArgs { journal, writer, clock, tasks, registration };
                Actor::spawn_linked(None, JournalActor, args, supervisor).await?.0.get_cell()
            }
            SharedPart::Calendar => {
                let (inbox, chance) = (services.calendar.clone(), services.chance.clone());
                let args = CalendarArgs { inbox, database, clock, chance, tasks, registration };
                Actor::spawn_linked(None, CalendarActor, args, supervisor).await?.0.get_cell()
            }
            SharedPart::Messaging => {
                let services = MessagingServices {
                    messaging: services.messaging.clone(),
                    node: services.node.clone(),
                    clock,
                    chance: services.chance.clone(),
                    database,
                    calendar: services.calendar.clone(),
                    twilio: services.twilio.clone(),
                    text_model: services.text_model.clone(),
                    introspection: services.introspection.clone(),
                    metrics: Arc::clone(&services.metrics),
                };
                let args = MessagingArgs { services, tasks, registration };
                Actor::spawn_linked(None, MessagingActor, args, supervisor).await?.0.get_cell()
            }
            SharedPart::Outbox => {
                let services = OutboxServices {
                    outbox: services.outbox.clone(),
                    node: services.node.clone(),
                    clock,
                    chance: services.chance.clone(),
                    database,
                    twilio: services.twilio.clone(),
                    metrics: Arc::clone(&services.metrics),
                };
                let args = OutboxArgs { services, tasks, registration };
                Actor::spawn_linked(None, OutboxActor, args, supervisor).await?.0.get_cell()
            }
        })
    }

    fn info(&self, start: Start<SharedPart>) -> ActorInfo<ActorKind, CallSid> {
        let (journal, calendar) = (self.services.journal.clone(), self.services.calendar.clone());
        let (messaging, outbox) = (self.services.messaging.clone(), self.services.outbox.clone());
        let part = start.kind;
        ActorInfo {
            kind: part.kind(),
            parent: Some(self.parent),
            scope: None,
            generation: start.generation,
            last_error: start.last_error,
            depth: Box::new(move || match part {
                SharedPart::Journal => journal.depth(),
                SharedPart::Calendar => calendar.depth(),
                SharedPart::Messaging => messaging.depth(),
                SharedPart::Outbox => outbox.depth(),
            }),
        }
    }
}
