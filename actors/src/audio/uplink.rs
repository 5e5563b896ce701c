//! The one way of the caller's audio: frames go in at the media stream's reader, and the session's
//! sender loop is the only one that takes them out (PIPE-1).
//!
//! Held by the call's supervisor, so that frames outlive whoever brings or takes them. What was sent
//! stays until it is known to have been understood, for the session that may have to hear it again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::inbound_queue::{Counters, InboundQueue, PadDecision};
use protocol::audio::payload::Payload;
use protocol::audio::retained::RetainedAudio;
use protocol::ids::ItemId;
use tokio::sync::Notify;

use crate::clock::Clock;

/// The caller's audio on its way to OpenAI.
#[derive(Default)]
pub struct Uplink {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    queue: InboundQueue,
    /// Frames the session before this one heard and did not understand: they go first.
    again: VecDeque<Payload>,
    retained: RetainedAudio,
    /// Whether the server hears the caller speak (PIPE-2).
    hearing: bool,
}

impl Uplink {
    /// A frame came from the caller; `timestamp_ms` is Twilio's presentation time.
    pub fn push(&self, frame: Payload, timestamp_ms: u64, now: Instant) {
        self.state().queue.push_dropping_oldest(frame, timestamp_ms, now);
        self.more.notify_one();
    }

    /// A new stream of the same call: its timestamps start again.
    pub fn stream_restarted(&self) {
        self.state().queue.restart_clock();
    }

    /// The next frame for OpenAI; waits for one. Silence stands in for frames that fail to come
    /// while the server hears speech (PIPE-2).
    pub async fn next(&self, clock: &Clock) -> Payload {
        loop {
            let more = self.more.notified();
            let (frame, pad_at) = self.state().take(clock.now());
            if let Some(frame) = frame {
                return frame;
            }
            match pad_at {
                Some(at) => tokio::select! {
                    () = more => {}
                    () = tokio::time::sleep_until(at.into()) => {}
                },
                None => more.await,
            }
        }
    }

    /// The server began to hear the turn that will be `item`.
    pub fn speech_started(&self, item: &ItemId, audio_start_ms: u64) {
        let mut state = self.state();
        state.hearing = true;
        state.retained.speech_started(item, audio_start_ms);
        drop(state);
        self.more.notify_one();
    }

    /// The server heard the turn end.
    pub fn speech_stopped(&self, item: &ItemId, audio_end_ms: u64) {
        let mut state = self.state();
        state.hearing = false;
        state.retained.speech_stopped(item, audio_end_ms);
    }

    /// Whether the server hears the caller speak.
    #[must_use]
    pub fn hears_caller(&self) -> bool {
        self.state().hearing
    }

    /// The turn was committed: its audio is needed only until its words are known.
    pub fn committed(&self, item: &ItemId) {
        let mut state = self.state();
        state.hearing = false;
        state.retained.committed(item);
    }

    /// The words of the turn are known, or never will be.
    pub fn transcribed(&self, item: &ItemId) {
        self.state().retained.transcribed(item);
    }

    /// A new session begins: returns the committed turns whose words are not known; the
    /// unfinished turn's frames will go before the live ones (RES-2).
    pub fn begin_session(&self) -> Vec<(ItemId, Payload)> {
        let mut state = self.state();
        let carried = state.retained.take_for_new_session();
        state.hearing = false;
        let unsent = std::mem::take(&mut state.again);
        state.again = carried.unfinished.into_iter().chain(unsent).collect();
        drop(state);
        self.more.notify_one();
        carried.turns
    }

    /// Frames sent, blocked, padded, waiting (PIPE-7).
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state().queue.counters()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next frame, or when silence will be due instead of one.
    fn take(&mut self, now: Instant) -> (Option<Payload>, Option<Instant>) {
        let mut pad_at = None;
        let mut frame = self.again.pop_front().or_else(|| self.queue.take());
        if frame.is_none() {
            match self.queue.pad_due(self.hearing, now) {
                PadDecision::Rest => {}
                PadDecision::WaitUntil(at) => pad_at = Some(at),
                PadDecision::Padded(_) => frame = self.queue.take(),
            }
        }
        if let Some(frame) = &frame {
            self.retained.appended(frame);
        }
        (frame, pad_at)
    }
}

#[cfg(test)]
mod tests;
