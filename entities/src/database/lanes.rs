//! Runs units of work on a live pool, each in a task of its own, and keeps some connections for the
//! reads that callers wait for.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use sea_orm::error::ConnAcquireErr;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::errors;
use crate::connection::PoolSettings;

/// Connections that only the reads of webhooks use.
const RESERVED: u32 = 2;
/// A smaller pool keeps none.
const SMALLEST: u32 = 2 * RESERVED;

/// Which connections a unit may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Ordinary,
    /// Those that are kept for the reads that callers wait for.
    First,
}

/// Clones share the permits: one for each connection.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    ordinary: Arc<Semaphore>,
    first: Arc<Semaphore>,
    patience: Duration,
}

impl Lanes {
    pub(super) fn of(pool: PoolSettings) -> Self {
        let all = pool.max_connections.max(1);
        let permits = |count: u32| Arc::new(Semaphore::new(count as usize));
        let (ordinary, first) = if all < SMALLEST {
            let shared = permits(all);
            (Arc::clone(&shared), shared)
        } else {
            (permits(all - RESERVED), permits(RESERVED))
        };
        Self { ordinary, first, patience: pool.acquire_timeout }
    }

    /// Runs the work, for `limit` at most.
    pub(super) async fn run<T, E>(
        &self,
        lane: Lane,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbErr> + Send + 'static,
    {
        let permit = self.permit(lane).await?;
        to_its_end(permit, limit, work).await
    }

    /// An asker that goes away while it waits here has begun nothing.
    async fn permit(&self, lane: Lane) -> Result<OwnedSemaphorePermit, DbErr> {
        let permits = match lane {
            Lane::Ordinary => &self.ordinary,
            Lane::First => &self.first,
        };
        match timeout(self.patience, Arc::clone(permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            // Closed: it never is.
            Ok(Err(_)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }
}

/// Runs the work whether or not anybody waits for it. Work that hangs is dropped at its limit: a
/// PostgreSQL that is silent sends no error, and would keep the permit for ever. The pool closes a
/// connection that comes back in the middle of something.
async fn to_its_end<T, E>(
    permit: OwnedSemaphorePermit,
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E>
where
    T: Send + 'static,
    E: From<DbErr> + Send + 'static,
{
    let task = tokio::spawn(async move {
        let done = match limit {
            None => work.await,
            Some(limit) => timeout(limit, work).await.unwrap_or_else(|_| {
                tracing::error!(?limit, "work in the database hung, and was given up");
                Err(errors::unanswered(limit).into())
            }),
        };
        drop(permit);
        done
    });
    match task.await {
        Ok(done) => done,
        Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
        // The runtime is shutting down.
        Err(_) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed).into()),
    }
}
