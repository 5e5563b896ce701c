//! Whether the daemon takes new calls, and whether it could answer one (OPS-9).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actors::call_parts::Services;
use actors::clock::Clock;
use actors::journal::Journal;
use actors::provider::Provider;
use entities::{Database, businesses};
use migration::MigrateError;
use protocol::openai::fault::FatalCause;
use tokio::sync::Mutex;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long its answer counts. Anybody may ask, and each answer costs a few reads.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// Why a call could not be answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    Draining,
    /// The database fails, or is too slow to answer a webhook.
    DatabaseUnreachable,
    /// Migrations are missing, or this build does not know them.
    DatabaseSchema,
    /// Neither the database nor the disk takes records.
    JournalFull,
    /// OpenAI takes no session, and no retry helps.
    Provider(FatalCause),
}

impl NotReady {
    /// Its name in the answer.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::DatabaseUnreachable => "database_unreachable",
            Self::DatabaseSchema => "database_schema",
            Self::JournalFull => "journal_full",
            Self::Provider(FatalCause::BadKey) => "provider_bad_key",
            Self::Provider(FatalCause::Quota) => "provider_quota",
            Self::Provider(FatalCause::AccountClosed) => "provider_account_closed",
            Self::Provider(
                FatalCause::BadModel
                | FatalCause::BadVoice
                | FatalCause::BetaShape
                | FatalCause::Refused,
            ) => "provider",
        }
    }
}

/// Clones share what they know.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    draining: AtomicBool,
    database: Database,
    journal: Journal,
    provider: Provider,
    clock: Clock,
    /// When the database was last asked, and what is wrong with it. Locked while it is asked: whoever
    /// comes meanwhile waits for the same answer.
    last: Mutex<Option<(Instant, Option<NotReady>)>>,
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
        let draining = (!self.takes_calls()).then_some(NotReady::Draining);
        let full = (!self.0.journal.has_room_for_a_call()).then_some(NotReady::JournalFull);
        let provider = self.0.provider.broken().map(NotReady::Provider);
        let known = draining.into_iter().chain(full).chain(provider);
        known.chain(self.database().await).collect()
    }

    async fn database(&self) -> Option<NotReady> {
        let Shared { database, clock, last, .. } = &*self.0;
        let mut last = last.lock().await;
        if let Some((asked, wrong)) = *last
            && clock.now().saturating_duration_since(asked) < COUNTS_FOR
        {
            return wrong;
        }
        let wrong = tokio::time::timeout(PATIENCE, look_at(database))
            .await
            .unwrap_or(Some(NotReady::DatabaseUnreachable));
        *last = Some((clock.now(), wrong));
        wrong
    }
}

/// What is wrong with the database. Reads a table that a webhook reads.
async fn look_at(database: &Database) -> Option<NotReady> {
    match database.read(|db| async move { migration::pending(&db).await }).await {
        Ok(pending) if pending.is_empty() => {
            let read = businesses::list(database, None, 1).await;
            read.err().map(|_| NotReady::DatabaseUnreachable)
        }
        Ok(_) | Err(MigrateError::UnknownMigrations(_)) => Some(NotReady::DatabaseSchema),
        Err(_) => Some(NotReady::DatabaseUnreachable),
    }
}
