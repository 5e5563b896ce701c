//! A SQLite file that another program has locked, and which program that is.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use entities::{SQLITE_BUSY_TIMEOUT, sqlite_file};
use thiserror::Error;

use crate::config;

/// Another program held the lock for longer than a statement waits.
#[derive(Debug, Error)]
#[error(
    "the database {file} was locked by {holder} for {SQLITE_BUSY_TIMEOUT:?}: try again, or end that program"
)]
pub struct LockedError {
    file: String,
    holder: Holder,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    Unknown,
    Process { number: u32, name: String },
}

impl LockedError {
    pub(crate) fn of(config: &config::Database) -> Self {
        let path = sqlite_file(config.url.expose());
        let holder = path.as_deref().and_then(holder_of).unwrap_or(Holder::Unknown);
        Self { file: config.url.shown(), holder }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("another program"),
            Self::Process { number, name } => write!(f, "{name} (process {number})"),
        }
    }
}

/// Linux lists all locks.
fn holder_of(database: &Path) -> Option<Holder> {
    let real = database.canonicalize().ok()?;
    let mut shared = real.clone().into_os_string();
    shared.push("-shm");
    // A writer locks a byte of the one, and somebody who wants it for himself the other.
    let files = [PathBuf::from(shared), real];
    let inodes: Vec<u64> =
        files.iter().filter_map(|path| Some(fs::metadata(path).ok()?.ino())).collect();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let number = locks.lines().find_map(|line| writer_in(line, &inodes))?;
    let name = fs::read_to_string(format!("/proc/{number}/comm")).ok()?;
    Some(Holder::Process { number, name: name.trim().to_owned() })
}

/// The process of a line such as `1: POSIX  ADVISORY  WRITE 4711 fe:00:10133507 120 120`.
fn writer_in(line: &str, inodes: &[u64]) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX" | "OFDLCK", _, "WRITE", process, file, ..] = words[..] else { return None };
    let inode: u64 = file.rsplit(':').next()?.parse().ok()?;
    let process: u32 = process.parse().ok()?;
    (inodes.contains(&inode) && process != std::process::id()).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_5_the_writer_of_a_file_is_found_among_all_locks() {
        let writer = "7: POSIX  ADVISORY  WRITE 4711 fe:00:1013 120 120";
        assert_eq!(writer_in(writer, &[1013]), Some(4711));
        for other in [
            "7: POSIX  ADVISORY  WRITE 4711 fe:00:1014 120 120",
            "7: POSIX  ADVISORY  READ 4711 fe:00:1013 123 123",
            "7: FLOCK  ADVISORY  WRITE 4711 fe:00:1013 0 EOF",
            "7: -> POSIX  ADVISORY  WRITE 4711 fe:00:1013 120 120",
            "",
        ] {
            assert_eq!(writer_in(other, &[1013]), None, "{other}");
        }
    }
}
