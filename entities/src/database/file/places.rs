//! Where the files of a SQLite database lie: its own, and those of its write-ahead log. They are looked at
//! and never opened: closing a file would drop the locks that SQLite holds on it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use thiserror::Error;

/// The database file is not what is open.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum FileFault {
    #[error("the database file {} is gone", .0.display())]
    Gone(PathBuf),
    #[error("another file lies at {}, the place of the database file", .0.display())]
    Replaced(PathBuf),
    #[error("the database file {} was emptied", .0.display())]
    Emptied(PathBuf),
    /// Without it, what was committed last is lost.
    #[error("the write-ahead log of the database, {}, was deleted or replaced", .0.display())]
    LogGone(PathBuf),
    #[error("the database file {} can't be looked at ({why})", path.display())]
    Hidden { path: PathBuf, why: io::ErrorKind },
}

impl FileFault {
    pub(super) fn is_emptied(&self) -> bool {
        matches!(self, Self::Emptied(_))
    }

    /// What the operator does about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Gone(_) | Self::Replaced(_) | Self::Emptied(_) => {
                "put it back, the same file or a whole copy, or restart the daemon; until then nothing \
                 is written, callers get the apology, and records wait in server.state_dir"
            }
            Self::LogGone(_) => {
                "never delete the -wal and -shm files of a running daemon; the database is opened again"
            }
            Self::Hidden { .. } => {
                "make its folder readable for this user; until then nothing is written, callers get \
                 the apology, and records wait in server.state_dir"
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: Inode,
    bytes: u64,
    changed: (i64, i64),
}

/// The files that are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    database: Inode,
    /// Each with its path. A file that is not there is not watched.
    log: Vec<(PathBuf, Inode)>,
}

#[derive(Debug)]
enum Seen {
    NotYet,
    Open(Places),
    Away(FileFault),
}

/// Looks at the files of one database.
#[derive(Debug)]
pub(crate) struct Watch {
    /// As it is configured: a link is followed each time.
    path: PathBuf,
    seen: RwLock<Seen>,
}

impl Watch {
    pub(crate) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: RwLock::new(Seen::NotYet) }
    }

    /// Whether the files are those that are open.
    pub(crate) fn look(&self) -> Result<(), FileFault> {
        match &*self.seen.read().unwrap_or_else(PoisonError::into_inner) {
            Seen::NotYet => Ok(()),
            Seen::Open(places) => self.compare(places),
            Seen::Away(fault) => Err(fault.clone()),
        }
    }

    pub(super) fn opened(&self, places: Places) {
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Seen::Open(places);
    }

    /// Returns what was open, if it was open until now.
    pub(super) fn away(&self, fault: &FileFault) -> Option<Places> {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *seen, Seen::Away(fault.clone())) {
            Seen::Open(places) => Some(places),
            Seen::NotYet | Seen::Away(_) => None,
        }
    }

    /// The files that lie there now.
    pub(super) fn places(&self) -> Result<Places, FileFault> {
        let database = Inode::of(&self.metadata()?);
        let log = self.log().into_iter().filter_map(|path| {
            let inode = Inode::of(&fs::metadata(&path).ok()?);
            Some((path, inode))
        });
        Ok(Places { database, log: log.collect() })
    }

    /// The state of the file that lies there now.
    pub(super) fn stamp(&self) -> Result<Stamp, FileFault> {
        let found = self.metadata()?;
        let changed = (found.mtime(), found.mtime_nsec());
        Ok(Stamp { inode: Inode::of(&found), bytes: found.len(), changed })
    }

    /// SQLite would take the log of the old file for that of another one which now lies there. It is kept,
    /// under another name.
    pub(super) fn put_log_aside(&self, old: &Places) -> Result<(), String> {
        if self.metadata().is_ok_and(|found| Inode::of(&found) == old.database) {
            return Ok(());
        }
        let is_in_use = |(path, inode): &&(PathBuf, Inode)| {
            let found = fs::metadata(path).ok().filter(|found| Inode::of(found) == *inode);
            is_wal(path) && found.is_some_and(|found| found.len() > 0)
        };
        let Some((log, _)) = old.log.iter().find(is_in_use) else { return Ok(()) };
        let aside = log.with_added_extension("old");
        if aside.exists() {
            let (log, aside) = (log.display(), aside.display());
            return Err(format!(
                "{log} belongs to the old file, and can't be kept as {aside}, which exists: move one of \
                 them away"
            ));
        }
        tracing::warn!(kept = %aside.display(), "the write-ahead log of the old file was put aside");
        fs::rename(log, aside).map_err(|error| error.to_string())
    }

    fn compare(&self, open: &Places) -> Result<(), FileFault> {
        if Inode::of(&self.metadata()?) != open.database {
            return Err(FileFault::Replaced(self.path.clone()));
        }
        let is_there = |path: &Path| fs::metadata(path).ok().map(|found| Inode::of(&found));
        match open.log.iter().find(|(path, inode)| is_there(path) != Some(*inode)) {
            Some((path, _)) => Err(FileFault::LogGone(path.clone())),
            None => Ok(()),
        }
    }

    /// An empty file is none: SQLite would take it for a new database.
    fn metadata(&self) -> Result<Metadata, FileFault> {
        match fs::metadata(&self.path) {
            Ok(found) if found.len() == 0 => Err(FileFault::Emptied(self.path.clone())),
            Ok(found) => Ok(found),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Err(FileFault::Gone(self.path.clone()))
            }
            Err(error) => Err(FileFault::Hidden { path: self.path.clone(), why: error.kind() }),
        }
    }

    /// SQLite puts them beside the file that a link leads to.
    fn log(&self) -> [PathBuf; 2] {
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        ["-wal", "-shm"].map(|suffix| {
            let mut name = real.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        })
    }
}

impl Inode {
    fn of(found: &Metadata) -> Self {
        Self { device: found.dev(), number: found.ino() }
    }
}

fn is_wal(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-wal")
}
