//! How long the caller waits for the greeting and for each answer (OPS-3).

use std::time::Duration;

use crate::call::Moment;

use serde::{Deserialize, Serialize};

/// The waits of one call.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Latencies {
    stream_opened: Option<Moment>,
    greeting_added: Option<Duration>,
    caller_stopped: Option<Moment>,
    greeting_ms: Option<u64>,
    turns: u32,
    last_turn_ms: Option<u64>,
    barge_ins: u32,
    last_barge_in: Option<Duration>,
}

/// The waits of one call, for the introspection. Each is `None` before the first was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyView {
    /// Milliseconds from the stream's start to the greeting's first audio to Twilio.
    pub greeting_ms: Option<u64>,
    /// The daemon's share of that, in microseconds: since the stream's start or the greeting's
    /// first audio from OpenAI, whichever came later (GREET-5).
    pub greeting_added_us: Option<u64>,
    /// Turns of the caller's that were answered so far.
    pub turns: u32,
    /// Milliseconds from the end of the caller's last turn to the answer's first audio to Twilio.
    pub last_turn_ms: Option<u64>,
    /// Interruptions of the agent so far.
    pub barge_ins: u32,
    /// Microseconds from the frame that decided the last interruption to Twilio's `clear`
    /// (BARGE-3).
    pub last_barge_in_us: Option<u64>,
}

impl Latencies {
    pub(super) fn stream_opened(&mut self, now: Moment) {
        self.stream_opened.get_or_insert(now);
    }

    pub(super) fn caller_stopped(&mut self, now: Moment) {
        self.caller_stopped = Some(now);
    }

    /// Audio of the agent's goes to Twilio. `added` is the daemon's own delay. Returns how long the caller has
    /// waited for an answer, if it is one.
    pub(super) fn agent_heard(
        &mut self,
        greeting: bool,
        added: Duration,
        now: Moment,
    ) -> Option<Duration> {
        let passed = |since: Moment| now.saturating_duration_since(since);
        let millis = |passed: Duration| u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        if greeting {
            self.greeting_ms = self.greeting_ms.or(self.stream_opened.map(passed).map(millis));
            self.greeting_added.get_or_insert(added);
            return None;
        }
        let waited = self.caller_stopped.take().map(passed)?;
        self.turns += 1;
        self.last_turn_ms = Some(millis(waited));
        Some(waited)
    }

    /// The caller has interrupted the agent, who fell silent after `took`.
    pub(super) fn interrupted(&mut self, took: Duration) {
        self.barge_ins += 1;
        self.last_barge_in = Some(took);
    }

    pub(super) fn view(&self) -> LatencyView {
        let micros = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        LatencyView {
            greeting_ms: self.greeting_ms,
            greeting_added_us: self.greeting_added.map(micros),
            turns: self.turns,
            last_turn_ms: self.last_turn_ms,
            barge_ins: self.barge_ins,
            last_barge_in_us: self.last_barge_in.map(micros),
        }
    }
}
