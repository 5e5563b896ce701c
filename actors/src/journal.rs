//! JournalActor: writes turns and call records to the database, in the order in which they arrive. What
//! comes within 0.1 s of the last transaction waits, and is written together; what a call waits for is not
//! held up.
//! No call waits for it. What the database does not take now goes on on disk, and is written later,
//! after a restart too. Writing an entry twice is harmless.

mod backlog;
mod batch;
mod disk;
mod handle;
mod refused;
mod rows;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use supervision::{Alarm, InboxReader, TaskCrashed, TaskGroup};

use crate::clock::Clock;
use crate::introspection::Registration;
use crate::messages::JournalEntry;
use crate::outage::Outage;
use crate::trace::{self, Source};
use batch::BatchSize;
pub use disk::{Disk, DiskMode};
pub use handle::Journal;
use write::{Later, Writer};

/// How long the database is left alone after an error.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// How long the disk is left alone after an error: what waits stays in memory.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// The least time from one transaction to the next. An entry that is urgent does not wait for it.
const PACE: Duration = Duration::from_millis(100);
/// How many entries one write to the disk takes.
const AT_ONCE: usize = 1024;

#[derive(Debug)]
pub(crate) enum JournalMsg {
    /// Something waits in the inbox.
    Wake,
    /// The pause is over.
    Alarm,
    /// The entries up to this number are written, or never can be.
    Written(u64),
    /// The entries up to this number are on disk.
    OnDisk(u64),
    DiskFailed,
    /// Entries from the disk are in the database.
    Caught,
    Failed(Failure),
    TaskCrashed(TaskCrashed),
}

/// The database failed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: String,
    /// The entries from the inbox up to this number are written all the same.
    written: Option<u64>,
    /// The last one that was to be written; `None` if they came from the disk.
    last: Option<u64>,
}

pub(crate) struct JournalActor;

pub(crate) struct JournalArgs {
    pub(crate) journal: Journal,
    pub(crate) writer: Writer,
    pub(crate) clock: Clock,
    pub(crate) tasks: TaskGroup,
    pub(crate) registration: Registration,
}

pub(crate) struct JournalState {
    journal: Journal,
    inbox: InboxReader<JournalEntry>,
    writer: Writer,
    /// Whether a task works. There is one at a time.
    busy: bool,
    /// On since an attempt at the database failed.
    outage: Outage,
    size: BatchSize,
    /// When the database is tried again.
    retry_at: Option<Instant>,
    /// The disk is not tried before.
    disk_at: Option<Instant>,
    /// When the next batch may be taken that nobody waits for. `None`: now.
    paced_at: Option<Instant>,
    alarm: Alarm<JournalMsg>,
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
        Ok(JournalState {
            inbox: args.journal.inbox.attach(me.clone(), || JournalMsg::Wake),
            journal: args.journal,
            writer: args.writer,
            busy: false,
            outage: Outage::default(),
            size: BatchSize::default(),
            retry_at: None,
            disk_at: None,
            paced_at: None,
            alarm: Alarm::new(me, || JournalMsg::Alarm),
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
        let now = state.clock.now();
        match message {
            JournalMsg::Wake => state.inbox.woken(),
            JournalMsg::Alarm => state.alarm.fired(),
            JournalMsg::TaskCrashed(crashed) => return Err(crashed.into()),
            done @ (JournalMsg::Written(_)
            | JournalMsg::OnDisk(_)
            | JournalMsg::DiskFailed
            | JournalMsg::Caught
            | JournalMsg::Failed(_)) => state.done(done, now),
        }
        state.start_next(&me, now);
        state.registration.set_state(state.name());
        state.registration.handled(now);
        Ok(())
    }
}

impl JournalState {
    fn done(&mut self, done: JournalMsg, now: Instant) {
        self.busy = false;
        match done {
            JournalMsg::Written(number) => {
                trace::done(&self.registration, number);
                self.inbox.ack_through(number);
                self.written();
            }
            JournalMsg::OnDisk(number) => self.inbox.ack_through(number),
            JournalMsg::DiskFailed => self.disk_at = Some(now + DISK_PAUSE),
            JournalMsg::Caught => self.written(),
            JournalMsg::Failed(failure) => self.failed(&failure, now),
            JournalMsg::Wake | JournalMsg::Alarm | JournalMsg::TaskCrashed(_) => {}
        }
    }

    fn written(&mut self) {
        self.size.written();
        if let Some(failures) = self.outage.ended() {
            tracing::info!(failures, "the database takes records again");
        }
    }

    fn failed(&mut self, failure: &Failure, now: Instant) {
        failure.written.iter().for_each(|number| self.inbox.ack_through(*number));
        // Only a crash counts as an attempt.
        failure.last.iter().for_each(|number| self.inbox.nack_through(*number));
        self.size.failed();
        self.retry_at = Some(now + RETRY_PAUSE);
        if let Some(failures) = self.outage.failed(now) {
            let error = &failure.error;
            tracing::error!(error, failures, "writing the journal failed; trying again");
        }
    }

    fn start_next(&mut self, me: &ActorRef<JournalMsg>, now: Instant) {
        self.retry_at = self.retry_at.filter(|at| *at > now);
        self.disk_at = self.disk_at.filter(|at| *at > now);
        self.paced_at = self.paced_at.filter(|at| *at > now && !self.journal.is_urgent());
        if !self.busy {
            let on_disk = self.writer.disk.waiting() > 0;
            if (self.outage.is_on() || on_disk) && self.disk_at.is_none() && self.move_to_disk(me) {
                // What is newer follows it.
            } else if self.retry_at.is_some() {
                // The database has its pause.
            } else if on_disk && self.disk_at.is_none() {
                self.catch_up(me);
            } else if !on_disk && self.paced_at.is_none() {
                self.write_oldest(me, now);
            }
        }
        // A batch that is being written ends with a message.
        let paced_at = self.paced_at.filter(|_| !self.busy && self.journal.depth() > 0);
        self.alarm.set([self.retry_at, self.disk_at, paced_at].into_iter().flatten().min());
    }

    /// Returns `false` if nothing waits in memory, or if there is no disk.
    fn move_to_disk(&mut self, me: &ActorRef<JournalMsg>) -> bool {
        let waiting = self.inbox.peek(AT_ONCE);
        let Some((last, _)) = waiting.last() else { return false };
        if !self.writer.disk.is_there() {
            return false;
        }
        let (last, disk) = (*last, self.writer.disk.clone());
        let entries: Vec<Arc<JournalEntry>> = waiting.into_iter().map(|(_, entry)| entry).collect();
        self.spawn(me, async move {
            match disk.append(entries.clone()).await {
                Ok(()) => {
                    entries.iter().for_each(|entry| entry.kept());
                    JournalMsg::OnDisk(last)
                }
                Err(error) => {
                    tracing::error!(%error, "records that wait can't be kept on disk");
                    JournalMsg::DiskFailed
                }
            }
        });
        true
    }

    /// Writes the oldest entries from the disk.
    fn catch_up(&mut self, me: &ActorRef<JournalMsg>) {
        let (writer, size) = (self.writer.clone(), self.size);
        self.spawn(me, async move {
            match catch_up(&writer, size).await {
                Ok(None) => JournalMsg::Caught,
                Ok(Some(error)) => JournalMsg::Failed(Failure { error, written: None, last: None }),
                Err(error) => {
                    tracing::error!(%error, "records on disk can't be read");
                    JournalMsg::DiskFailed
                }
            }
        });
    }

    /// Writes what waits in memory, as much as one batch takes.
    fn write_oldest(&mut self, me: &ActorRef<JournalMsg>, now: Instant) {
        self.journal.clear_urgent();
        let mut room = self.size.room();
        let batch = self.inbox.receive_batch(|entry| room(entry.bytes()));
        let Some(last) = batch.last().map(|delivery| delivery.number) else { return };
        let is_all = self.journal.depth() == batch.len();
        self.paced_at = is_all.then_some(now + PACE);
        batch.iter().for_each(|delivery| trace::taken(&self.registration, delivery));
        let (numbers, entries): (Vec<u64>, Vec<Arc<JournalEntry>>) =
            batch.into_iter().map(|delivery| (delivery.number, delivery.event)).unzip();
        let writer = self.writer.clone();
        self.spawn(me, async move {
            match writer.write_all(&entries).await {
                Ok(()) => JournalMsg::Written(last),
                Err(Later { written, error }) => {
                    let written = written.checked_sub(1).and_then(|at| numbers.get(at)).copied();
                    JournalMsg::Failed(Failure { error, written, last: Some(last) })
                }
            }
        });
    }

    fn spawn(
        &mut self,
        me: &ActorRef<JournalMsg>,
        work: impl Future<Output = JournalMsg> + Send + 'static,
    ) {
        self.busy = true;
        let me = me.clone();
        let work = async move {
            let _ = me.cast(work.await);
        };
        self.tasks.spawn("journal", Source::actor(&self.registration).task("journal", work));
    }

    fn name(&self) -> &'static str {
        match (self.busy, self.outage.is_on()) {
            (_, true) => "waiting for the database",
            (true, false) => "writing",
            (false, false) => "idle",
        }
    }
}

/// Writes one batch from the disk. Lines that can't be written are set aside. Returns how the database
/// failed, if it did.
async fn catch_up(writer: &Writer, size: BatchSize) -> io::Result<Option<String>> {
    let batch = writer.disk.first(size).await?;
    let (mut written, mut failed) = (0, None);
    for run in batch.lines.chunk_by(|(line, _), (next, _)| line.is_ok() && next.is_ok()) {
        if let [(Err(spoiled), _)] = run {
            writer.set_aside(spoiled.why, &spoiled.line).await;
        }
        let entries: Vec<_> = run.iter().filter_map(|(line, _)| line.clone().ok()).collect();
        if let Err(later) = writer.write_all(&entries).await {
            written += later.written;
            failed = Some(later.error);
            break;
        }
        written += run.len();
    }
    writer.disk.done(batch, written).await?;
    Ok(failed)
}
