//! Who was erased and who wants no messages, kept in `server.state_dir` as keyed hashes: a database that is
//! restored from a backup hears of it again (LEAD-5).

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use actors::chance::Chance;
use entities::privacy::{self, ErasureRecord, Kept, Outcome};
use entities::{Database, RecordsError};
use jiff::{SignedDuration, Timestamp};
use protocol::person_key::PersonKey;
use secrecy::ExposeSecret;
use thiserror::Error;

use crate::config::Server;

/// The key, if the configuration has none.
const KEY_FILE: &str = "frontdesk-person.key";
const HASHES_FILE: &str = "frontdesk-erasures.json";
/// How many erasures are looked at in one round.
const AT_ONCE: u32 = 1000;
/// How long an erasure that is done is applied to rows that come later: a node may have kept them on disk.
const LATE_ROWS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The hashes' files can't be used.
#[derive(Debug, Error)]
#[error("{}: {error}", .path.display())]
pub struct KeeperError {
    pub path: PathBuf,
    pub error: io::Error,
}

/// The key of a daemon's hashes, and their file. Clones share it.
#[derive(Debug, Clone)]
pub struct PersonKeeper {
    key: PersonKey,
    /// `None`: there is no disk.
    folder: Option<PathBuf>,
    /// What the file has.
    written: Arc<Mutex<Option<Kept>>>,
}

impl PersonKeeper {
    /// The key of the configuration, or one of its own in the folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`KeeperError`] if the file can't be read or written.
    pub fn open(server: &Server, has_disk: bool, chance: &Chance) -> Result<Self, KeeperError> {
        let folder = has_disk.then(|| server.state_dir.clone());
        let key = match (&server.person_key, &folder) {
            (Some(key), _) => PersonKey::new(key.expose_secret().as_bytes()),
            (None, Some(folder)) => key_in(folder, chance)?,
            (None, None) => PersonKey::new(chance.new_secret().as_bytes()),
        };
        Ok(Self { key, folder, written: Arc::default() })
    }

    /// Whether a daemon has kept hashes in the folder.
    #[must_use]
    pub fn is_there(server: &Server) -> bool {
        server.state_dir.join(HASHES_FILE).exists()
    }

    #[must_use]
    pub fn key(&self) -> &PersonKey {
        &self.key
    }

    /// Tells the database what it has forgotten, and erases again what came back with a restore. Before the
    /// first call.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn apply(&self, db: &Database, now: Timestamp) -> Result<(), RecordsError> {
        match self.read() {
            Ok(Some(kept)) => {
                let erasures: Vec<_> = kept.erasures.clone();
                let new = privacy::merge(db, kept).await?;
                if new > 0 {
                    tracing::warn!(
                        new,
                        "the database did not know of erasures that were asked for: was it restored? They are \
                         carried out again"
                    );
                    for kept in erasures {
                        let erasure = ErasureRecord {
                            id: kept.id,
                            business: kept.business,
                            person: kept.person,
                            key_id: kept.key_id,
                            asked_by: kept.asked_by,
                            asked_at: kept.asked_at,
                            lead: None,
                            done_at: kept.done_at,
                        };
                        carry_out(db, &self.key, erasure, now).await?;
                    }
                }
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the hashes of erased people can't be read"),
        }
        privacy::sync_opt_outs(db, now).await?;
        if privacy::knows_another_key(db, &self.key).await? {
            tracing::error!(
                "the database has erasures or opt-outs that were made with another server.person_key: they \
                 are not recognised here. Give all daemons the same key"
            );
        }
        self.keep(db).await
    }

    /// Writes the file if the database has other hashes than it.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached. An error of the disk is logged.
    pub async fn keep(&self, db: &Database) -> Result<(), RecordsError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let kept = privacy::kept(db).await?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.as_ref() == Some(&kept) {
            return Ok(());
        }
        match replace(folder, &kept) {
            Ok(()) => *written = Some(kept),
            Err(error) => {
                tracing::error!(%error, "the hashes of erased people can't be kept on disk")
            }
        }
        Ok(())
    }

    /// Carries out what is asked for and was waiting for the end of a call. With `late` also what is done,
    /// for rows that came later.
    ///
    /// # Errors
    /// [`RecordsError`] if the database fails.
    pub async fn carry_out(
        &self,
        db: &Database,
        late: bool,
        now: Timestamp,
    ) -> Result<(), RecordsError> {
        let since = if late { now - LATE_ROWS } else { Timestamp::MAX };
        for erasure in privacy::to_carry_out(db, since, AT_ONCE).await? {
            carry_out(db, &self.key, erasure, now).await?;
        }
        Ok(())
    }

    fn read(&self) -> io::Result<Option<Kept>> {
        let Some(folder) = &self.folder else { return Ok(None) };
        match fs::read(folder.join(HASHES_FILE)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Erases a person, and says so without their number.
///
/// # Errors
/// [`RecordsError`] if the database fails.
pub async fn carry_out(
    db: &Database,
    key: &PersonKey,
    erasure: ErasureRecord,
    now: Timestamp,
) -> Result<Outcome, RecordsError> {
    let (id, business, was_done) = (erasure.id, erasure.business, erasure.done_at.is_some());
    let outcome = privacy::carry_out(db, key, erasure, now).await?;
    match outcome {
        Outcome::Done(erased) if !was_done || erased.is_something() => {
            tracing::info!(erasure = %id, %business, ?erased, "a person was erased");
        }
        Outcome::Done(_) => {}
        Outcome::Waits => {
            tracing::info!(erasure = %id, %business, "a person is erased when their call is over");
        }
        Outcome::OtherKey => {
            tracing::warn!(erasure = %id, %business, "nobody knows who is to be erased: the hash has another key");
        }
    }
    Ok(outcome)
}

fn key_in(folder: &Path, chance: &Chance) -> Result<PersonKey, KeeperError> {
    let path = folder.join(KEY_FILE);
    let failed = |error| KeeperError { path: path.clone(), error };
    fs::create_dir_all(folder).map_err(failed)?;
    let made = chance.new_secret();
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match new {
        Ok(mut file) => {
            file.write_all(made.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let text = fs::read_to_string(&path).map_err(failed)?;
    if text.trim().len() < made.len() {
        let empty = "holds no whole key: put the key of a backup there, or remove the file";
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, empty)));
    }
    Ok(PersonKey::new(text.trim().as_bytes()))
}

/// The old file stays until the new one is whole.
fn replace(folder: &Path, kept: &Kept) -> io::Result<()> {
    let (path, new) = (folder.join(HASHES_FILE), folder.join(format!("{HASHES_FILE}.new")));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(&serde_json::to_vec(kept)?)?;
    file.sync_all()?;
    fs::rename(new, path)
}
