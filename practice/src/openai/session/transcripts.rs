//! Transcripts and when they are due.

use std::time::Duration;

/// Transcripts that are not sent yet.
#[derive(Debug, Default)]
pub(super) struct Transcripts {
    pub(super) waiting: Vec<Waiting>,
    /// Turns transcribed so far.
    pub(super) turns: u64,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) item_id: String,
    pub(super) text: String,
    pub(super) seconds: f64,
    pub(super) due: Due,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    At(Duration),
    WithResponse,
    AfterNextTurn,
}

impl Transcripts {
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.waiting
            .iter()
            .filter_map(|w| if let Due::At(at) = w.due { Some(at) } else { None })
            .min()
    }
}
