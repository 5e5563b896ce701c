//! The queue of the caller's audio: the stream reader fills it, and only the session's sender loop
//! empties it (PIPE-1).
//!
//! CallSupervisor holds it, so frames outlive the tasks at both ends. Sent frames are kept until
//! their transcript is known: a new session may need them again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::inbound_queue::{Counters, InboundQueue, PadDecision};
use protocol::audio::payload::Payload;
use protocol::audio::retained::RetainedAudio;
use protocol::ids::ItemId;
use tokio::sync::Notify;

use crate::clock::Clock;
#[cfg(feature = "mistakes")]
use crate::mistake::planted;

#[derive(Default)]
pub struct Uplink {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    queue: InboundQueue,
    /// Frames that the former session got and did not transcribe. They are sent first.
    replay: VecDeque<Payload>,
    retained: RetainedAudio,
    /// Whether OpenAI detects speech (PIPE-2).
    speech_active: bool,
}

impl Uplink {
    /// Adds a frame of the caller. `timestamp_ms` is Twilio's, from the start of the stream.
    pub fn push(&self, frame: Payload, timestamp_ms: u64, now: Instant) {
        self.state().queue.push_dropping_oldest(frame, timestamp_ms, now);
        self.more.notify_one();
    }

    /// A new stream of the call: its timestamps start at 0 again.
    pub fn stream_restarted(&self) {
        self.state().queue.restart_clock();
    }

    /// Waits for the next frame to send. While OpenAI detects speech, silence replaces missing
    /// frames (PIPE-2).
    pub async fn next(&self, clock: &Clock) -> Payload {
        loop {
            let more = self.more.notified();
            let (frame, pad_at) = self.state().take(clock.now());
            if let Some(frame) = frame {
                #[cfg(feature = "mistakes")]
                if planted!(LostFrame) {
                    tokio::task::yield_now().await;
                }
                return frame;
            }
            match pad_at {
                Some(at) => tokio::select! {
                    biased;
                    () = more => {}
                    () = tokio::time::sleep_until(at.into()) => {}
                },
                None => more.await,
            }
        }
    }

    /// OpenAI detects speech. It will be the turn `item`.
    pub fn speech_started(&self, item: &ItemId, audio_start_ms: u64) {
        let mut state = self.state();
        state.speech_active = true;
        state.retained.speech_started(item, audio_start_ms);
        drop(state);
        self.more.notify_one();
    }

    /// OpenAI detects the end of the turn's speech.
    pub fn speech_stopped(&self, item: &ItemId, audio_end_ms: u64) {
        let mut state = self.state();
        state.speech_active = false;
        state.retained.speech_stopped(item, audio_end_ms);
    }

    /// OpenAI was told to forget the speech that it had detected, since no audio of it came.
    pub fn speech_forgotten(&self) {
        self.state().speech_active = false;
    }

    /// Whether OpenAI detects speech.
    #[must_use]
    pub fn is_speech_active(&self) -> bool {
        self.state().speech_active
    }

    /// The turn is committed: its audio is needed only until its transcript is known.
    pub fn committed(&self, item: &ItemId) {
        let mut state = self.state();
        state.speech_active = false;
        state.retained.committed(item);
    }

    /// The turn's transcript is known, or never will be.
    pub fn transcribed(&self, item: &ItemId) {
        self.state().retained.transcribed(item);
    }

    /// A new session begins. Returns the committed turns without a transcript. The frames of the
    /// unfinished turn are sent again, before the live ones (RES-2).
    pub fn begin_session(&self) -> Vec<(ItemId, Payload)> {
        let mut state = self.state();
        let carried = state.retained.take_for_new_session();
        state.speech_active = false;
        let unsent = std::mem::take(&mut state.replay);
        state.replay = carried.unfinished.into_iter().chain(unsent).collect();
        drop(state);
        self.more.notify_one();
        carried.turns
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state().queue.counters()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next frame. Without one, the time at which silence must replace it.
    fn take(&mut self, now: Instant) -> (Option<Payload>, Option<Instant>) {
        let mut pad_at = None;
        let mut frame = self.replay.pop_front().or_else(|| self.queue.take());
        if frame.is_none() {
            match self.queue.pad_due(self.speech_active, now) {
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
