//! The handle through which every query goes.
//!
//! A live handle runs each unit of work in a task of its own: an asker that goes away, or gives up
//! waiting, cancels nothing half-way (CAL-8). A simulated one is for a simulation on a paused clock: the
//! pool has a runtime of its own, in real time, and the caller's thread blocks until the work, its
//! transaction included, is done. So a query takes no virtual time, and queries have one order. A
//! simulated handle can fail as a live database does: [`DatabaseFaults`].

mod errors;
mod faults;
mod lanes;
mod real_time;

use std::future::Future;
use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbErr, Statement};

pub use faults::{DatabaseFault, DatabaseFaults, FaultExtent};

use crate::connection::{self, ConnectError, OpenMode, PoolSettings};
use crate::error::RecordsError;
use lanes::Lanes;
use real_time::RealTimeRuntime;

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
        match &self.mode {
            Mode::Live(lanes) => lanes.run(work(self.connection.clone())).await,
            Mode::Simulated(simulation) => simulation.read(work(self.connection.clone())).await,
        }
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
        match &self.mode {
            Mode::Live(lanes) => lanes.run_first(work(self.connection.clone())).await,
            Mode::Simulated(simulation) => simulation.read(work(self.connection.clone())).await,
        }
    }

    /// Work that may write, as one unit: its transaction begins and ends in it.
    pub async fn write<T, E, W>(&self, work: impl FnOnce(DatabaseConnection) -> W) -> Result<T, E>
    where
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        match &self.mode {
            Mode::Live(lanes) => lanes.run(work(self.connection.clone())).await,
            Mode::Simulated(simulation) => simulation.write(work(self.connection.clone())).await,
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
