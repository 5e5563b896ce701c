use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why nobody may live there.
#[derive(Debug, Error)]
pub enum PresenceError {
    /// Another daemon lives there, or a command needs it alone.
    #[error(
        "a daemon is running on this database, or a migration is: stop it first, or use a database of \
         your own"
    )]
    Taken,
    /// As `Taken`; the daemon waits for the file.
    #[error(
        "the database file {} is gone, and a daemon is running on it, or a migration is: put the file \
         back; or, for a new database, stop it first", .0.display()
    )]
    Away(PathBuf),
    /// SQLite would delete the log, if a new file lay beside it.
    #[error(
        "{} holds what was written last, but its database file {} is gone or empty: put the file back; \
         or, for a new database, remove the log", log.display(), file.display()
    )]
    LeftLog { file: PathBuf, log: PathBuf },
    #[error("{}", no_lock(path, error))]
    File { path: PathBuf, error: io::Error },
    #[error(
        "PostgreSQL does not say who lives on the database ({0}): see that database.url can be used"
    )]
    Database(sqlx::Error),
    #[error(
        "PostgreSQL did not answer in time: see that it runs, and that database.url can be used"
    )]
    TooSlow,
}

/// Why the lock beside a SQLite file can't be had, and what to do.
fn no_lock(path: &Path, error: &io::Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).display();
    let (path, kind) = (path.display(), error.kind());
    if matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        return format!(
            "there is no folder {folder}: create it, or set database.url to another file"
        );
    }
    if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
        return format!(
            "{path} can't be written ({error}): let this user write to the folder {folder} and the files \
             in it, or set database.url to another file"
        );
    }
    format!(
        "{path} can't be locked ({error}): see to the folder {folder}, or set database.url to another file"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_11_an_error_of_the_lock_names_the_key_and_what_to_do() {
        let (missing, denied) = (io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied);
        let told = |kind: io::ErrorKind, path: &str| {
            let error = PresenceError::File { path: path.into(), error: kind.into() }.to_string();
            assert!(error.lines().count() == 1 && error.contains("set database.url"), "{error}");
            error
        };
        let text = told(missing, "/nowhere/calls.db.lock");
        assert!(text.starts_with("there is no folder /nowhere: create it"), "{text}");
        let text = told(denied, "calls.db.lock");
        assert!(text.contains("let this user write to the folder . and"), "{text}");
        told(io::ErrorKind::IsADirectory, "calls.db.lock");
    }
}
