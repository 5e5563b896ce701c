//! The file of a live SQLite database: whether what lies at its path is what is open (OPS-10).
//!
//! SQLite goes on writing to a file that was deleted or replaced, and says that all is well. Here every
//! unit of work looks before and after. While the file is away, work fails. Then all connections are
//! closed, and what lies at the path is opened again as soon as it is that database.

mod contents;
mod places;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use sea_orm::sqlx::{ConnectOptions as _, Connection, Executor, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::errors;
use contents::Contents;
pub(crate) use places::{FileFault, Watch};
use places::{Places, Stamp};

/// How long work on a file that is away may hold up its return. It fails, and ends soon.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
const CLOSE_POLL: Duration = Duration::from_millis(5);

/// Clones share the file.
#[derive(Debug, Clone)]
pub(super) struct SqliteFile(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    watch: Arc<Watch>,
    pool: SqlitePool,
    /// Locked while a file that is away is looked for.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// While it is open, SQLite keeps the files of its write-ahead log: they are deleted with the last
    /// connection.
    keeper: Option<SqliteConnection>,
    /// What was open before the file was away.
    before: Option<(Places, Contents)>,
    /// What lies at the path and is not that database.
    refused: Option<Stamp>,
}

impl SqliteFile {
    /// Watches the file that the pool has opened. Later connections never create one.
    pub(super) async fn watch(watch: Arc<Watch>, pool: SqlitePool) -> Result<Self, DbErr> {
        let options = (*pool.connect_options()).clone().create_if_missing(false);
        pool.set_connect_options(options);
        let file = Self(Arc::new(Shared { watch, pool, held: Mutex::default() }));
        let (keeper, _) = file.open().await?;
        file.0.watch.opened(file.0.watch.places().map_err(errors::away)?);
        file.0.held.lock().await.keeper = Some(keeper);
        Ok(file)
    }

    /// Whether the file was in its place just now.
    pub(super) fn look(&self) -> Result<(), DbErr> {
        self.0.watch.look().map_err(errors::away)
    }

    /// Looks at the file; opens it again if it was away.
    pub(super) async fn is_in_place(&self) -> Result<(), DbErr> {
        let Err(fault) = self.0.watch.look() else { return Ok(()) };
        // Whoever comes meanwhile is told at once.
        let Ok(mut held) = self.0.held.try_lock() else { return Err(errors::away(fault)) };
        self.open_again(&mut held, fault).await.map_err(errors::away)
    }

    /// Makes a real write, on a connection of its own: one that is open may write what a new one may not.
    pub(super) async fn try_write(&self) -> Result<(), DbErr> {
        self.is_in_place().await?;
        let options = self.0.pool.connect_options();
        let mut connection = options.connect().await.map_err(errors::query)?;
        let written = contents::write_nothing(&mut connection).await;
        let closed = connection.close().await;
        written.and(closed).map_err(errors::query)?;
        self.look()
    }

    /// To be called when the pool is closed: only the last connection makes the file whole.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        match self.0.held.lock().await.keeper.take() {
            Some(keeper) => keeper.close().await.map_err(errors::query),
            None => Ok(()),
        }
    }

    async fn open_again(&self, held: &mut Held, fault: FileFault) -> Result<(), FileFault> {
        if let Some(places) = self.0.watch.away(&fault) {
            tracing::error!("{fault}: {}", fault.advice());
            let contents = match held.keeper.as_mut() {
                Some(keeper) => Contents::read(keeper).await.unwrap_or_default(),
                None => Contents::default(),
            };
            held.before = Some((places, contents));
            held.refused = None;
        }
        self.close_all(held, &fault).await?;
        let found = self.0.watch.stamp()?;
        if held.refused == Some(found) {
            return Err(fault);
        }
        match self.adopt(held, &fault).await {
            Ok(()) => {
                tracing::info!("the database file is in its place again");
                Ok(())
            }
            Err(why) => {
                tracing::error!("what lies in the place of the database file is not used: {why}");
                held.refused = Some(found);
                Err(fault)
            }
        }
    }

    /// Closes every connection to what was open. Fails if some are in use for long.
    async fn close_all(&self, held: &mut Held, fault: &FileFault) -> Result<(), FileFault> {
        timeout(CLOSE_PATIENCE, self.close_pooled()).await.map_err(|_| fault.clone())?;
        if let Some(mut keeper) = held.keeper.take() {
            if !fault.is_emptied() {
                // What was committed goes into the file, wherever that is. Otherwise its log would be
                // taken for that of another file.
                let _ = keeper.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
            }
            let _ = keeper.close().await;
        }
        Ok(())
    }

    /// Those that are in use are closed when they come back.
    async fn close_pooled(&self) {
        while self.0.pool.size() > 0 {
            match self.0.pool.try_acquire() {
                Some(idle) => drop(idle.close().await),
                None => sleep(CLOSE_POLL).await,
            }
        }
    }

    /// Opens what lies at the path, if it is the database that was open.
    async fn adopt(&self, held: &mut Held, fault: &FileFault) -> Result<(), String> {
        let (watch, before) = (&self.0.watch, held.before.as_ref());
        if let Some((places, _)) = before {
            watch.put_log_aside(places)?;
        }
        let (mut keeper, contents) = self.open().await.map_err(|error| error.to_string())?;
        let missing = match before.and_then(|(_, before)| contents.lack_of(before)) {
            // Of an emptied file, the log may have brought a part back.
            None if fault.is_emptied() => contents::damage(&mut keeper).await,
            missing => missing,
        };
        let places = match missing {
            Some(lack) => Err(format!("it is no whole copy of the one that was open: {lack}")),
            None => watch.places().map_err(|fault| fault.to_string()),
        };
        match places {
            Ok(places) => {
                watch.opened(places);
                *held = Held { keeper: Some(keeper), ..Held::default() };
                Ok(())
            }
            Err(why) => {
                let _ = keeper.close().await;
                Err(why)
            }
        }
    }

    /// A connection beside the pool. It has read, so that its write-ahead log is there.
    async fn open(&self) -> Result<(SqliteConnection, Contents), DbErr> {
        let options = self.0.pool.connect_options();
        let mut keeper = options.connect().await.map_err(errors::query)?;
        match Contents::read(&mut keeper).await {
            Ok(contents) => Ok((keeper, contents)),
            Err(error) => {
                let _ = keeper.close().await;
                Err(errors::query(error))
            }
        }
    }
}
