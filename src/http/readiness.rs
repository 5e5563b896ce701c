//! Whether the daemon takes new calls, and whether it could answer one (OPS-9).

mod looks;
mod reason;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actors::call_parts::Services;
use actors::clock::Clock;
use actors::journal::Journal;
use actors::provider::SharedBreaker;
use entities::Database;
use tokio::sync::Mutex;

use looks::Looks;
pub(in crate::http) use reason::NotReady;

/// Clones share what they know.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    draining: AtomicBool,
    database: Database,
    journal: Journal,
    provider: SharedBreaker,
    clock: Clock,
    /// Locked while the database is asked: whoever comes meanwhile waits for the same answer.
    last: Mutex<Looks>,
}

impl Readiness {
    #[must_use]
    pub fn new(services: &Services) -> Self {
        Self(Arc::new(Shared {
            draining: AtomicBool::new(false),
            database: services.database.clone(),
            journal: services.journal.clone(),
            provider: services.provider.clone(),
            clock: services.clock,
            last: Mutex::default(),
        }))
    }

    /// Whether new calls are taken: the daemon was not told to stop.
    #[must_use]
    pub fn takes_calls(&self) -> bool {
        !self.0.draining.load(Ordering::Relaxed)
    }

    /// Takes no new calls from now on.
    pub(crate) fn start_draining(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Every reason why a call could not be answered. Asks the database.
    pub async fn reasons(&self) -> Vec<NotReady> {
        let mut reasons = self.own_reasons().await;
        reasons.extend(self.0.provider.broken().map(NotReady::Provider));
        reasons
    }

    /// As [`reasons`](Self::reasons), without the provider.
    pub async fn own_reasons(&self) -> Vec<NotReady> {
        let draining = (!self.takes_calls()).then_some(NotReady::Draining);
        let full = (!self.0.journal.has_room_for_a_call()).then_some(NotReady::JournalFull);
        draining.into_iter().chain(full).chain(self.database().await).collect()
    }

    async fn database(&self) -> Option<NotReady> {
        let Shared { database, clock, last, .. } = &*self.0;
        last.lock().await.wrong(database, *clock).await
    }
}
