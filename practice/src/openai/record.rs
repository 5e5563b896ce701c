//! What the practice server saw and heard, kept for tests and for the demo.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

/// Everything that happened at the server since it started.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Client events in the order of their coming; appends are only counted, unless audio is kept
    /// ([`Options`](super::Options)).
    pub events: VecDeque<SeenEvent>,
    /// How many client events of each type came, by name.
    pub counts: BTreeMap<String, u64>,
    /// Audio deltas as they were made, if audio is kept.
    pub deltas: Vec<Delta>,
    /// Bytes of all client events.
    pub bytes: u64,
    /// What clients did wrong.
    pub violations: Vec<Violation>,
    /// What the server heard, turn by turn.
    pub heard: Vec<Turn>,
    /// What it heard in audio that came as items instead of appends: a history that is replayed.
    pub heard_in_items: Vec<Turn>,
    /// What the server said, as it began to say it.
    pub said: Vec<Turn>,
    /// Upgrades asked for, refused ones too.
    pub connections: u64,
    /// Sessions ever begun, refused ones not counted.
    pub sessions: u64,
    /// Sessions that are alive.
    pub alive: u64,
    /// The most sessions that were ever alive at once.
    pub most_alive: u64,
    /// Responses begun, by any cause.
    pub responses: u64,
    /// Responses done, by status.
    pub done: BTreeMap<String, u64>,
}

/// One client event.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenEvent {
    /// Which session of the server's, from 1.
    pub session: u64,
    /// Since the server started.
    pub at: Duration,
    /// Its type.
    pub kind: String,
    /// Its length on the wire.
    pub bytes: usize,
    /// All of it.
    pub body: Value,
}

/// One `response.output_audio.delta`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Which session of the server's, from 1.
    pub session: u64,
    /// The conversation item it belongs to.
    pub item_id: String,
    /// The audio, base64 as on the wire.
    pub audio: String,
}

/// Something said in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Which session of the server's, from 1.
    pub session: u64,
    /// The conversation item it belongs to.
    pub item_id: String,
    /// The words.
    pub text: String,
}

/// Something a client did that the real server answers with an error or that spoils the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which session of the server's, from 1.
    pub session: u64,
    /// Since the server started.
    pub at: Duration,
    /// The error's code, or `append_before_update`, `broken_audio`.
    pub code: String,
    /// What it was, in words.
    pub detail: String,
}

impl Record {
    /// How many client events of this type came.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    /// The events of one type.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a SeenEvent> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// Violations, but those that a correct client can't avoid: a cancel and a response's end, or
    /// two commits, that crossed on the wire.
    pub fn faults(&self) -> impl Iterator<Item = &Violation> {
        const CROSSED: [&str; 2] =
            ["response_cancel_not_active", "input_audio_buffer_commit_empty"];
        self.violations.iter().filter(|violation| !CROSSED.contains(&violation.code.as_str()))
    }

    /// The words of all turns that were heard.
    #[must_use]
    pub fn heard_texts(&self) -> Vec<&str> {
        self.heard.iter().map(|turn| turn.text.as_str()).collect()
    }

    /// The words of all that was said.
    #[must_use]
    pub fn said_texts(&self) -> Vec<&str> {
        self.said.iter().map(|turn| turn.text.as_str()).collect()
    }
}

/// The one place where the record is kept. Clones write to and read from the same.
#[derive(Debug, Clone)]
pub struct Log {
    record: Arc<watch::Sender<Record>>,
    keeps_audio: bool,
}

impl Log {
    pub(super) fn new(keeps_audio: bool) -> Self {
        Self { record: Arc::new(watch::Sender::new(Record::default())), keeps_audio }
    }

    /// Whether appends and deltas are kept.
    pub(super) fn keeps_audio(&self) -> bool {
        self.keeps_audio
    }

    /// Looks at the record as it stands, without a copy. It can't change meanwhile.
    pub fn look<T>(&self, with: impl FnOnce(&Record) -> T) -> T {
        with(&self.record.borrow())
    }

    /// The record as it stands.
    #[must_use]
    pub fn record(&self) -> Record {
        self.record.borrow().clone()
    }

    /// Waits until the record is as the caller wants it; at once if it is so already.
    pub async fn wait_for(&self, wanted: impl FnMut(&Record) -> bool) {
        // The sender lives as long as this log: the wait can't fail.
        drop(self.record.subscribe().wait_for(wanted).await);
    }

    pub(super) fn change(&self, how: impl FnOnce(&mut Record)) {
        self.record.send_modify(how);
    }

    pub(super) fn saw(&self, event: SeenEvent) {
        self.change(|record| {
            *record.counts.entry(event.kind.clone()).or_default() += 1;
            record.bytes += event.bytes as u64;
            if self.keeps_audio || event.kind != "input_audio_buffer.append" {
                if record.events.len() >= EVENTS_KEPT {
                    record.events.pop_front();
                }
                record.events.push_back(event);
            }
        });
    }

    pub(super) fn violated(&self, violation: Violation) {
        self.change(|record| {
            if record.violations.len() < VIOLATIONS_KEPT {
                record.violations.push(violation);
            }
        });
    }
}

/// Client events kept; the oldest go.
const EVENTS_KEPT: usize = 10_000;
/// Violations kept; the first ones say most, so the newest go.
const VIOLATIONS_KEPT: usize = 1000;
