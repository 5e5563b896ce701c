//! How long the caller waits for us: for the greeting, and for each answer (OPS-3).

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The waits of one call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Latencies {
    stream_opened: Option<Instant>,
    greeting_added: Option<Duration>,
    caller_stopped: Option<Instant>,
    greeting_ms: Option<u64>,
    last_turn_ms: Option<u64>,
    barge_ins: u32,
    last_barge_in: Option<Duration>,
}

/// The waits of one call, as the introspection shows them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyView {
    /// From the stream's start to the greeting's first audio out, in milliseconds.
    pub greeting_ms: Option<u64>,
    /// What the daemon added to that: since the stream's start or the greeting's first audio from
    /// OpenAI, whichever came later, in microseconds (GREET-5).
    pub greeting_added_us: Option<u64>,
    /// From the end of the caller's last speech to the first audio of the answer, in milliseconds.
    pub last_turn_ms: Option<u64>,
    /// How often the caller has interrupted the agent.
    pub barge_ins: u32,
    /// From the deciding frame of the last interruption to its `clear`, in microseconds (BARGE-3).
    pub last_barge_in_us: Option<u64>,
}

impl Latencies {
    pub(super) fn stream_opened(&mut self, now: Instant) {
        self.stream_opened.get_or_insert(now);
    }

    pub(super) fn caller_stopped(&mut self, now: Instant) {
        self.caller_stopped = Some(now);
    }

    /// Audio of the agent goes out. `added` is how long it could have gone already.
    pub(super) fn agent_heard(&mut self, greeting: bool, added: Duration, now: Instant) {
        let passed = |since: Instant| {
            u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX)
        };
        if greeting {
            self.greeting_ms = self.greeting_ms.or(self.stream_opened.map(passed));
            self.greeting_added.get_or_insert(added);
        } else if let Some(since) = self.caller_stopped.take() {
            self.last_turn_ms = Some(passed(since));
        }
    }

    /// The caller has interrupted the agent, and silence took so long.
    pub(super) fn interrupted(&mut self, took: Duration) {
        self.barge_ins += 1;
        self.last_barge_in = Some(took);
    }

    pub(super) fn view(&self) -> LatencyView {
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        LatencyView {
            greeting_ms: self.greeting_ms,
            greeting_added_us: self.greeting_added.map(micros),
            last_turn_ms: self.last_turn_ms,
            barge_ins: self.barge_ins,
            last_barge_in_us: self.last_barge_in.map(micros),
        }
    }
}
