//! CalendarActor: one for all calls. What it is asked is answered by tasks, so that one business's
//! slow query delays no other business (CAL-5).

use entities::RecordsError;
use entities::appointments::{self, AppointmentRecord};
use protocol::ids::{BusinessId, LeadId};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sea_orm::DatabaseConnection;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::port::{Begun, Port, Reader};
use crate::supervision::introspection::Card;
use crate::supervision::tasks::{TaskCrashed, TaskGroup};

/// Requests that may wait; who asks more waits with them.
pub const WAITING: usize = 1024;

/// Where an answer goes; taken once.
type Reply<T> = Mutex<Option<oneshot::Sender<T>>>;

/// What the calendar can be asked.
#[derive(Debug)]
pub enum CalendarRequest {
    /// The appointments a lead still has before it, soonest first.
    Upcoming {
        /// The tenant.
        business: BusinessId,
        /// The person.
        lead: LeadId,
        /// Where the answer goes.
        reply: Reply<Result<Vec<AppointmentRecord>, RecordsError>>,
    },
}

/// Asks for the appointments a lead still has before it. `None` if the calendar did not answer.
pub async fn upcoming(
    calendar: &Port<CalendarRequest>,
    business: BusinessId,
    lead: LeadId,
) -> Option<Result<Vec<AppointmentRecord>, RecordsError>> {
    let (reply, answer) = oneshot::channel();
    let reply = Mutex::new(Some(reply));
    calendar.send(CalendarRequest::Upcoming { business, lead, reply }).await.ok()?;
    answer.await.ok()
}

/// CalendarActor's messages.
#[derive(Debug)]
pub enum CalendarMsg {
    /// Something waits in the port.
    Doorbell,
    /// A task of this actor panicked.
    TaskCrashed(TaskCrashed),
}

/// The actor.
pub struct CalendarActor;

/// What it is started with.
pub struct CalendarArgs {
    /// What it is asked.
    pub port: Port<CalendarRequest>,
    /// Where appointments are.
    pub database: DatabaseConnection,
    /// The clocks.
    pub clock: Clock,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its entry in the introspection.
    pub card: Card,
}

/// CalendarActor's state.
pub struct CalendarState {
    inbox: Reader<CalendarRequest>,
    database: DatabaseConnection,
    clock: Clock,
    tasks: TaskGroup,
    card: Card,
}

impl Actor for CalendarActor {
    type Msg = CalendarMsg;
    type State = CalendarState;
    type Arguments = CalendarArgs;

    async fn pre_start(
        &self,
        me: ActorRef<CalendarMsg>,
        args: CalendarArgs,
    ) -> Result<CalendarState, ActorProcessingErr> {
        me.cast(CalendarMsg::Doorbell)?;
        args.tasks.tell(me.clone(), CalendarMsg::TaskCrashed);
        let inbox = args.port.attach(me, || CalendarMsg::Doorbell);
        args.card.set_state("idle");
        let (database, clock, tasks, card) = (args.database, args.clock, args.tasks, args.card);
        Ok(CalendarState { inbox, database, clock, tasks, card })
    }

    async fn handle(
        &self,
        _me: ActorRef<CalendarMsg>,
        message: CalendarMsg,
        state: &mut CalendarState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            CalendarMsg::Doorbell => state.inbox.answer(),
            CalendarMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        while let Some(Begun { number, event, .. }) = state.inbox.begin_next() {
            let (db, now) = (state.database.clone(), state.clock.wall());
            let CalendarRequest::Upcoming { business, lead, reply } = &*event;
            let (business, lead) = (*business, *lead);
            let reply = reply.lock().unwrap_or_else(PoisonError::into_inner).take();
            state.tasks.spawn("calendar", async move {
                let found = appointments::of_lead_upcoming(&db, business, lead, now).await;
                if let Some(reply) = reply {
                    // Whoever asked may have gone.
                    let _ = reply.send(found);
                }
            });
            state.inbox.remove(number);
        }
        state.card.handled(state.clock.now());
        Ok(())
    }
}
