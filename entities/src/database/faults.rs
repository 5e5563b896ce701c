//! The faults of a simulated database. Their waits are in the caller's time, which may be virtual.

use std::mem::{self, Discriminant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{sleep, timeout};

use super::errors;
use crate::connection::SQLITE_BUSY_TIMEOUT;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseFault {
    /// Each unit of work waits for this long before it begins.
    Slow(Duration),
    /// Another process holds the write lock: a write waits for SQLite's busy timeout and then fails,
    /// unless the fault ends before. Reads go on.
    Locked,
    /// There is no connection: every unit of work fails at once.
    Gone,
    /// The disk is full: writes fail. Reads go on.
    Full,
    /// A write is committed, but its answer is lost: the caller gets an error.
    CommitLost,
}

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultExtent {
    /// Until it is cleared.
    Lasting,
    /// For so many of the units of work that it hits.
    Next(u32),
}

/// The faults of one database. Clones share them; they may be set while queries run.
#[derive(Debug, Clone, Default)]
pub struct DatabaseFaults {
    active: Arc<Mutex<Vec<ActiveFault>>>,
    unlocked: Arc<Notify>,
}

#[derive(Debug)]
struct ActiveFault {
    fault: DatabaseFault,
    extent: FaultExtent,
}

impl DatabaseFaults {
    /// Begins a fault. It replaces an active one of the same kind; different kinds add up.
    pub fn set(&self, fault: DatabaseFault, extent: FaultExtent) {
        let mut active = self.active();
        active.retain(|known| kind(known.fault) != kind(fault));
        if extent != FaultExtent::Next(0) {
            active.push(ActiveFault { fault, extent });
        }
    }

    /// Ends the faults of this kind, whatever the values in it. Writes that wait for a lock go on.
    pub fn end(&self, fault: DatabaseFault) {
        self.active().retain(|known| kind(known.fault) != kind(fault));
        if fault == DatabaseFault::Locked {
            self.unlocked.notify_waiters();
        }
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.active().clear();
        self.unlocked.notify_waiters();
    }

    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.active().is_empty()
    }

    pub(super) async fn before_read(&self) -> Result<(), DbErr> {
        self.refuse_if(DatabaseFault::Gone, errors::unreachable)?;
        if let Some(DatabaseFault::Slow(delay)) = self.hit(DatabaseFault::Slow(Duration::ZERO)) {
            sleep(delay).await;
        }
        Ok(())
    }

    pub(super) async fn before_write(&self) -> Result<(), DbErr> {
        self.before_read().await?;
        let unlocked = async {
            while let Some(unlocked) = self.lock() {
                unlocked.await;
            }
        };
        timeout(SQLITE_BUSY_TIMEOUT, unlocked).await.map_err(|_| errors::busy())?;
        self.refuse_if(DatabaseFault::Full, errors::full)
    }

    pub(super) fn after_commit(&self) -> Result<(), DbErr> {
        self.refuse_if(DatabaseFault::CommitLost, errors::connection_lost)
    }

    fn refuse_if(&self, fault: DatabaseFault, error: fn() -> DbErr) -> Result<(), DbErr> {
        if self.hit(fault).is_some() { Err(error()) } else { Ok(()) }
    }

    /// What a write has to wait for.
    fn lock(&self) -> Option<OwnedNotified> {
        // Made before the look at the faults: an end in between is not missed.
        let unlocked = Arc::clone(&self.unlocked).notified_owned();
        self.hit(DatabaseFault::Locked).map(|_| unlocked)
    }

    /// The active fault of this kind, which a unit of work now meets.
    fn hit(&self, fault: DatabaseFault) -> Option<DatabaseFault> {
        let mut active = self.active();
        let index = active.iter().position(|known| kind(known.fault) == kind(fault))?;
        let met = active[index].fault;
        match &mut active[index].extent {
            FaultExtent::Lasting => {}
            FaultExtent::Next(0 | 1) => drop(active.remove(index)),
            FaultExtent::Next(left) => *left -= 1,
        }
        Some(met)
    }

    fn active(&self) -> MutexGuard<'_, Vec<ActiveFault>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kind(fault: DatabaseFault) -> Discriminant<DatabaseFault> {
    mem::discriminant(&fault)
}
