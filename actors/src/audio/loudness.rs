//! How loud the caller is while the agent can be heard: the media stream's reader measures frame by
//! frame, TwilioIoActor decides (BARGE-1). Held by the call's supervisor, beside the mailbox; while
//! the agent is silent it measures nothing and wakes no one.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::g711;
use protocol::audio::payload::Payload;
use ractor::{ActorRef, Message};
use supervision::wake::{self, WakeFlag, WakeFn, wake};

/// Frames that may wait to be judged, 1.28 s of them; more come only while TwilioIoActor is being
/// started again. The oldest go, and are counted: what matters is whether the caller speaks now.
const MOST_FRAMES: usize = 64;

/// How loud a frame was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The root mean square of its 16-bit samples.
    pub rms: u16,
    /// How long it lasts, in milliseconds.
    pub millis: u32,
    /// When it came.
    pub at: Instant,
}

/// The caller's loudness on its way to TwilioIoActor.
#[derive(Default)]
pub struct Loudness {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wanted: bool,
    waiting: VecDeque<Level>,
    dropped: u64,
    wake: WakeFlag,
}

impl Loudness {
    /// Makes `actor` the one that judges. It is woken at once if something waits.
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) {
        self.attach_with(wake::for_actor(actor, wake));
    }

    /// Whether frames are to be measured: the agent can be heard, and may be interrupted.
    pub fn want(&self, wanted: bool) {
        let mut state = self.state();
        state.wanted = wanted;
        if !wanted {
            state.waiting.clear();
        }
    }

    /// A frame came from the caller. It is decoded only if its loudness is wanted.
    pub fn measure(&self, frame: &Payload, at: Instant) {
        if !self.state().wanted {
            return;
        }
        let level = Level { rms: g711::loudness(frame), millis: frame.millis(), at };
        let mut state = self.state();
        if state.waiting.len() == MOST_FRAMES {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        state.waiting.push_back(level);
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The wake message is out of the mailbox: the next frame wakes the actor again.
    pub fn woken(&self) {
        self.state().wake.lower();
    }

    /// The oldest frame that was not judged yet.
    pub fn take(&self) -> Option<Level> {
        self.state().waiting.pop_front()
    }

    /// Frames that went unjudged because too many waited.
    #[must_use]
    pub fn dropped(&self) -> u64 {
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
    fn barge_1_while_the_agent_is_silent_nothing_is_measured_and_no_one_is_woken() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        let wakes = counted(&loudness);
        let frame = Payload::encode(&[0x00; 160]);
        loudness.measure(&frame, at);
        assert_eq!((loudness.take(), wakes.load(Ordering::SeqCst)), (None, 0));

        loudness.want(true);
        loudness.measure(&frame, at);
        loudness.measure(&Payload::silence(1), at);
        assert_eq!(wakes.load(Ordering::SeqCst), 1, "once, until it answers");
        assert_eq!(loudness.take(), Some(Level { rms: 32_124, millis: 20, at }));
        assert_eq!(loudness.take(), Some(Level { rms: 0, millis: 20, at }));

        loudness.measure(&frame, at);
        loudness.want(false);
        assert_eq!(loudness.take(), None, "what was heard while the agent spoke says no more");
    }

    #[test]
    fn res_7_frames_that_nobody_judges_are_bounded_the_oldest_go_and_are_counted() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        loudness.want(true);
        loudness.measure(&Payload::encode(&[0x00; 160]), at);
        for _ in 0..MOST_FRAMES {
            loudness.measure(&Payload::silence(1), at);
        }
        assert_eq!(loudness.dropped(), 1);
        assert_eq!(loudness.take().map(|level| level.rms), Some(0), "the loud one was the oldest");
        assert_eq!(counted(&loudness).load(Ordering::SeqCst), 1, "a successor is woken at once");
    }
}
