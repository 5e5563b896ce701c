//! OutboxActor: sends events to other systems, and lines to owners, for all businesses (OPS-13).
//!
//! What is to be sent is in the database: `entities::outbox`. The actor claims what is due and sends each
//! event in a task. A receiver that is slow holds up its own business alone. Whatever dies, the claim
//! ends, and the event is sent again.

mod failure;
mod notices;
mod sending;
mod services;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use entities::RecordsError;
use entities::outbox::{self as rows, Backlog, Claimed};
use jiff::Timestamp;
use protocol::ids::BusinessId;
use protocol::webhooks::Target;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, TaskCrashed, TaskGroup};
use uuid::Uuid;

use crate::introspection::Registration;
use crate::outage::Outage;
use crate::trace::{self, Source};
pub use services::Outbox;
pub(crate) use services::OutboxServices;

/// How often it is looked for events that other processes have written.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is asked whether another node has died. The database is looked at if one has.
const LOOK_AMONG_NODES: Duration = Duration::from_secs(5);
/// Events of one business and target that are sent at once.
const MOST_PER_LANE: u32 = 4;
/// Events that are sent at once. The others wait in the database.
const MOST: u32 = 256;
/// How long a claim lasts. It is longer than a try may take.
const LEASE: Duration = Duration::from_secs(90);

type Lane = (BusinessId, Target);

#[derive(Debug)]
pub(crate) enum OutboxMsg {
    /// Events were written in this process.
    Rung,
    /// It is time to look for what is due.
    Alarm,
    Found(Result<Found, RecordsError>),
    /// A try has ended.
    Done(Lane),
    TaskCrashed(TaskCrashed),
}

/// What a look has brought.
#[derive(Debug)]
pub(crate) struct Found {
    released: Vec<Uuid>,
    claimed: Vec<Claimed>,
    /// When the next event is due.
    next: Option<Timestamp>,
    backlog: Backlog,
}

pub(crate) struct OutboxActor;

pub(crate) struct OutboxArgs {
    pub(crate) services: OutboxServices,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct OutboxState {
    services: OutboxServices,
    /// How many tries of each lane are under way.
    at_work: BTreeMap<Lane, u32>,
    looking: bool,
    /// When the next look is due.
    look_at: Option<Instant>,
    /// Something has changed since the look that is under way began.
    again: bool,
    /// Owners whose claims are free: a predecessor here, and nodes that have died.
    released: BTreeSet<Uuid>,
    alarm: Alarm<OutboxMsg>,
    tasks: TaskGroup,
    outage: Outage,
    registration: Registration,
}

impl Actor for OutboxActor {
    type Msg = OutboxMsg;
    type State = OutboxState;
    type Arguments = OutboxArgs;

    async fn pre_start(
        &self,
        me: ActorRef<OutboxMsg>,
        args: OutboxArgs,
    ) -> Result<OutboxState, ActorProcessingErr> {
        let OutboxArgs { services, tasks, registration } = args;
        me.cast(OutboxMsg::Alarm)?;
        tasks.report_panics_to(me.clone(), OutboxMsg::TaskCrashed);
        let (bell, listener) = (services.database.bell().clone(), me.clone());
        let listening = async move {
            loop {
                bell.rung().await;
                if listener.cast(OutboxMsg::Rung).is_err() {
                    return;
                }
            }
        };
        tasks.spawn("bell", Source::actor(&registration).task("bell", listening));
        registration.set_state("idle");
        Ok(OutboxState {
            services,
            at_work: BTreeMap::new(),
            looking: false,
            look_at: None,
            again: false,
            released: BTreeSet::new(),
            alarm: Alarm::new(me, || OutboxMsg::Alarm),
            tasks,
            outage: Outage::default(),
            registration,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<OutboxMsg>,
        message: OutboxMsg,
        state: &mut OutboxState,
    ) -> Result<(), ActorProcessingErr> {
        trace::handler(&state.registration, format_args!("{}", message.name()));
        match message {
            OutboxMsg::Rung => state.look(&me),
            OutboxMsg::Alarm => {
                state.alarm.fired();
                state.on_alarm(&me);
            }
            OutboxMsg::Found(found) => state.on_found(found, &me),
            OutboxMsg::Done(lane) => {
                if let Some(count) = state.at_work.get_mut(&lane) {
                    *count -= 1;
                }
                state.at_work.retain(|_, count| *count > 0);
                state.look(&me);
            }
            OutboxMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        let at_work = state.at_work.values().sum::<u32>();
        state.services.outbox.set_at_work(at_work);
        state.registration.set_state(if at_work == 0 { "idle" } else { "sending" });
        state.registration.handled(state.services.clock.now());
        Ok(())
    }
}

impl OutboxMsg {
    fn name(&self) -> &'static str {
        match self {
            Self::Rung => "Rung",
            Self::Alarm => "Alarm",
            Self::Found(_) => "Found",
            Self::Done(_) => "Done",
            Self::TaskCrashed(_) => "TaskCrashed",
        }
    }
}

impl OutboxState {
    fn on_alarm(&mut self, me: &ActorRef<OutboxMsg>) {
        let now = self.services.clock.now();
        if self.look_at.is_none_or(|at| at <= now) || !self.to_release().is_empty() {
            self.look(me);
        } else {
            self.set_alarm(now);
        }
    }

    /// Owners whose claims are to be ended: those of a predecessor here, and of nodes that have died.
    fn to_release(&self) -> Vec<Uuid> {
        let dead = self.services.node.dead().into_iter().map(|node| node.0);
        let owners = std::iter::once(self.services.outbox.owner()).chain(dead);
        owners.filter(|owner| !self.released.contains(owner)).collect()
    }

    fn set_alarm(&mut self, now: Instant) {
        let ask = self.services.node.is_shared().then(|| now + LOOK_AMONG_NODES);
        self.alarm.set(self.look_at.into_iter().chain(ask).min());
    }

    fn look(&mut self, me: &ActorRef<OutboxMsg>) {
        if std::mem::replace(&mut self.looking, true) {
            self.again = true;
            return;
        }
        self.again = false;
        let (services, at_work) = (self.services.clone(), self.at_work.clone());
        let to_release = self.to_release();
        let me = me.clone();
        let work = async move {
            let found = look(&services, &at_work, to_release).await;
            let _ = me.cast(OutboxMsg::Found(found));
        };
        self.tasks.spawn("look", Source::actor(&self.registration).task("look", work));
    }

    fn on_found(&mut self, found: Result<Found, RecordsError>, me: &ActorRef<OutboxMsg>) {
        self.looking = false;
        let (now, wall) = (self.services.clock.now(), self.services.clock.wall());
        let mut next_look = LOOK_EVERY;
        match found {
            Ok(Found { released, claimed, next, backlog }) => {
                self.outage.ended();
                self.released.extend(released);
                self.services.outbox.set_backlog(backlog);
                if let Some(due) = next {
                    next_look = next_look.min(due.duration_since(wall).unsigned_abs());
                }
                for event in claimed {
                    self.send(event, me);
                }
            }
            Err(error) => {
                if let Some(failures) = self.outage.failed(now) {
                    tracing::error!(%error, failures, "events that are due could not be read");
                }
            }
        }
        self.look_at = Some(now + next_look);
        self.set_alarm(now);
        if self.again {
            self.look(me);
        }
    }

    fn send(&mut self, event: Claimed, me: &ActorRef<OutboxMsg>) {
        let lane = (event.record.business_id, event.record.target);
        *self.at_work.entry(lane).or_default() += 1;
        let (services, me) = (self.services.clone(), me.clone());
        let work = async move {
            sending::send(&services, event).await;
            let _ = me.cast(OutboxMsg::Done(lane));
        };
        self.tasks.spawn("event", Source::actor(&self.registration).task("event", work));
    }
}

/// Claims what is due, as much as there are free places for.
async fn look(
    services: &OutboxServices,
    at_work: &BTreeMap<Lane, u32>,
    to_release: Vec<Uuid>,
) -> Result<Found, RecordsError> {
    let (db, owner) = (&services.database, services.outbox.owner());
    let now = services.clock.wall();
    if !to_release.is_empty() {
        rows::release(db, to_release.clone(), now).await?;
    }
    let (lanes, next) = rows::due(db, now).await?;
    let mut free = MOST.saturating_sub(at_work.values().sum());
    let mut claimed = Vec::new();
    for lane in lanes {
        let room = MOST_PER_LANE.saturating_sub(at_work.get(&lane).copied().unwrap_or(0));
        let room = room.min(free);
        if room == 0 {
            continue;
        }
        let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        let events = rows::claim(db, lane, owner, room, now, until).await?;
        free = free.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
        claimed.extend(events);
    }
    Ok(Found { released: to_release, claimed, next, backlog: rows::backlog(db).await? })
}
