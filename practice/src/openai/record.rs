//! What the server received and sent, for tests and the demo.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

/// Everything that happened since the server started.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Client events in order. Appends are only counted, unless the server keeps audio
    /// ([`Options`](super::Options)).
    pub events: VecDeque<SeenEvent>,
    /// Number of client events by type.
    pub counts: BTreeMap<String, u64>,
    /// Audio deltas in order, if the server keeps audio.
    pub deltas: Vec<Delta>,
    /// Total bytes of client events.
    pub bytes: u64,
    pub violations: Vec<Violation>,
    /// The caller's turns as the server understood them.
    pub heard: Vec<Turn>,
    /// Turns in audio that came as items, when a client replays a history.
    pub heard_in_items: Vec<Turn>,
    /// The model's turns, recorded when each begins.
    pub said: Vec<Turn>,
    /// Connections, refused ones included.
    pub connections: u64,
    /// Sessions begun, without refused ones.
    pub sessions: u64,
    /// The sessions begun, in the order of their numbers, without refused ones.
    pub lives: Vec<Life>,
    /// Sessions alive now.
    pub alive: u64,
    /// The most sessions alive at once.
    pub most_alive: u64,
    /// Responses begun.
    pub responses: u64,
    /// Responses done, by status.
    pub done: BTreeMap<String, u64>,
}

/// When a session lived. Times since the server started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The session's number on this server, from 1.
    pub session: u64,
    /// The key that came with it: a server that takes any key can tell its clients apart.
    pub key: String,
    pub began: Duration,
    /// `None` while it lives.
    pub ended: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SeenEvent {
    /// The session's number on this server, from 1.
    pub session: u64,
    /// Time since the server started.
    pub at: Duration,
    /// The event's `type`.
    pub kind: String,
    /// Length on the wire.
    pub bytes: usize,
    pub body: Value,
}

/// One `response.output_audio.delta`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The session's number on this server, from 1.
    pub session: u64,
    pub item_id: String,
    /// Base64, as on the wire.
    pub audio: String,
}

/// Words in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The session's number on this server, from 1.
    pub session: u64,
    pub item_id: String,
    pub text: String,
}

/// A client's mistake: the real server would answer with an error, or the call would suffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The session's number on this server, from 1.
    pub session: u64,
    /// Time since the server started.
    pub at: Duration,
    /// The error's code, `append_before_update` or `broken_audio`.
    pub code: String,
    pub detail: String,
}

impl Record {
    /// Number of client events of this type.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a SeenEvent> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// Violations without those that a correct client can't avoid: a cancel that crosses the end of its
    /// response on the wire, or two commits that cross.
    pub fn faults(&self) -> impl Iterator<Item = &Violation> {
        const CROSSED: [&str; 2] =
            ["response_cancel_not_active", "input_audio_buffer_commit_empty"];
        self.violations.iter().filter(|violation| !CROSSED.contains(&violation.code.as_str()))
    }

    #[must_use]
    pub fn heard_texts(&self) -> Vec<&str> {
        self.heard.iter().map(|turn| turn.text.as_str()).collect()
    }

    #[must_use]
    pub fn said_texts(&self) -> Vec<&str> {
        self.said.iter().map(|turn| turn.text.as_str()).collect()
    }
}

/// A handle to the record. Clones share it.
#[derive(Debug, Clone)]
pub struct Log {
    record: Arc<watch::Sender<Record>>,
    keeps_audio: bool,
}

impl Log {
    pub(super) fn new(keeps_audio: bool) -> Self {
        Self { record: Arc::new(watch::Sender::new(Record::default())), keeps_audio }
    }

    pub(super) fn keeps_audio(&self) -> bool {
        self.keeps_audio
    }

    /// Whether client events of this type are kept, or only counted.
    pub(super) fn keeps(&self, kind: &str) -> bool {
        self.keeps_audio || kind != "input_audio_buffer.append"
    }

    /// Reads the record without a copy. It is locked meanwhile.
    pub fn look<T>(&self, with: impl FnOnce(&Record) -> T) -> T {
        with(&self.record.borrow())
    }

    /// A copy of the record.
    #[must_use]
    pub fn record(&self) -> Record {
        self.record.borrow().clone()
    }

    /// Waits until the record satisfies a condition.
    pub async fn wait_for(&self, wanted: impl FnMut(&Record) -> bool) {
        // The sender lives as long as this log, so the wait can't fail.
        drop(self.record.subscribe().wait_for(wanted).await);
    }

    pub(super) fn change(&self, how: impl FnOnce(&mut Record)) {
        self.record.send_modify(how);
    }

    pub(super) fn saw(&self, event: SeenEvent) {
        self.change(|record| {
            *record.counts.entry(event.kind.clone()).or_default() += 1;
            record.bytes += event.bytes as u64;
            if self.keeps(&event.kind) {
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

/// Client events kept. The oldest are dropped.
const EVENTS_KEPT: usize = 10_000;
/// Violations kept. Later ones are dropped: the first ones matter most.
const VIOLATIONS_KEPT: usize = 1000;
