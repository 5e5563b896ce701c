//! `frontdesk backup` and `restore`: the SQLite database as one file.

pub(super) mod error;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use ::migration::presence::Presence;
use actors::chance::Chance;
use entities::Database;
use jiff::Timestamp;

use self::error::BackupError;
use super::database;
use super::error::CliError;
use super::exit::Exit;
use crate::config::{self, Config, DatabaseUrl};
use crate::database::DatabaseError;
use crate::person_keeper::PersonKeeper;

/// Writes the database to `to`, also while a daemon runs on it.
pub(super) async fn back_up(
    to: &Path,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    sqlite(&config.database.url)?;
    let to = absolute(to)?;
    if to.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(to).into());
    }
    let db = database::connect(&config.database).await?;
    let part = beside(&to, ".part");
    let copied = copy(&db, &part).await;
    let closed = db.close().await;
    let done = match copied {
        Ok(()) => rename(&part, &to),
        Err(error) => Err(error),
    };
    if done.is_err() {
        // Perhaps there is none.
        let _ = fs::remove_file(&part);
    }
    done?;
    closed?;
    let size = fs::metadata(&to).map_err(|error| failed(&to, error))?.len();
    writeln!(out, "backed up {} to {}, {size} bytes", config.database.url.shown(), to.display())?;
    Ok(Exit::Clean)
}

/// Puts the backup `from` in the place of the database, and migrates it. The database that was there
/// stays beside it, under another name.
pub(super) async fn restore(
    from: &Path,
    confirmed: bool,
    config: &Config,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let place = absolute(&sqlite(&config.database.url)?)?;
    let from = absolute(from)?;
    let backup = fs::metadata(&from).map_err(|error| failed(&from, error))?;
    let present = fs::metadata(&place).ok();
    if present.as_ref().is_some_and(|file| (file.dev(), file.ino()) == (backup.dev(), backup.ino()))
    {
        return Err(BackupError::Itself(from).into());
    }
    // Held to the end: no daemon begins meanwhile.
    let alone = Presence::alone(config.database.url.expose()).await;
    let _alone = alone.map_err(DatabaseError::from)?;
    if !confirmed {
        return Err(BackupError::Unconfirmed(config.database.url.shown()).into());
    }
    let part = beside(&place, ".restoring");
    let prepared = prepare(&from, &part, present.as_ref(), config, now).await;
    if let Err(error) = prepared {
        remove(&part);
        return Err(error);
    }
    let kept = beside(&place, &now.strftime(".replaced-%Y%m%dT%H%M%SZ").to_string());
    if present.is_some() {
        // The log first: without it the file is older, and beside another file it would be mixed in.
        for suffix in ["-wal", "-shm", ""] {
            let (old, new) = (beside(&place, suffix), beside(&kept, suffix));
            if old.exists() {
                rename(&old, &new)?;
            }
        }
    }
    rename(&part, &place)?;
    remove(&part);
    write!(out, "restored {} from {}", place.display(), from.display())?;
    if present.is_some() {
        write!(out, "; what was there is {}", kept.display())?;
    }
    writeln!(out)?;
    Ok(Exit::Clean)
}

/// Copies the backup to `part`, looks at it, brings its schema up to date, and erases again who was erased
/// since.
async fn prepare(
    from: &Path,
    part: &Path,
    like: Option<&fs::Metadata>,
    whole: &Config,
    now: Timestamp,
) -> Result<(), CliError> {
    // Of a restore that was killed.
    remove(part);
    let mut file = new_file(part)?;
    let mut backup = File::open(from).map_err(|error| failed(from, error))?;
    io::copy(&mut backup, &mut file).map_err(|error| failed(part, error))?;
    // Whoever restores may be root, and the daemon is not.
    if let Some(like) = like {
        chown(part, Some(like.uid()), Some(like.gid())).map_err(|error| failed(part, error))?;
        file.set_permissions(like.permissions()).map_err(|error| failed(part, error))?;
    }
    let foreign = || BackupError::Foreign(from.to_owned());
    let config = config::Database { url: DatabaseUrl::of_file(part).ok_or_else(foreign)? };
    let db = database::connect(&config).await.map_err(|_| foreign())?;
    let looked = look(&db, from).await;
    db.close().await?;
    looked?;
    let migrated = database::open_or_create(&config).await.map_err(|error| named(error, from))?;
    if PersonKeeper::is_there(&whole.server) {
        let keeper = PersonKeeper::open(&whole.server, true, &Chance::from_system())?;
        keeper.apply(&migrated.clone().with_person_key(keeper.key().clone()), now).await?;
    }
    migrated.close().await?;
    file.sync_all().map_err(|error| failed(part, error))?;
    Ok(())
}

/// Removes a file that did not come into its place, and what SQLite and the lock left beside it.
fn remove(part: &Path) {
    for suffix in ["", "-wal", "-shm", ".lock"] {
        // Mostly there is none.
        let _ = fs::remove_file(beside(part, suffix));
    }
}

async fn look(db: &Database, from: &Path) -> Result<(), BackupError> {
    let damages = db.damages().await.map_err(|_| BackupError::Foreign(from.to_owned()))?;
    match damages.into_iter().next() {
        Some(damage) => Err(BackupError::Damaged { path: from.to_owned(), damage }),
        None => Ok(()),
    }
}

/// Names the backup, and not its copy.
fn named(error: DatabaseError, from: &Path) -> CliError {
    if matches!(error, DatabaseError::Foreign(_)) {
        return BackupError::Foreign(from.to_owned()).into();
    }
    error.into()
}

async fn copy(db: &Database, part: &Path) -> Result<(), BackupError> {
    let _ = fs::remove_file(part);
    // SQLite fills an empty file, and leaves its rights.
    let file = new_file(part)?;
    db.copy_into(part).await.map_err(BackupError::Copy)?;
    file.sync_all().map_err(|error| failed(part, error))
}

/// Only its owner reads it: it holds what callers said.
fn new_file(path: &Path) -> Result<File, BackupError> {
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|error| failed(path, error))
}

/// The new name is on the disk when it returns.
fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs::rename(from, to).map_err(|error| failed(to, error))?;
    let folder = to.parent().unwrap_or(Path::new("/"));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| failed(folder, error))
}

fn sqlite(url: &DatabaseUrl) -> Result<PathBuf, BackupError> {
    if !url.is_sqlite() {
        return Err(BackupError::Postgres);
    }
    entities::sqlite_file(url.expose()).ok_or(BackupError::InMemory)
}

fn absolute(path: &Path) -> Result<PathBuf, BackupError> {
    std::path::absolute(path).map_err(|error| failed(path, error))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn failed(path: &Path, error: io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), error }
}
