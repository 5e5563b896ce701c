//! The handle through which every query goes.
//!
//! A live handle runs each unit of work in a task of its own: an asker that goes away, or gives up
//! waiting, cancels nothing half-way (CAL-8). Nobody waits without limit: after [`PATIENCE`] the asker is
//! told that the database failed. A simulated one is for a simulation on a paused clock: the
//! pool has a runtime of its own, in real time, and the caller's thread blocks until the work, its
//! transaction included, is done. So a query takes no virtual time, and queries have one order. A
//! simulated handle can fail as a live database does: [`DatabaseFaults`].

mod errors;
mod faults;
mod lanes;
mod real_time;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbErr, Statement};
use tokio::time::timeout;

pub use faults::{DatabaseFault, DatabaseFaults, FaultExtent};

use crate::connection::{self, ConnectError, OpenMode, PoolSettings, STATEMENT_TIMEOUT};
use crate::error::RecordsError;
use lanes::{Lane, Lanes};
use real_time::RealTimeRuntime;

/// How long an asker waits for a unit of work, with its wait for a connection. A dead network gives no
/// error for many minutes. The work itself goes on, and may still be done.
const PATIENCE: Duration = Duration::from_secs(20);
// PostgreSQL's own limit comes first: it ends the work, and says why.
const _: () = assert!(PATIENCE.as_secs() > STATEMENT_TIMEOUT.as_secs());

/// A pool of connections to one database. Clones share it, and its faults.
#[derive(Debug, Clone, Default)]
pub struct Database {
    connection: DatabaseConnection,
    mode: Mode,
}

#[derive(Debug, Clone)]
enum Mode {
    Live(Lanes),
    Simulated(Arc<Simulation>),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Live(Lanes::of(PoolSettings::default()))
    }
}

#[derive(Debug)]
struct Simulation {
    runtime: RealTimeRuntime,
    faults: DatabaseFaults,
}

impl Database {
    /// Opens the database at a `sqlite:` or `postgres:` URL. SQLite is opened in WAL mode with foreign
    /// keys enforced. The crate `migration` creates the schema.
    pub async fn connect(
        url: &str,
        pool: PoolSettings,
        mode: OpenMode,
    ) -> Result<Self, ConnectError> {
        let options = connection::options(url, pool, mode)?;
        let connection = connection::open(options).await?;
        Ok(Self { connection, mode: Mode::Live(Lanes::of(pool)) })
    }

    /// As [`connect`](Self::connect), simulated. A missing SQLite file is created. Blocks the thread.
    pub fn simulated(url: &str, pool: PoolSettings) -> Result<Self, ConnectError> {
        let runtime = RealTimeRuntime::start().map_err(ConnectError::Runtime)?;
        let mut options = connection::options(url, pool, OpenMode::Create)?;
        // A ping before each query would take longer than the query.
        options.test_before_acquire(false);
        let connection = runtime.block_on(connection::open(options))?;
        let simulation = Simulation { runtime, faults: DatabaseFaults::default() };
        Ok(Self { connection, mode: Mode::Simulated(Arc::new(simulation)) })
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
        let work = work(self.connection.clone());
        match &self.mode {
            Mode::Live(lanes) => within_patience(lanes.run(lane, work)).await,
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
        within_patience(self.change_schema(work)).await
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
        let work = work(self.connection.clone());
        match &self.mode {
            Mode::Live(lanes) => lanes.run(Lane::Ordinary, work).await,
            Mode::Simulated(simulation) => simulation.write(work).await,
        }
    }

    /// Closes the pool: every later query fails. Waits for connections in use.
    pub async fn close(&self) -> Result<(), RecordsError> {
        let closing = self.connection.close_by_ref();
        match &self.mode {
            Mode::Live(_) => Ok(closing.await?),
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
                sleep(PATIENCE * 2).await;
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
}
