//! The file of entries that the database can never take.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Its name in `server.state_dir`.
pub(super) const FILE: &str = "frontdesk-refused.jsonl";
/// Further entries are counted only.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Refused {
    path: PathBuf,
    count: u64,
}

impl Refused {
    pub(super) fn open(folder: &Path) -> Self {
        Self { path: folder.join(FILE), count: 0 }
    }

    /// Returns the number of entries since the start.
    pub(super) fn append(&mut self, line: &str) -> io::Result<u64> {
        self.count += 1;
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        if file.metadata()?.len() + line.len() as u64 > MAX_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        writeln!(file, "{line}")?;
        file.sync_data()?;
        Ok(self.count)
    }
}
