//! The caller's loudness while the agent speaks: the stream reader measures each frame,
//! TwilioIoActor detects the barge-in (BARGE-1). CallSupervisor holds it. While the agent is silent
//! it measures nothing and wakes nobody. While the agent speaks, only loud frames wake the actor.

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
    pub(crate) millis: u32,
    /// When the frame arrived.
    pub(crate) at: Instant,
    /// Milliseconds of quiet frames before it that were measured and not passed on.
    pub(crate) quiet_before: u32,
}

/// Which frames are measured and passed on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Listening {
    /// None.
    #[default]
    Off,
    /// Those whose root mean square is above this. The quiet ones between them are added up.
    ForSpeech { rms_over: u16 },
    /// All.
    ToEveryFrame,
}

#[derive(Default)]
pub(crate) struct Loudness {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listening: Listening,
    /// Milliseconds of quiet frames since the last one that was passed on.
    quiet_ms: u32,
    waiting: VecDeque<Level>,
    dropped: u64,
    wake: WakeFlag,
}

impl Loudness {
    /// Makes `actor` the reader. It is woken at once if something waits.
    pub(crate) fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) {
        self.attach_with(wake::for_actor(actor, wake));
    }

    /// Sets which frames are passed on. [`Listening::Off`] drops what waits.
    pub(crate) fn listen(&self, listening: Listening) {
        let mut state = self.state();
        match (state.listening, listening) {
            (_, Listening::Off) => state.waiting.clear(),
            // Nobody has measured the time before: it was as good as quiet.
            (Listening::Off, Listening::ForSpeech { .. } | Listening::ToEveryFrame) => {
                state.quiet_ms = u32::MAX;
            }
            (
                Listening::ForSpeech { .. } | Listening::ToEveryFrame,
                Listening::ForSpeech { .. } | Listening::ToEveryFrame,
            ) => {}
        }
        state.listening = listening;
    }

    /// Measures a frame of the caller. Does not decode it while nobody listens.
    pub(crate) fn measure(&self, frame: &Payload, at: Instant) {
        if self.state().listening == Listening::Off {
            return;
        }
        let (rms, millis) = (g711::loudness(frame), frame.millis());
        let mut state = self.state();
        if let Listening::ForSpeech { rms_over } = state.listening
            && rms <= rms_over
        {
            state.quiet_ms = state.quiet_ms.saturating_add(millis);
            return;
        }
        if state.waiting.len() == MAX_FRAMES {
            state.waiting.pop_front();
            state.dropped += 1;
        }
        let quiet_before = std::mem::take(&mut state.quiet_ms);
        state.waiting.push_back(Level { rms, millis, at, quiet_before });
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

    use allocation_counter::measure;

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

    fn speech() -> Listening {
        Listening::ForSpeech { rms_over: 350 }
    }

    #[test]
    fn barge_1_while_the_agent_is_silent_nothing_is_measured_and_nobody_is_woken() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        let wakes = counted(&loudness);
        let frame = Payload::encode(&[0x00; 160]);
        loudness.measure(&frame, at);
        assert_eq!((loudness.pop(), wakes.load(Ordering::SeqCst)), (None, 0));

        loudness.listen(Listening::ToEveryFrame);
        loudness.measure(&frame, at);
        loudness.measure(&Payload::silence(1), at);
        assert_eq!(wakes.load(Ordering::SeqCst), 1, "one wake message for both");
        let loud = Level { rms: 32_124, millis: 20, at, quiet_before: u32::MAX };
        assert_eq!(loudness.pop(), Some(loud));
        assert_eq!(loudness.pop(), Some(Level { rms: 0, millis: 20, at, quiet_before: 0 }));

        loudness.measure(&frame, at);
        loudness.listen(Listening::Off);
        assert_eq!(loudness.pop(), None, "what waits is dropped");
    }

    #[test]
    fn barge_1_quiet_frames_wake_nobody_while_speech_is_listened_for_and_are_added_up() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        let wakes = counted(&loudness);
        let frame = Payload::encode(&[0x00; 160]);
        let quiet_before = || loudness.pop().map(|level| level.quiet_before);
        loudness.listen(speech());
        loudness.measure(&Payload::silence(1), at);
        assert_eq!(wakes.load(Ordering::SeqCst), 0);
        loudness.measure(&frame, at);
        assert_eq!(quiet_before(), Some(u32::MAX), "the time before was not measured");
        for _ in 0..3 {
            loudness.measure(&Payload::silence(1), at);
        }
        loudness.listen(speech());
        loudness.measure(&frame, at);
        loudness.measure(&frame, at);
        assert_eq!((quiet_before(), quiet_before(), quiet_before()), (Some(60), Some(0), None));
    }

    #[test]
    fn a_frame_allocates_nothing_and_of_those_that_wait_only_the_first_wakes() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        let wakes = counted(&loudness);
        let (loud, quiet) = (Payload::encode(&[0x00; 160]), Payload::silence(1));
        loudness.listen(Listening::ToEveryFrame);
        (0..MAX_FRAMES).for_each(|_| loudness.measure(&loud, at));
        while loudness.pop().is_some() {}
        loudness.woken();
        for (listening, frame, expected) in [
            (Listening::Off, &loud, 0),
            (speech(), &quiet, 0),
            (speech(), &loud, 1),
            (Listening::ToEveryFrame, &quiet, 1),
        ] {
            loudness.listen(listening);
            wakes.store(0, Ordering::SeqCst);
            let cost = measure(|| (0..10).for_each(|_| loudness.measure(frame, at)));
            let counted = (cost.count_total, wakes.load(Ordering::SeqCst));
            assert_eq!(counted, (0, expected), "{listening:?}");
            while loudness.pop().is_some() {}
            loudness.woken();
        }
    }

    #[test]
    fn res_7_waiting_frames_are_bounded_and_the_oldest_are_dropped_and_counted() {
        let (loudness, at) = (Loudness::default(), Clock::start().now());
        loudness.listen(Listening::ToEveryFrame);
        loudness.measure(&Payload::encode(&[0x00; 160]), at);
        for _ in 0..MAX_FRAMES {
            loudness.measure(&Payload::silence(1), at);
        }
        assert_eq!(loudness.dropped(), 1);
        assert_eq!(loudness.pop().map(|level| level.rms), Some(0), "the loud one was the oldest");
        assert_eq!(counted(&loudness).load(Ordering::SeqCst), 1, "a successor is woken at once");
    }
}
