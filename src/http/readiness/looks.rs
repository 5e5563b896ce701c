//! Looks at the database: whether it answers a webhook in time, and takes writes.

use std::time::{Duration, Instant};

use actors::clock::Clock;
use entities::businesses::try_find_for_voice;
use entities::{Database, RecordsError, Trouble};
use migration::MigrateError;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::reason::NotReady;

/// How long one answer may take. A webhook waits as long for its read.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it counts. Anybody may ask, and each answer costs a few reads.
const COUNTS_FOR: Duration = Duration::from_secs(1);
/// How long it counts that a write has succeeded. Each costs a page of the file.
const WRITE_COUNTS_FOR: Duration = Duration::from_secs(2);
/// How long a write may wait: others write too.
const LOCK_PATIENCE: Duration = Duration::from_millis(2500);
/// A write that hangs is given up. On SQLite it fails before.
const WRITE_LIMIT: Duration = Duration::from_secs(6);

/// What was seen, and the write that is being tried.
#[derive(Debug, Default)]
pub(super) struct Looks {
    read: Option<Seen>,
    written: Option<Seen>,
    /// One at a time: it can't be broken off, and a new one would wait for the same lock.
    writing: Option<Writing>,
    /// What the log says of writes.
    said: Option<NotReady>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    wrong: Option<NotReady>,
}

#[derive(Debug)]
struct Writing {
    since: Instant,
    task: JoinHandle<(Seen, String)>,
}

impl Looks {
    /// What is wrong with the database.
    pub(super) async fn wrong(&mut self, database: &Database, clock: Clock) -> Option<NotReady> {
        let deadline = clock.now() + PATIENCE;
        if database.has_lost_its_file() {
            self.read = None;
        }
        let wrong = match self.read.filter(|read| clock.now() < read.at + COUNTS_FOR) {
            Some(read) => read.wrong,
            None => {
                let wrong = timeout(PATIENCE, read(database, clock)).await;
                let wrong = wrong.unwrap_or(Some(NotReady::DatabaseUnreachable));
                self.read = Some(Seen { at: clock.now(), wrong });
                wrong
            }
        };
        if wrong.is_some() {
            (self.written, self.writing) = (None, None);
            return wrong;
        }
        let (wrong, error) = self.write(database, clock, deadline).await;
        if wrong.is_some() && wrong != self.said {
            tracing::error!(
                error,
                "the database takes no writes: records wait in server.state_dir"
            );
        }
        self.said = wrong;
        wrong
    }

    async fn write(
        &mut self,
        database: &Database,
        clock: Clock,
        deadline: Instant,
    ) -> (Option<NotReady>, String) {
        loop {
            let (now, known) = (clock.now(), self.written.and_then(|seen| seen.wrong));
            let counts_for = if known.is_none() { WRITE_COUNTS_FOR } else { COUNTS_FOR };
            if self.written.is_some_and(|seen| now < seen.at + counts_for) {
                return (known, String::new());
            }
            let writing = self.writing.get_or_insert_with(|| Writing::begin(database, clock));
            let late = writing.since + LOCK_PATIENCE;
            let wait = late.min(deadline).saturating_duration_since(now);
            match timeout(wait, &mut writing.task).await {
                Ok(ended) => {
                    self.writing = None;
                    let (seen, error) = ended.unwrap_or_else(|crash| {
                        let seen =
                            Seen { at: clock.now(), wrong: Some(NotReady::DatabaseUnreachable) };
                        (seen, crash.to_string())
                    });
                    self.written = Some(seen);
                    // Nobody may have asked since it ended.
                    if clock.now() < seen.at + COUNTS_FOR {
                        return (seen.wrong, error);
                    }
                }
                Err(_) if clock.now() < late => return (known, String::new()),
                Err(_) => {
                    let error = format!("a write waits for more than {LOCK_PATIENCE:?}");
                    return (Some(NotReady::DatabaseBusy), error);
                }
            }
        }
    }
}

impl Writing {
    fn begin(database: &Database, clock: Clock) -> Self {
        let (since, database) = (clock.now(), database.clone());
        let task = tokio::spawn(async move {
            let (wrong, error) = match timeout(WRITE_LIMIT, database.try_write()).await {
                Ok(Ok(())) => (None, String::new()),
                Ok(Err(error)) => (Some(why(&database, &error)), error.to_string()),
                Err(_) => (Some(NotReady::DatabaseBusy), format!("no answer in {WRITE_LIMIT:?}")),
            };
            (Seen { at: clock.now(), wrong }, error)
        });
        Self { since, task }
    }
}

/// Why a write has failed.
fn why(database: &Database, error: &RecordsError) -> NotReady {
    match error.trouble() {
        Some(Trouble::Busy) => NotReady::DatabaseBusy,
        Some(Trouble::Full) => NotReady::DatabaseFull,
        Some(Trouble::Away) => unreachable(database),
        Some(Trouble::ReadOnly | Trouble::Damaged) | None => NotReady::DatabaseReadOnly,
    }
}

fn unreachable(database: &Database) -> NotReady {
    match database.has_lost_its_file() {
        true => NotReady::DatabaseFile,
        false => NotReady::DatabaseUnreachable,
    }
}

/// What keeps a webhook from its answer. On a connection that is kept for webhooks, as they do.
async fn read(database: &Database, clock: Clock) -> Option<NotReady> {
    let schema = database.read_first(|db| async move {
        let looking = timeout(PATIENCE, migration::pending(&db)).await;
        looking.ok().transpose()
    });
    match schema.await {
        Ok(Some(pending)) if pending.is_empty() => {
            let read = try_find_for_voice(database, PATIENCE, clock.wall()).await;
            read.err().map(|_: RecordsError| unreachable(database))
        }
        Ok(Some(_)) | Err(MigrateError::UnknownMigrations(_)) => Some(NotReady::DatabaseSchema),
        Ok(None) | Err(_) => Some(unreachable(database)),
    }
}
