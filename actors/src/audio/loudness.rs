//! The caller's loudness while the agent speaks: the stream reader measures each frame,
//! TwilioIoActor detects the barge-in (BARGE-1). CallSupervisor holds it. While the agent is silent
//! it measures nothing and wakes nobody.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::g711;
use protocol::audio::payload::Payload;
use ractor::{ActorRef, Message};
use supervision::wake::{self, WakeFlag, WakeFn, wake};

/// Frames that may wait: 1.28 s of them. More wait only while TwilioIoActor restarts. Then the
/// oldest are dropped and counted: only whether the caller speaks now matters.
const MAX_FRAMES: usize = 64;

/// The loudness of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// The root mean square of its 16-bit samples.
    pub(crate) rms: u16,
    /// The frame's length in milliseconds.
    pub(crate) millis: u32,
    /// When the frame arrived.
    pub(crate) at: Instant,
}

#[derive(Default)]
pub(crate) struct Loudness {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    enabled: bool,
    waiting: VecDeque<Level>,
    dropped: u64,
    wake: WakeFlag,
}

impl Loudness {
    /// Makes `actor` the reader. It is woken at once if something waits.
    pub(crate) fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) {
        self.attach_with(wake::for_actor(actor, wake));
    }

    /// Enables measuring: the agent speaks, and can be interrupted. Disabling drops what waits.
    pub(crate) fn set_enabled(&self, enabled: bool) {
        let mut state = self.state();
        state.enabled = enabled;
        if !enabled {
            state.waiting.clear();
        }
    }

    /// Measures a frame of the caller. Does not decode it unless measuring is enabled.
    pub(crate) fn measure(&self, frame: &Payload, at: Instant) {
        if !self.state().enabled {
            return;
        }
        let level = Level { rms: g711::loudness(frame), millis: frame.millis(), at };
        let mut state = self.state();
        if state.waiting.len() == MAX_FRAMES {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        state.waiting.push_back(level);
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The reader took the wake message: the next frame wakes it again.
    pub(crate) fn woken(&self) {
        self.state().wake.lower();
    }

    /// Removes and returns the oldest level.
    pub(crate) fn pop(&self) -> Option<Level> {
        self.state().waiting.pop_front()
    }

    /// Frames that were dropped because too many waited.
    #[must_use]
    pub(crate) fn dropped(&self) -> u64 {
        self.state().dropped
    }

    fn attach_with(&self, reader: WakeFn) {
        let mut state = self.state();
        state.wake.attach(reader);
        let due = if state.waiting.is_empty() { None } else { state.wake.raise() };
        drop(state);
        wake(due);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::clock::Clock;

    fn counted(loudness: &Loudness) -> Arc<AtomicUsize> {
        let wakes = Arc::new(AtomicUsize::new(0));
        let wake = Arc::clone(&wakes);
        loudness.attach_with(Arc::new(move || {
            wake.fetch_add(1, Ordering::SeqCst);
        }));
        wakes
    }

    #[test]
    fn barge_1_while_the_agent_is_silent_nothing_is_measured_and_nobody_is_woken() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        let wakes = counted(&loudness);
        let frame = Payload::encode(&[0x00; 160]);
        loudness.measure(&frame, at);
        assert_eq!((loudness.pop(), wakes.load(Ordering::SeqCst)), (None, 0));

        loudness.set_enabled(true);
        loudness.measure(&frame, at);
        loudness.measure(&Payload::silence(1), at);
        assert_eq!(wakes.load(Ordering::SeqCst), 1, "one wake message for both");
        assert_eq!(loudness.pop(), Some(Level { rms: 32_124, millis: 20, at }));
        assert_eq!(loudness.pop(), Some(Level { rms: 0, millis: 20, at }));

        loudness.measure(&frame, at);
        loudness.set_enabled(false);
        assert_eq!(loudness.pop(), None, "disabling drops what waits");
    }

    #[test]
    fn res_7_waiting_frames_are_bounded_and_the_oldest_are_dropped_and_counted() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        loudness.set_enabled(true);
        loudness.measure(&Payload::encode(&[0x00; 160]), at);
        for _ in 0..MAX_FRAMES {
            loudness.measure(&Payload::silence(1), at);
        }
        assert_eq!(loudness.dropped(), 1);
        assert_eq!(loudness.pop().map(|level| level.rms), Some(0), "the loud one was the oldest");
        assert_eq!(counted(&loudness).load(Ordering::SeqCst), 1, "a successor is woken at once");
    }
}
