//! Entries on disk, in `server.state_dir`: those that wait for the database, and those that it can
//! never take.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::backlog::{Backlog, Batch};
use super::batch::BatchSize;
use super::refused::Refused;
use crate::messages::JournalEntry;

/// Where file operations run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskMode {
    /// In threads of their own: a slow disk holds up nobody.
    Live,
    /// In the caller's thread, in no virtual time.
    Simulated,
}

/// The journal's files, or none. Clones share them.
#[derive(Debug, Clone)]
pub struct Disk {
    files: Option<Arc<Mutex<Option<Files>>>>,
    /// Beside the files: whoever asks does not wait for them.
    waiting: Arc<AtomicU64>,
    set_aside: Arc<AtomicU64>,
    mode: DiskMode,
}

#[derive(Debug)]
struct Files {
    backlog: Backlog,
    refused: Refused,
}

impl Disk {
    /// The files in this folder, which is created. What waits from a run before is found.
    ///
    /// # Errors
    /// The folder can't be used, or another daemon uses it.
    pub fn open(folder: &Path, mode: DiskMode) -> io::Result<Self> {
        let files = Files { backlog: Backlog::open(folder)?, refused: Refused::open(folder) };
        let waiting = Arc::new(AtomicU64::new(files.backlog.waiting()));
        Ok(Self {
            files: Some(Arc::new(Mutex::new(Some(files)))),
            waiting,
            set_aside: Arc::default(),
            mode,
        })
    }

    /// No files: nothing is kept.
    #[must_use]
    pub fn none() -> Self {
        Self {
            files: None,
            waiting: Arc::default(),
            set_aside: Arc::default(),
            mode: DiskMode::Simulated,
        }
    }

    /// As the death of the process does: nothing reaches the files any more, and another process may open them.
    pub fn take_down(&self) {
        if let Some(files) = &self.files {
            files.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// How many entries wait on disk.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many entries the database never takes, since the start.
    #[must_use]
    pub fn set_aside_so_far(&self) -> u64 {
        self.set_aside.load(Ordering::Relaxed)
    }

    pub(super) fn is_there(&self) -> bool {
        self.files.is_some()
    }

    pub(super) async fn append(&self, entries: Vec<Arc<JournalEntry>>) -> io::Result<()> {
        self.run(move |files| files.backlog.append(&entries)).await
    }

    /// The entries that have waited longest.
    pub(super) async fn first(&self, size: BatchSize) -> io::Result<Batch> {
        self.run(move |files| files.backlog.first(size)).await
    }

    /// The first entries of the batch are written, or set aside.
    pub(super) async fn done(&self, batch: Batch, count: usize) -> io::Result<()> {
        self.run(move |files| files.backlog.done(&batch, count)).await
    }

    /// Keeps an entry that the database never takes. Returns how many there are so far.
    pub(super) async fn set_aside(&self, line: String) -> io::Result<u64> {
        self.set_aside.fetch_add(1, Ordering::Relaxed);
        self.run(move |files| files.refused.append(&line)).await
    }

    /// The CallSids and telephone numbers in the entries that the database never takes.
    ///
    /// # Errors
    /// The file can't be read.
    pub async fn named_in_refused(&self) -> io::Result<BTreeSet<String>> {
        match self.files {
            Some(_) => self.run(|files| files.refused.named()).await,
            None => Ok(BTreeSet::new()),
        }
    }

    /// Removes such entries if they name one of these. Returns how many there were.
    ///
    /// # Errors
    /// The file can't be written: it is as it was.
    pub async fn drop_refused(&self, named: BTreeSet<String>) -> io::Result<u64> {
        self.run(move |files| files.refused.drop_those(&named)).await
    }

    /// Removes all of them if the last one was written before `instant`.
    ///
    /// # Errors
    /// The file can't be removed.
    pub async fn forget_refused_before(&self, instant: SystemTime) -> io::Result<()> {
        match self.files {
            Some(_) => self.run(move |files| files.refused.forget_before(instant)).await,
            None => Ok(()),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Files) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let Some(files) = &self.files else { return Err(io::ErrorKind::Unsupported.into()) };
        let (files, waiting) = (Arc::clone(files), Arc::clone(&self.waiting));
        let work = move || {
            let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
            let files = files.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let done = work(files);
            waiting.store(files.backlog.waiting(), Ordering::Relaxed);
            done
        };
        match self.mode {
            DiskMode::Simulated => work(),
            DiskMode::Live => {
                let done = tokio::task::spawn_blocking(work);
                done.await.unwrap_or_else(|error| Err(io::Error::other(error)))
            }
        }
    }
}
