//! The lock of a SQLite file, and what lies beside one that is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;

use super::error::PresenceError;

/// How many links a path may lead through.
const MAX_LINKS: usize = 40;

pub(crate) fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

/// Takes the lock beside the file; `None` for a database in memory. Fails if that file is gone, and what was written to it last is not.
pub(super) fn lock(url: &str) -> Result<Option<File>, PresenceError> {
    let Some(database) = database_of(url) else { return Ok(None) };
    let path = beside(&database, ".lock");
    let failed = |error| PresenceError::File { path: path.clone(), error };
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => left_log(&database).map(|()| Some(file)),
        Err(TryLockError::WouldBlock) => Err(taken(database)),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether SQLite would make the file.
pub(super) fn is_to_be_made(url: &str) -> bool {
    let in_folder = |path: &PathBuf| path.parent().is_some_and(Path::exists);
    database_of(url).filter(in_folder).is_some_and(|path| is_nothing(&path))
}

/// Before a database is opened that must exist: whether SQLite would lose what was written to it.
///
/// # Errors
/// As those of the lock of a [`Presence`](super::Presence), which is not taken here.
pub fn may_open(url: &str) -> Result<(), PresenceError> {
    let Some(database) = database_of(url).filter(|path| is_nothing(path)) else { return Ok(()) };
    let lock = OpenOptions::new().read(true).open(beside(&database, ".lock"));
    match lock.map(|file| file.try_lock_shared()) {
        Ok(Err(TryLockError::WouldBlock)) => Err(taken(database)),
        Ok(Ok(()) | Err(TryLockError::Error(_))) | Err(_) => left_log(&database),
    }
}

fn taken(database: PathBuf) -> PresenceError {
    if is_nothing(&database) { PresenceError::Away(database) } else { PresenceError::Taken }
}

/// SQLite takes an empty file for a new database, and deletes the log beside it.
fn left_log(database: &Path) -> Result<(), PresenceError> {
    let log = beside(database, "-wal");
    let holds_rows = fs::metadata(&log).is_ok_and(|found| found.len() > 0);
    if holds_rows && is_nothing(database) {
        return Err(PresenceError::LeftLog { file: database.to_owned(), log });
    }
    Ok(())
}

/// Whether nothing lies there, or an empty file.
fn is_nothing(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => found.len() == 0,
        Err(error) => {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        }
    }
}

/// The file of a database that is not in memory. Two paths of one file are one.
fn database_of(url: &str) -> Option<PathBuf> {
    if !is_sqlite(url) || url.contains(":memory:") || url.contains("mode=memory") {
        return None;
    }
    let options = url.parse::<SqliteConnectOptions>().ok()?;
    let path = options.get_filename();
    path.file_name()?;
    Some(real(path))
}

/// Follows links, also to a file that is not there.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        if let Ok(real) = path.canonicalize() {
            return real;
        }
        match fs::read_link(&path) {
            Ok(target) => path = path.with_file_name("").join(target),
            Err(_) => break,
        }
    }
    in_real_folder(&path).unwrap_or(path)
}

/// The path of a file that does not exist.
fn in_real_folder(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize()?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::presence::Presence;

    #[tokio::test]
    async fn ops_11_one_lives_on_a_file_whatever_its_path_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("calls.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let daemon = Presence::of_daemon(&url).await.unwrap();
        std::fs::write(&file, "rows").unwrap();
        let other = folder.path().join("other.db");
        symlink(&file, &other).unwrap();
        for same in [url.clone(), format!("sqlite:{}", other.display())] {
            assert!(
                matches!(Presence::of_daemon(&same).await, Err(PresenceError::Taken)),
                "{same}"
            );
            assert!(matches!(Presence::alone(&same).await, Err(PresenceError::Taken)), "{same}");
        }
        drop(daemon);
        let alone = Presence::alone(&url).await.unwrap();
        assert!(matches!(Presence::of_daemon(&url).await, Err(PresenceError::Taken)));
        drop(alone);
        Presence::of_daemon(&url).await.unwrap();
    }

    #[tokio::test]
    async fn ops_11_in_memory_nobody_meets() {
        let first = Presence::of_daemon("sqlite::memory:").await.unwrap();
        Presence::of_daemon("sqlite::memory:").await.unwrap();
        Presence::alone("sqlite://x?mode=memory").await.unwrap();
        drop(first);
    }

    #[tokio::test]
    async fn ops_11_a_daemon_is_found_whose_file_is_away_or_empty_through_a_link_too() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("calls.db"), folder.path().join("link.db"));
        symlink("calls.db", &link).unwrap();
        let urls = [&file, &link].map(|path| format!("sqlite://{}", path.display()));
        let daemon = Presence::of_daemon(&urls[1]).await.unwrap();
        for emptied in [false, true] {
            if emptied {
                File::create(&file).unwrap();
            }
            for url in &urls {
                for refused in [
                    Presence::to_create(url).map(drop),
                    Presence::alone(url).await.map(drop),
                    Presence::of_daemon(url).await.map(drop),
                    may_open(url),
                ] {
                    let refused = refused.unwrap_err();
                    assert!(matches!(refused, PresenceError::Away(_)), "{refused}");
                    assert_eq!(refused.to_string().lines().count(), 1);
                }
            }
        }
        std::fs::write(&file, "rows").unwrap();
        for url in &urls {
            assert!(Presence::to_create(url).unwrap().is_none(), "nothing is to be made");
            may_open(url).unwrap();
        }
        drop(daemon);
    }

    #[tokio::test]
    async fn ops_11_nobody_lives_where_only_the_log_of_a_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("calls.db"), folder.path().join("calls.db-wal"));
        let url = format!("sqlite://{}", file.display());
        std::fs::write(&log, "rows").unwrap();
        for emptied in [false, true] {
            if emptied {
                File::create(&file).unwrap();
            }
            for refused in [
                may_open(&url),
                Presence::to_create(&url).map(drop),
                Presence::alone(&url).await.map(drop),
                Presence::of_daemon(&url).await.map(drop),
            ] {
                let refused = refused.unwrap_err();
                assert!(matches!(refused, PresenceError::LeftLog { .. }), "{refused}");
                assert_eq!(refused.to_string().lines().count(), 1);
            }
        }
        // The file is back; or the log is empty, or gone.
        std::fs::write(&file, "rows").unwrap();
        Presence::of_daemon(&url).await.unwrap();
        std::fs::remove_file(&file).unwrap();
        File::create(&log).unwrap();
        may_open(&url).unwrap();
        Presence::to_create(&url).unwrap().unwrap();
        std::fs::remove_file(&log).unwrap();
        Presence::of_daemon(&url).await.unwrap();
    }

    #[test]
    fn ops_11_a_folder_that_is_not_there_is_left_to_who_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/nowhere/calls.db", folder.path().display());
        assert!(Presence::to_create(&url).unwrap().is_none());
        may_open(&url).unwrap();
    }
}
