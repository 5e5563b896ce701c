//! JournalActor: writes turns and call records to the database, in the order in which they come, and
//! never makes a call wait. What it could not write stays in its inbox and is tried again; what is
//! written twice changes nothing.

use std::time::Duration;

use entities::RecordsError;
use entities::call_turns;
use entities::calls::{self, EndOfCall, NewCall};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use sea_orm::DatabaseConnection;
use supervision::{Alarm, Delivery, Inbox, Serial, TaskCrashed, TaskGroup};

use crate::clock::Clock;
use crate::introspection::Registration;
use crate::messages::{JournalEntry, What};

/// Entries that may wait; a call with more keeps them itself.
pub const WAITING: usize = 4096;

/// The pause before an entry that the database failed is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// JournalActor's messages.
#[derive(Debug)]
pub enum JournalMsg {
    /// Something waits in the inbox.
    Wake,
    /// An entry that failed is to be tried again.
    Alarm,
    /// The entry with this number is written, or can never be.
    Written(u64),
    /// The database failed; the entry with this number stays.
    Failed(u64),
    /// The writer panicked.
    TaskCrashed(TaskCrashed),
}

/// The actor.
pub struct JournalActor;

/// What it is started with.
pub struct JournalArgs {
    /// What waits to be written.
    pub inbox: Inbox<JournalEntry>,
    /// Where it is written.
    pub database: DatabaseConnection,
    /// The clocks.
    pub clock: Clock,
    /// The tasks of this generation.
    pub tasks: TaskGroup,
    /// Its place in the introspection.
    pub registration: Registration,
}

/// JournalActor's state.
pub struct JournalState {
    inbox: Serial<JournalEntry, JournalMsg>,
    database: DatabaseConnection,
    clock: Clock,
    tasks: TaskGroup,
    registration: Registration,
}

impl Actor for JournalActor {
    type Msg = JournalMsg;
    type State = JournalState;
    type Arguments = JournalArgs;

    async fn pre_start(
        &self,
        me: ActorRef<JournalMsg>,
        args: JournalArgs,
    ) -> Result<JournalState, ActorProcessingErr> {
        me.cast(JournalMsg::Wake)?;
        args.tasks.report_panics_to(me.clone(), JournalMsg::TaskCrashed);
        let reader = args.inbox.attach(me.clone(), || JournalMsg::Wake);
        let alarm = Alarm::new(me, || JournalMsg::Alarm);
        Ok(JournalState {
            inbox: Serial::new(reader, alarm, TRY_AGAIN),
            database: args.database,
            clock: args.clock,
            tasks: args.tasks,
            registration: args.registration,
        })
    }

    async fn handle(
        &self,
        me: ActorRef<JournalMsg>,
        message: JournalMsg,
        state: &mut JournalState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            JournalMsg::Wake => state.inbox.woken(),
            JournalMsg::Alarm => state.inbox.retry(),
            JournalMsg::Written(number) => state.inbox.done(number),
            JournalMsg::Failed(number) => state.inbox.failed(number, state.clock.now()),
            JournalMsg::TaskCrashed(crashed) => return Err(crashed.into()),
        }
        state.write_next(&me);
        state.registration.set_state(if state.inbox.is_busy() { "writing" } else { "idle" });
        state.registration.handled(state.clock.now());
        Ok(())
    }
}

impl JournalState {
    fn write_next(&mut self, me: &ActorRef<JournalMsg>) {
        let Some(Delivery { number, event: entry, .. }) = self.inbox.start_next() else { return };
        let (me, db) = (me.clone(), self.database.clone());
        self.tasks.spawn("journal", async move {
            let message = match write(&entry, &db).await {
                Ok(()) => JournalMsg::Written(number),
                Err(error @ RecordsError::Database(_)) => {
                    tracing::error!(%error, "the journal could not be written; trying again");
                    JournalMsg::Failed(number)
                }
                Err(error) => {
                    tracing::error!(%error, call = %entry.call, "a record was refused");
                    JournalMsg::Written(number)
                }
            };
            let _ = me.cast(message);
        });
    }
}

async fn write(entry: &JournalEntry, db: &DatabaseConnection) -> Result<(), RecordsError> {
    let (business, call) = (entry.business, &entry.call);
    match &entry.what {
        What::Started(new) => {
            calls::insert_started(db, business, NewCall::clone(new)).await.map(drop)
        }
        What::Turn(row) => {
            call_turns::upsert_many(db, business, call, std::slice::from_ref(row)).await
        }
        What::Lead(lead) => calls::link_lead(db, business, call, *lead).await,
        What::Progress(progress) => calls::record_progress(db, business, call, *progress).await,
        What::Ended(end) => {
            calls::record_end(db, business, call, EndOfCall::clone(end)).await.map(drop)
        }
    }
}
