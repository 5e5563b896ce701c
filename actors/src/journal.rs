//! JournalActor: writes turns and call records to the database, in the order in which they arrive.
//! No call waits for it. An entry that cannot be written stays in the inbox and is retried. Writing
//! it twice is harmless.

use std::time::Duration;

use entities::call_turns;
use entities::calls::{self, EndOfCall, NewCall};
use entities::{Database, RecordsError};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, Delivery, Inbox, Serial, TaskCrashed, TaskGroup};

use crate::clock::Clock;
use crate::introspection::Registration;
use crate::messages::{EntryKind, JournalEntry};
use crate::trace::{self, Source};

/// Entries that may wait. Further entries stay in the calls' outboxes.
pub const INBOX_CAPACITY: usize = 4096;

/// The pause before an entry is retried after a database error.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) enum JournalMsg {
    /// Something waits in the inbox.
    Wake,
    /// Retry the entry that failed.
    Alarm,
    /// The entry with this number is written, or never can be.
    Written(u64),
    /// The database failed. The entry with this number stays.
    Failed(u64),
    TaskCrashed(TaskCrashed),
}

pub(crate) struct JournalActor;

pub(crate) struct JournalArgs {
    pub(crate) inbox: Inbox<JournalEntry>,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct JournalState {
    inbox: Serial<JournalEntry, JournalMsg>,
    database: Database,
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
            inbox: Serial::new(reader, alarm, RETRY_PAUSE),
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
        trace::handler(&state.registration, format_args!("{message:?}"));
        match message {
            JournalMsg::Wake => state.inbox.woken(),
            JournalMsg::Alarm => state.inbox.retry(),
            JournalMsg::Written(number) => {
                trace::done(&state.registration, number);
                state.inbox.done(number);
            }
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
        let Some(delivery) = self.inbox.start_next() else { return };
        trace::taken(&self.registration, &delivery);
        let Delivery { number, event: entry, .. } = delivery;
        let (me, db) = (me.clone(), self.database.clone());
        let work = async move {
            let message = match write(&entry, &db).await {
                Ok(()) => JournalMsg::Written(number),
                Err(error @ RecordsError::Database(_)) => {
                    tracing::error!(%error, "writing the journal failed; trying again");
                    JournalMsg::Failed(number)
                }
                Err(error) => {
                    let call = &entry.call;
                    tracing::error!(%error, %call, "the database refused a journal entry");
                    JournalMsg::Written(number)
                }
            };
            let _ = me.cast(message);
        };
        self.tasks.spawn("journal", Source::actor(&self.registration).task("journal", work));
    }
}

async fn write(entry: &JournalEntry, db: &Database) -> Result<(), RecordsError> {
    let (business, call) = (entry.business, &entry.call);
    match &entry.kind {
        EntryKind::Started(new) => {
            calls::insert_started(db, business, NewCall::clone(new)).await.map(drop)
        }
        EntryKind::Turn(row) => {
            call_turns::upsert_many(db, business, call, std::slice::from_ref(row)).await
        }
        EntryKind::Lead(lead) => calls::link_lead(db, business, call, *lead).await,
        EntryKind::Progress(progress) => {
            calls::record_progress(db, business, call, *progress).await
        }
        EntryKind::Ended(end) => {
            calls::record_end(db, business, call, EndOfCall::clone(end)).await.map(drop)
        }
    }
}
