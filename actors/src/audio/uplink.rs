//! The queue of the caller's audio: the stream reader fills it, and only the session's sender loop
//! empties it (PIPE-1).
//!
//! CallSupervisor holds it, so frames outlive the tasks at both ends. Sent frames are kept until
//! their transcript is known: a new session may need them again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use protocol::audio::inbound_queue::{Counters, InboundQueue, PadDecision};
use protocol::audio::payload::Payload;
use protocol::audio::retained::RetainedAudio;
use protocol::ids::ItemId;

use crate::mistake::planted;

/// The session's sender loop, as the uplink knows it.
pub trait FrameSender: Send + Sync {
    /// A frame was added. Sends it, unless it must wait.
    fn frame_waits(&self);

    /// Whether silence is due may have changed, or frames wait again.
    fn wake(&self);
}

/// What the sender loop is to send.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A frame of the caller, or silence in its place.
    Frame(Payload),
    /// Nothing. At this time silence, if no frame comes before.
    SilenceAt(Instant),
    Nothing,
}

#[derive(Default)]
pub struct Uplink {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: InboundQueue,
    /// Frames that the former session got and did not transcribe. They are sent first.
    replay: VecDeque<Payload>,
    retained: RetainedAudio,
    /// Whether OpenAI detects speech (PIPE-2).
    speech_active: bool,
    /// Of the session that is live.
    sender: Option<Weak<dyn FrameSender>>,
}

impl Uplink {
    /// Adds a frame of the caller. `timestamp_ms` is Twilio's, from the start of the stream.
    pub fn push(&self, frame: Payload, timestamp_ms: u64, now: Instant) {
        let mut state = self.state();
        state.queue.push_dropping_oldest(frame, timestamp_ms, now);
        let sender = state.sender();
        drop(state);
        if let Some(sender) = sender {
            sender.frame_waits();
        }
    }

    /// A new stream of the call: its timestamps start at 0 again.
    pub fn stream_restarted(&self) {
        self.state().queue.restart_clock();
    }

    /// The session's sender loop takes the frames from now on.
    pub fn attach(&self, sender: Weak<dyn FrameSender>) {
        self.state().sender = Some(sender);
    }

    /// Takes what is to be sent now. While OpenAI detects speech, silence replaces missing frames
    /// (PIPE-2). Only the sender loop calls this.
    pub fn take(&self, now: Instant) -> Next {
        self.state().take(now)
    }

    /// OpenAI detects speech. It will be the turn `item`.
    pub fn speech_started(&self, item: &ItemId, audio_start_ms: u64) {
        let mut state = self.state();
        state.speech_active = true;
        state.retained.speech_started(item, audio_start_ms);
        wake_sender(state);
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
        wake_sender(state);
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

/// Releases the lock before it wakes the loop, which takes it too.
fn wake_sender(state: MutexGuard<'_, State>) {
    let sender = state.sender();
    drop(state);
    if let Some(sender) = sender {
        sender.wake();
    }
}

impl State {
    fn sender(&self) -> Option<Arc<dyn FrameSender>> {
        self.sender.as_ref().and_then(Weak::upgrade)
    }

    fn take(&mut self, now: Instant) -> Next {
        let mut waiting = self.replay.pop_front().or_else(|| self.queue.take());
        if planted!(LostFrame if self.queue.counters().sent % 100 == 99) {
            waiting = None;
        }
        let frame = match waiting {
            Some(frame) => frame,
            None => match self.queue.pad_due(self.speech_active, now) {
                PadDecision::Rest => return Next::Nothing,
                PadDecision::WaitUntil(at) => return Next::SilenceAt(at),
                PadDecision::Padded(_) => match self.queue.take() {
                    Some(silence) => silence,
                    None => return Next::Nothing,
                },
            },
        };
        self.retained.appended(&frame);
        Next::Frame(frame)
    }
}

#[cfg(test)]
mod tests;
