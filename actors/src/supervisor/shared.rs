//! The actors that all calls share: calendar, messaging, journal. Permanent: started again by the same
//! policy as the parts of a call; past it the root gives up.

use std::time::{Duration, Instant};

use ractor::{Actor, ActorId, ActorRef, SpawnErr};
use thiserror::Error;

use super::SupervisorMsg;
use crate::calendar::{CalendarActor, CalendarArgs};
use crate::call_parts::Services;
use crate::journal::{JournalActor, JournalArgs};
use crate::messaging::MessagingActor;
use crate::supervision::children::{Child, stop_in_reverse};
use crate::supervision::exit::Exit;
use crate::supervision::introspection::{ActorKind, ActorSpec, Card, IntrospectionEvent};
use crate::supervision::policy::Decision;
use crate::supervision::tasks::TaskGroup;

/// The order in which they are started; they are stopped in the reverse.
const IN_ORDER: [Part; 3] = [Part::Journal, Part::Calendar, Part::Messaging];

/// An actor that all calls share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Journal,
    Calendar,
    Messaging,
}

/// How often a stopping daemon looks whether the journal is written.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A shared actor failed more often than it may: the daemon can't do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the shared actor {} failed too often", .0.as_str())]
pub(super) struct SharedActorLost(ActorKind);

pub(super) struct Shared {
    children: [(Child, TaskGroup); 3],
    parent: u64,
}

impl Shared {
    pub(super) async fn start(
        me: &ActorRef<SupervisorMsg>,
        services: &Services,
        parent: u64,
    ) -> Result<Self, SpawnErr> {
        let children = IN_ORDER.map(|part| (Child::new(part.kind()), TaskGroup::new()));
        let mut shared = Self { children, parent };
        for place in 0..IN_ORDER.len() {
            shared.spawn(place, me, services).await?;
        }
        Ok(shared)
    }

    /// One of them ended unasked.
    pub(super) fn ended(
        &mut self,
        who: ActorId,
        exit: &Exit,
        me: &ActorRef<SupervisorMsg>,
        services: &Services,
    ) -> Result<(), SharedActorLost> {
        let Some((child, tasks)) = self.children.iter_mut().find(|(child, _)| child.is(who)) else {
            return Ok(());
        };
        let kind = child.kind();
        let decision = child.ended(exit, &services.restarts, services.clock.now());
        let error = child.last_error().unwrap_or_default().to_owned();
        tracing::error!(kind = kind.as_str(), error, "a shared actor failed");
        services.introspection.tell(IntrospectionEvent::ActorCrashed {
            kind,
            call_sid: None,
            error,
        });
        if decision == Decision::GiveUp {
            return Err(SharedActorLost(kind));
        }
        let (left, me) = (std::mem::take(tasks), me.clone());
        tokio::spawn(async move {
            left.cancel_and_join().await;
            let _ = me.cast(SupervisorMsg::Joined(kind));
        });
        Ok(())
    }

    pub(super) fn joined(&mut self, kind: ActorKind) {
        if let Some((child, _)) = self.children.iter_mut().find(|(child, _)| child.kind() == kind) {
            child.joined();
        }
    }

    pub(super) fn starts_at(&self) -> Option<Instant> {
        self.children.iter().filter_map(|(child, _)| child.starts_at()).min()
    }

    pub(super) async fn restart_due(
        &mut self,
        me: &ActorRef<SupervisorMsg>,
        services: &Services,
    ) -> Result<(), SpawnErr> {
        for place in 0..self.children.len() {
            if self.children[place].0.starts_at().is_some_and(|at| at <= services.clock.now()) {
                self.children[place].0.next_generation();
                self.spawn(place, me, services).await?;
            }
        }
        Ok(())
    }

    /// Stops them, the journal last and only when it has written everything it was given.
    pub(super) async fn stop(&mut self, services: &Services, patience: Duration) {
        let written = async {
            while services.journal.depth() > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(patience, written).await.is_err() {
            let left = services.journal.depth();
            tracing::error!(left, "the journal could not be written to its end");
        }
        let running: Vec<_> =
            self.children.iter().filter_map(|(child, _)| child.cell().cloned()).collect();
        stop_in_reverse(running.into_iter(), patience).await;
        for (_, tasks) in &self.children {
            tasks.cancel_and_join().await;
        }
    }

    async fn spawn(
        &mut self,
        place: usize,
        me: &ActorRef<SupervisorMsg>,
        services: &Services,
    ) -> Result<(), SpawnErr> {
        let (card, supervisor) = (self.register(place, services), me.get_cell());
        let (child, tasks) = &mut self.children[place];
        let (database, clock, tasks) = (services.database.clone(), services.clock, tasks.clone());
        let cell = match IN_ORDER[place] {
            Part::Journal => {
                let args =
                    JournalArgs { port: services.journal.clone(), database, clock, tasks, card };
                Actor::spawn_linked(None, JournalActor, args, supervisor).await?.0.get_cell()
            }
            Part::Calendar => {
                let port = services.calendar.clone();
                let args = CalendarArgs { port, database, clock, tasks, card };
                Actor::spawn_linked(None, CalendarActor, args, supervisor).await?.0.get_cell()
            }
            Part::Messaging => {
                Actor::spawn_linked(None, MessagingActor, card, supervisor).await?.0.get_cell()
            }
        };
        child.started(cell);
        Ok(())
    }

    fn register(&self, place: usize, services: &Services) -> Card {
        let child = &self.children[place].0;
        let (journal, calendar) = (services.journal.clone(), services.calendar.clone());
        let part = IN_ORDER[place];
        let spec = ActorSpec {
            kind: part.kind(),
            parent: Some(self.parent),
            call_sid: None,
            generation: child.generation(),
            last_error: child.last_error().map(str::to_owned),
            depth: Box::new(move || match part {
                Part::Journal => journal.depth(),
                Part::Calendar => calendar.depth(),
                Part::Messaging => 0,
            }),
        };
        services.introspection.register(spec, services.clock.now())
    }
}

impl Part {
    fn kind(self) -> ActorKind {
        match self {
            Self::Journal => ActorKind::Journal,
            Self::Calendar => ActorKind::Calendar,
            Self::Messaging => ActorKind::Messaging,
        }
    }
}
