//! The files in which entries wait for the database: one line of JSON each, oldest first. Numbered
//! files, of which the last is written and the first is read. A file goes when all of it is written:
//! after a restart some entries can be written again, which is harmless.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use supervision::MAX_ATTEMPTS;

use super::batch::BatchSize;
use crate::messages::JournalEntry;

const PREFIX: &str = "frontdesk-journal-";
const SUFFIX: &str = ".jsonl";
/// Whoever holds its lock owns the files.
const LOCK: &str = "frontdesk-journal.lock";
/// The next file begins when one is so long.
const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// All files together: about a million records.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Backlog {
    folder: PathBuf,
    files: VecDeque<Segment>,
    next_number: u64,
    suspect: Option<Suspect>,
    _lock: File,
}

/// Lines of the first file that were read and not reported on: unless they are just being written, one
/// of them crashes the journal.
#[derive(Debug)]
struct Suspect {
    path: PathBuf,
    /// The first of them, and the end of them, in bytes.
    at: u64,
    until: u64,
    /// Of the first.
    attempts: u32,
}

/// A line that can't be written to the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spoiled {
    pub(super) why: &'static str,
    pub(super) line: serde_json::Value,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    bytes: u64,
    entries: u64,
    /// What is written in the database.
    read_bytes: u64,
    read_entries: u64,
    /// Nothing is added: its last line may be half written.
    sealed: bool,
}

/// Entries from the first file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Each with the bytes of its line.
    pub(super) lines: Vec<(Result<Arc<JournalEntry>, Spoiled>, u64)>,
    path: PathBuf,
}

impl Backlog {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = open(&folder.join(LOCK), OpenOptions::new().write(true))?;
        lock.try_lock().map_err(io::Error::from)?;
        let mut found = Vec::new();
        for file in fs::read_dir(folder)? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            let number = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
            if let Some(number) = number.and_then(|number| number.parse::<u64>().ok()) {
                found.push((number, file.path()));
            }
        }
        found.sort_unstable();
        let next_number = found.last().map_or(1, |(number, _)| number + 1);
        let files = found.into_iter().map(|(_, path)| Segment::of(path));
        let files = files.collect::<io::Result<_>>()?;
        Ok(Self { folder: folder.to_owned(), files, next_number, suspect: None, _lock: lock })
    }

    pub(super) fn waiting(&self) -> u64 {
        self.files.iter().map(|file| file.entries - file.read_entries).sum()
    }

    /// All or none. A half-written line, if the disk is full, is cut off again.
    pub(super) fn append(&mut self, entries: &[Arc<JournalEntry>]) -> io::Result<()> {
        let mut text = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut text, &**entry)?;
            text.push(b'\n');
        }
        let all: u64 = self.files.iter().map(|file| file.bytes).sum();
        if all + text.len() as u64 > MAX_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let is_new = self.files.back().is_none_or(|last| last.sealed || last.bytes >= FILE_BYTES);
        if is_new {
            let name = format!("{PREFIX}{:012}{SUFFIX}", self.next_number);
            self.next_number += 1;
            self.files.push_back(Segment::new(self.folder.join(name)));
        }
        let Some(last) = self.files.back_mut() else { return Ok(()) };
        let mut file = open(&last.path, OpenOptions::new().append(true))?;
        if let Err(error) = file.write_all(&text).and_then(|()| file.sync_data()) {
            last.sealed = file.set_len(last.bytes).is_err();
            return Err(error);
        }
        last.bytes += text.len() as u64;
        last.entries += entries.len() as u64;
        Ok(())
    }

    /// As [`Inbox`](supervision::Inbox) does: what has crashed the journal is tried again line by line, and
    /// given up after [`MAX_ATTEMPTS`].
    pub(super) fn first(&mut self, size: BatchSize) -> io::Result<Batch> {
        let mut batch = self.read_first(size)?;
        let Some(at) = self.files.front().map(|first| first.read_bytes) else { return Ok(batch) };
        let known = self.suspect.take();
        let known = known.filter(|known| known.path == batch.path && at < known.until);
        let (attempts, until) = match known {
            Some(known) => {
                batch.lines.truncate(1);
                // The attempt at all of them was one at each.
                (if known.at == at { known.attempts } else { 1 }, known.until)
            }
            None => (0, at + batch.lines.iter().map(|(_, length)| length).sum::<u64>()),
        };
        if attempts >= MAX_ATTEMPTS {
            batch.spoil_first("this entry crashed the journal");
        }
        let (path, attempts) = (batch.path.clone(), attempts + 1);
        self.suspect = Some(Suspect { path, at, until, attempts });
        Ok(batch)
    }

    fn read_first(&mut self, size: BatchSize) -> io::Result<Batch> {
        let Some(first) = self.files.front() else { return Ok(Batch::default()) };
        let file = File::open(&first.path).inspect_err(|error| {
            // Somebody has taken it away.
            if error.kind() == io::ErrorKind::NotFound {
                tracing::error!(
                    lost = first.entries - first.read_entries,
                    "records on disk are gone"
                );
            }
        });
        if file.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            self.files.pop_front();
            return Ok(Batch::default());
        }
        let mut file = BufReader::new(file?);
        file.seek(SeekFrom::Start(first.read_bytes))?;
        let mut batch = Batch { lines: Vec::new(), path: first.path.clone() };
        let mut room = size.room();
        loop {
            let mut line = Vec::new();
            let length = file.read_until(b'\n', &mut line)?;
            if length == 0 || !room(length) && !batch.lines.is_empty() {
                break;
            }
            let entry = serde_json::from_slice(&line).map(Arc::new).map_err(|_| Spoiled {
                why: "this is no journal entry",
                line: String::from_utf8_lossy(&line).trim_end().into(),
            });
            batch.lines.push((entry, length as u64));
        }
        Ok(batch)
    }

    /// Whatever the database did, nothing crashed.
    pub(super) fn done(&mut self, batch: &Batch, count: usize) -> io::Result<()> {
        if let Some(suspect) = &mut self.suspect {
            suspect.attempts -= 1;
        }
        self.suspect.take_if(|suspect| suspect.attempts == 0);
        let Some(first) = self.files.front_mut().filter(|first| first.path == batch.path) else {
            return Ok(());
        };
        let done = batch.lines.iter().take(count);
        first.read_bytes += done.clone().map(|(_, length)| length).sum::<u64>();
        first.read_entries = (first.read_entries + done.len() as u64).min(first.entries);
        if first.read_bytes >= first.bytes {
            let path = first.path.clone();
            self.files.pop_front();
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Batch {
    fn spoil_first(&mut self, why: &'static str) {
        let Some((line, _)) = self.lines.first_mut() else { return };
        if let Ok(entry) = line {
            let text = serde_json::json!(&**entry);
            *line = Err(Spoiled { why, line: text });
        }
    }
}

impl Segment {
    fn new(path: PathBuf) -> Self {
        Self { path, bytes: 0, entries: 0, read_bytes: 0, read_entries: 0, sealed: false }
    }

    /// Of a run before.
    fn of(path: PathBuf) -> io::Result<Self> {
        let mut file = BufReader::new(File::open(&path)?);
        let (mut bytes, mut entries, mut line) = (0, 0, Vec::new());
        loop {
            line.clear();
            let length = file.read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(Self { bytes, entries, sealed: true, ..Self::new(path) });
            }
            bytes += length as u64;
            entries += 1;
        }
    }
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    options.create(true).mode(0o600).open(path)
}
