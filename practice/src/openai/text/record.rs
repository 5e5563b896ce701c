//! What the text model was asked, and what it answered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

/// Everything since the start.
#[derive(Debug, Clone, Default)]
pub struct TextRecord {
    /// Requests, refused ones included.
    pub requests: u64,
    /// Requests that are not answered yet.
    pub open: u64,
    /// The most requests that were open at once.
    pub most_open: u64,
    /// The newest requests that were right, each with its answer.
    pub turns: VecDeque<TextTurn>,
    /// A client's mistakes. The real API would refuse each.
    pub violations: Vec<TextViolation>,
}

/// A request that was right, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTurn {
    /// Time since the first request.
    pub at: Duration,
    pub request: Value,
    /// The model's text. `None` if it called a function or said nothing.
    pub text: Option<String>,
    /// The functions that it called.
    pub calls: Vec<String>,
    /// The HTTP status; `None` without an answer.
    pub status: Option<u16>,
}

/// A client's mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextViolation {
    /// The error's code.
    pub code: String,
    /// The error's message.
    pub detail: String,
}

/// A handle to the record. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct TextLog(Arc<watch::Sender<TextRecord>>);

impl TextLog {
    /// A copy of the record.
    #[must_use]
    pub fn record(&self) -> TextRecord {
        self.0.borrow().clone()
    }

    /// Reads the record without a copy. It is locked meanwhile.
    pub fn look<T>(&self, with: impl FnOnce(&TextRecord) -> T) -> T {
        with(&self.0.borrow())
    }

    /// Waits until the record satisfies a condition.
    pub async fn wait_for(&self, wanted: impl FnMut(&TextRecord) -> bool) {
        // The sender lives as long as this log, so the wait can't fail.
        drop(self.0.subscribe().wait_for(wanted).await);
    }

    pub(super) fn began(&self) {
        self.0.send_modify(|record| {
            record.requests += 1;
            record.open += 1;
            record.most_open = record.most_open.max(record.open);
        });
    }

    pub(super) fn ended(&self) {
        self.0.send_modify(|record| record.open -= 1);
    }

    pub(super) fn answered(&self, turn: TextTurn) {
        self.0.send_modify(|record| {
            if record.turns.len() >= TURNS_KEPT {
                record.turns.pop_front();
            }
            record.turns.push_back(turn);
        });
    }

    pub(super) fn violated(&self, violation: TextViolation) {
        self.0.send_modify(|record| {
            if record.violations.len() < VIOLATIONS_KEPT {
                record.violations.push(violation);
            }
        });
    }
}

/// Turns kept. The oldest are dropped.
const TURNS_KEPT: usize = 2_000;
/// Violations kept. Later ones are dropped: the first ones matter most.
const VIOLATIONS_KEPT: usize = 1_000;
