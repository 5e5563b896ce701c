//! Whether the daemon takes new calls, and whether it could answer one (OPS-9).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actors::call_parts::Services;
use actors::clock::Clock;
use actors::journal::Journal;
use actors::provider::Provider;
use entities::{Database, RecordsError, Trouble, businesses};
use migration::MigrateError;
use protocol::openai::fault::FatalCause;
use tokio::sync::Mutex;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long its answer counts. Anybody may ask, and each answer costs a few reads.
const COUNTS_FOR: Duration = Duration::from_secs(1);

/// How long it counts that a write succeeded or failed.
const WRITE_COUNTS_FOR: Duration = Duration::from_secs(10);

/// Why a call could not be answered now, or its results could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    Draining,
    /// The database fails, or is too slow to answer a webhook.
    DatabaseUnreachable,
    /// Its SQLite file was deleted, replaced or emptied.
    DatabaseFile,
    /// It can be read, and takes no writes.
    DatabaseReadOnly,
    /// Its disk is full.
    DatabaseFull,
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
            Self::DatabaseFile => "database_file",
            Self::DatabaseReadOnly => "database_read_only",
            Self::DatabaseFull => "database_full",
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
    last: Mutex<Looked>,
}

#[derive(Debug, Default)]
struct Looked {
    read: Option<(Instant, Option<NotReady>)>,
    written: Option<(Instant, Option<NotReady>)>,
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
        let mut last = last.lock().await;
        let counts = |looked: Option<(Instant, Option<NotReady>)>, how_long| {
            looked.filter(|(asked, _)| clock.now().saturating_duration_since(*asked) < how_long)
        };
        if database.has_lost_its_file() {
            last.read = None;
        }
        let wrong = match counts(last.read, COUNTS_FOR) {
            Some((_, wrong)) => wrong,
            None => tokio::time::timeout(PATIENCE, look_at(database))
                .await
                .unwrap_or(Some(NotReady::DatabaseUnreachable)),
        };
        last.read = counts(last.read, COUNTS_FOR).or(Some((clock.now(), wrong)));
        if wrong.is_some() {
            last.written = None;
            return wrong;
        }
        let wrong = match counts(last.written, WRITE_COUNTS_FOR) {
            Some((_, wrong)) => wrong,
            // Whoever holds the lock for long is waited for.
            None => {
                let tried = tokio::time::timeout(PATIENCE, database.try_write()).await;
                let known = last.written.and_then(|(_, wrong)| wrong);
                tried.ok().and_then(Result::err).and_then(|error| why_not(database, &error, known))
            }
        };
        last.written = counts(last.written, WRITE_COUNTS_FOR).or(Some((clock.now(), wrong)));
        wrong
    }
}

/// Why a write has failed. Logged, if that was not known.
fn why_not(database: &Database, error: &RecordsError, known: Option<NotReady>) -> Option<NotReady> {
    let wrong = match error.trouble() {
        Some(Trouble::Busy) => return None,
        Some(Trouble::Full) => NotReady::DatabaseFull,
        Some(Trouble::Away) => unreachable(database),
        Some(Trouble::ReadOnly | Trouble::Damaged) | None => NotReady::DatabaseReadOnly,
    };
    if known != Some(wrong) {
        tracing::error!(%error, "the database takes no writes: records wait in server.state_dir");
    }
    Some(wrong)
}

fn unreachable(database: &Database) -> NotReady {
    match database.has_lost_its_file() {
        true => NotReady::DatabaseFile,
        false => NotReady::DatabaseUnreachable,
    }
}

/// What is wrong with the database. Reads a table that a webhook reads.
async fn look_at(database: &Database) -> Option<NotReady> {
    match database.read(|db| async move { migration::pending(&db).await }).await {
        Ok(pending) if pending.is_empty() => {
            let read = businesses::list(database, None, 1).await;
            read.err().map(|_: RecordsError| unreachable(database))
        }
        Ok(_) | Err(MigrateError::UnknownMigrations(_)) => Some(NotReady::DatabaseSchema),
        Err(_) => Some(unreachable(database)),
    }
}
