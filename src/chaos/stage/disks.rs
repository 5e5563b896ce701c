//! The disks of a run's daemons: a folder for each, which survives the death of its process.

use std::path::PathBuf;
use std::thread;

/// Removed with the run.
pub(super) struct Disks(PathBuf);

impl Disks {
    /// A thread has one run at a time.
    pub(super) fn new() -> Self {
        let name = format!("frontdesk-chaos-{}-{:?}", std::process::id(), thread::current().id());
        let disks = Self(std::env::temp_dir().join(name));
        disks.remove();
        disks
    }

    /// The folder of a daemon, by its place.
    pub(super) fn of(&self, node: usize) -> PathBuf {
        self.0.join(node.to_string())
    }

    /// None is left if there was none.
    fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        self.remove();
    }
}
