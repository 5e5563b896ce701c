//! The handle through which every query goes.
//!
//! A live handle runs each unit of work in a task of its own: an asker that goes away, or gives up
//! waiting, cancels nothing half-way (CAL-8). Nobody waits without limit: after [`PATIENCE`] the asker is
//! told that the database failed.
//!
//! A simulated one is for a simulation on a paused clock. Its pool has a runtime of its own, in real
//! time. The caller's thread blocks until the work is done, its transaction included. So a query takes
//! no virtual time, and queries have one order. A simulated handle can fail as a live database does:
//! [`DatabaseFaults`].

mod batch;
mod bell;
mod copy;
mod errors;
mod faults;
mod file;
mod lanes;
mod pool;
mod probe;
mod real_time;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use protocol::person_key::PersonKey;
use sea_orm::{DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::time::timeout;

pub use batch::{Batch, Writes};
pub use bell::{Bell, Told};
pub use faults::{DatabaseFault, DatabaseFaults, FaultExtent};

use crate::connection::{self, ConnectError, OpenMode, PoolSettings, STATEMENT_TIMEOUT};
use crate::error::RecordsError;
use file::SqliteFile;
pub(crate) use file::Watch;
use lanes::{Lane, Lanes};
pub use pool::PoolView;
use real_time::RealTimeRuntime;

/// How long an asker waits for a unit of work, with its wait for a connection. A dead network gives no
/// error for many minutes. The work itself goes on, and may still be done.
const PATIENCE: Duration = Duration::from_secs(20);
// PostgreSQL's own limit comes first: it ends the work, and says why.
const _: () = assert!(PATIENCE.as_secs() > STATEMENT_TIMEOUT.as_secs());
/// How long a unit of work may take, whether or not anybody waits. Then it hangs for good: it is dropped,
/// and its connection is closed.
const WORK_LIMIT: Duration = Duration::from_secs(30);

/// A pool of connections to one database. Clones share it, and its faults.
#[derive(Debug, Clone, Default)]
pub struct Database {
    connection: DatabaseConnection,
    mode: Mode,
    /// Of those who want no messages by themselves.
    person_key: Option<Arc<PersonKey>>,
    bell: Bell,
}

#[derive(Debug, Clone)]
enum Mode {
    Live(Live),
    Simulated(Arc<Simulation>),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Live(Live { lanes: Lanes::of(PoolSettings::default()), file: None })
    }
}

#[derive(Debug, Clone)]
struct Live {
    lanes: Lanes,
    /// Of a SQLite database that is not in memory.
    file: Option<SqliteFile>,
}

#[derive(Debug)]
struct Simulation {
    runtime: Arc<RealTimeRuntime>,
    faults: DatabaseFaults,
    /// Whether the pool is another handle's, which closes it.
    is_borrowed: bool,
}

impl Database {
    /// Opens the database at a `sqlite:` or `postgres:` URL. SQLite is opened in WAL mode with foreign
    /// keys enforced. The crate `migration` creates the schema.
    pub async fn connect(
        url: &str,
        pool: PoolSettings,
        mode: OpenMode,
    ) -> Result<Self, ConnectError> {
        let watch = connection::sqlite_file(url).map(|path| Arc::new(Watch::of(&path)));
        let options = connection::options(url, pool, mode, watch.clone())?;
        let connection = connection::open(url, options).await?;
        let file = match watch {
            Some(watch) => {
                let pool = connection.get_sqlite_connection_pool().clone();
                let watched = SqliteFile::watch(watch, pool).await;
                Some(watched.map_err(|error| connection::refused(url, error))?)
            }
            None => None,
        };
        let mode = Mode::Live(Live { lanes: Lanes::of(pool), file });
        Ok(Self { connection, mode, person_key: None, bell: Bell::default() })
    }

    /// As [`connect`](Self::connect), simulated. A missing SQLite file is created. Blocks the thread.
    pub fn simulated(url: &str, pool: PoolSettings) -> Result<Self, ConnectError> {
        let runtime = Arc::new(RealTimeRuntime::start().map_err(ConnectError::Runtime)?);
        let mut options = connection::options(url, pool, OpenMode::Create, None)?;
        // A ping before each query would take longer than the query.
        options.test_before_acquire(false);
        let connection = runtime.block_on(connection::open(url, options))?;
        let faults = DatabaseFaults::default();
        let simulation = Simulation { runtime, faults, is_borrowed: false };
        let mode = Mode::Simulated(Arc::new(simulation));
        Ok(Self { connection, mode, person_key: None, bell: Bell::default() })
    }

    /// A handle on the same database that keeps opt-outs as hashes with this key, too (LEAD-5). Without a
    /// key they are kept with their conversations alone.
    #[must_use]
    pub fn with_person_key(mut self, key: PersonKey) -> Self {
        self.person_key = Some(Arc::new(key));
        self
    }

    /// The key of the hashes of people.
    #[must_use]
    pub fn person_key(&self) -> Option<Arc<PersonKey>> {
        self.person_key.clone()
    }

    /// Rings when this process has written events for other systems (OPS-13).
    #[must_use]
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(crate) fn told(&self) -> Told {
        Told::new(&self.bell)
    }

    /// Another process's handle on the same simulated database: it has faults of its own, and closing it
    /// closes nothing. A live handle is just cloned.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        let mode = match &self.mode {
            Mode::Live(live) => Mode::Live(live.clone()),
            Mode::Simulated(simulation) => Mode::Simulated(Arc::new(Simulation {
                runtime: Arc::clone(&simulation.runtime),
                faults: DatabaseFaults::default(),
                is_borrowed: true,
            })),
        };
        let (connection, person_key) = (self.connection.clone(), self.person_key.clone());
        Self { connection, mode, person_key, bell: Bell::default() }
    }

    /// Work that writes nothing, as one unit.
    pub async fn read<T, E, W>(&self, work: impl FnOnce(DatabaseConnection) -> W) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        self.read_in(Lane::Ordinary, work).await
    }

    /// A read that a caller waits for: some connections are kept for these.
    pub async fn read_first<T, E, W>(
        &self,
        work: impl FnOnce(DatabaseConnection) -> W,
    ) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        self.read_in(Lane::First, work).await
    }

    async fn read_in<T, E, W>(
        &self,
        lane: Lane,
        work: impl FnOnce(DatabaseConnection) -> W,
    ) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        let work = Box::pin(work(self.connection.clone()));
        match &self.mode {
            Mode::Live(live) => within_patience(live.run(lane, Some(WORK_LIMIT), work)).await,
            Mode::Simulated(simulation) => within_patience(simulation.read(work)).await,
        }
    }

    /// Work that may write, as one unit: its transaction begins and ends in it.
    pub async fn write<T, E, W>(&self, work: impl FnOnce(DatabaseConnection) -> W) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        within_patience(self.write_for(Some(WORK_LIMIT), work)).await
    }

    /// As [`write`](Self::write), without a limit: changing a large table takes long.
    pub async fn change_schema<T, E, W>(
        &self,
        work: impl FnOnce(DatabaseConnection) -> W,
    ) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        self.write_for(None, work).await
    }

    async fn write_for<T, E, W>(
        &self,
        limit: Option<Duration>,
        work: impl FnOnce(DatabaseConnection) -> W,
    ) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        let work = Box::pin(work(self.connection.clone()));
        match &self.mode {
            Mode::Live(live) => live.run(Lane::Ordinary, limit, work).await,
            Mode::Simulated(simulation) => simulation.write(work).await,
        }
    }

    /// Makes a write that changes nothing, and leaves nothing behind. PostgreSQL is only asked whether
    /// it would take one. A database in memory always does.
    pub async fn try_write(&self) -> Result<(), RecordsError> {
        match &self.mode {
            Mode::Simulated(simulation) => simulation.write(async { Ok(()) }).await,
            Mode::Live(Live { file: Some(file), .. }) => {
                let file = file.clone();
                let trying = timeout(PATIENCE, tokio::spawn(async move { file.try_write().await }));
                match trying.await {
                    Ok(Ok(tried)) => Ok(tried?),
                    Ok(Err(_)) | Err(_) => Err(errors::unanswered(PATIENCE).into()),
                }
            }
            Mode::Live(Live { file: None, .. }) => {
                self.read(|db| async move { probe::may_write(&db).await }).await
            }
        }
    }

    /// Whether it is gone when the daemon ends.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        let is_sqlite = self.connection.get_database_backend() == DbBackend::Sqlite;
        is_sqlite && matches!(&self.mode, Mode::Live(Live { file: None, .. }))
    }

    /// Whether its file is not in its place: it was deleted, replaced, or emptied.
    #[must_use]
    pub fn has_lost_its_file(&self) -> bool {
        match &self.mode {
            Mode::Live(Live { file: Some(file), .. }) => file.look().is_err(),
            Mode::Live(_) | Mode::Simulated(_) => false,
        }
    }

    /// Closes the pool: every later query fails. Waits for connections in use.
    pub async fn close(&self) -> Result<(), RecordsError> {
        let closing = self.connection.close_by_ref();
        match &self.mode {
            Mode::Live(live) => {
                closing.await?;
                match &live.file {
                    Some(file) => Ok(file.close().await?),
                    None => Ok(()),
                }
            }
            Mode::Simulated(simulation) if simulation.is_borrowed => Ok(()),
            Mode::Simulated(simulation) => Ok(simulation.runtime.block_on(closing)?),
        }
    }

    /// A handle on the same database that reports each statement when it is done.
    #[must_use]
    pub fn observed(&self, on_statement: impl Fn(&Statement) + Send + Sync + 'static) -> Self {
        let mut observed = self.clone();
        observed.connection.set_metric_callback(move |info| on_statement(info.statement));
        observed
    }

    /// The faults of a simulated database; `None` for a live one.
    #[must_use]
    pub fn faults(&self) -> Option<&DatabaseFaults> {
        match &self.mode {
            Mode::Live(_) => None,
            Mode::Simulated(simulation) => Some(&simulation.faults),
        }
    }

    /// The pool itself, to use on a live handle only: a query that does not go through the handle
    /// would take virtual time, and see no fault.
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }
}

impl Live {
    async fn run<T, E>(
        &self,
        lane: Lane,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        let Some(file) = self.file.clone() else { return self.lanes.run(lane, limit, work).await };
        let watched = async move {
            file.is_in_place().await?;
            let done = work.await?;
            // What was written to a file that is gone is not done.
            file.look()?;
            Ok(done)
        };
        self.lanes.run(lane, limit, watched).await
    }
}

impl Simulation {
    async fn read<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.faults.before_read().await?;
        self.runtime.block_on(work)
    }

    async fn write<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.faults.before_write().await?;
        let done = self.runtime.block_on(work)?;
        self.faults.after_commit()?;
        Ok(done)
    }
}

async fn within_patience<T, E: From<DbErr>>(
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(errors::unanswered(PATIENCE).into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn cal_8_work_that_hangs_holds_no_asker_and_goes_on_when_the_asker_was_told() {
        let database = Database::default();
        let done = Arc::new(Mutex::new(Vec::new()));
        let hangs = |name: &'static str| {
            let done = Arc::clone(&done);
            async move |_: DatabaseConnection| {
                sleep(PATIENCE + Duration::from_secs(5)).await;
                done.lock().unwrap().push(name);
                Ok::<_, RecordsError>(())
            }
        };
        for (name, answer) in [
            ("read", database.read(hangs("read")).await),
            ("read_first", database.read_first(hangs("read_first")).await),
            ("write", database.write(hangs("write")).await),
        ] {
            let Err(error @ RecordsError::Database(_)) = answer else {
                panic!("{name}: {answer:?}")
            };
            assert!(error.to_string().contains("may still be done"), "{error}");
        }
        database.change_schema(hangs("change_schema")).await.unwrap();
        assert_eq!(*done.lock().unwrap(), ["read", "read_first", "write", "change_schema"]);
    }
    #[tokio::test(start_paused = true)]
    async fn cal_8_work_that_never_ends_is_dropped_and_frees_its_place() {
        let database = Database::default();
        let dropped = Arc::new(());
        let hangs = || {
            let held = Arc::clone(&dropped);
            async move |_: DatabaseConnection| {
                let _held = held;
                std::future::pending::<Result<(), RecordsError>>().await
            }
        };
        // More than there are places for.
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (database, work) = (database.clone(), hangs());
            asked.spawn(async move { database.write(work).await });
        }
        for answer in asked.join_all().await {
            answer.unwrap_err();
        }
        sleep(WORK_LIMIT).await;
        assert_eq!(Arc::strong_count(&dropped), 1, "nothing hangs any more");
        database.write(async |_| Ok::<_, RecordsError>(())).await.unwrap();
    }
}
