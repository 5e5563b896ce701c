use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::clock::Clock;

/// A frame of 20 ms whose samples are all `of`.
fn frame(of: u8) -> Payload {
    Payload::encode(&[of; 160])
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

/// Pushes the frames with these numbers, without a gap.
fn push(uplink: &Uplink, frames: std::ops::Range<u8>, clock: &Clock) {
    for of in frames {
        uplink.push(frame(of), u64::from(of) * 20, clock.now());
    }
}

/// The frames that can be sent now.
fn take_all(uplink: &Uplink, clock: &Clock) -> Vec<u8> {
    let taken = std::iter::from_fn(|| match uplink.take(clock.now()) {
        Next::Frame(frame) => Some(frame.decode()[0]),
        Next::SilenceAt(_) | Next::Nothing => None,
    });
    taken.collect()
}

/// Takes the next frame. Waits until silence is due, if there is none.
async fn next(uplink: &Uplink, clock: &Clock) -> Payload {
    loop {
        match uplink.take(clock.now()) {
            Next::Frame(frame) => return frame,
            Next::SilenceAt(at) => tokio::time::sleep_until(at.into()).await,
            Next::Nothing => panic!("nothing is due"),
        }
    }
}

/// Counts what it is told.
#[derive(Default)]
struct Counted {
    frames: AtomicUsize,
    wakes: AtomicUsize,
}

impl FrameSender for Counted {
    fn frame_waits(&self) {
        self.frames.fetch_add(1, Ordering::SeqCst);
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn pipe_2_silence_is_sent_from_750_ms_after_the_last_frame_while_speech_is_detected() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(next(&uplink, &clock).await, frame(1));
    uplink.speech_started(&item("turn"), 0);

    let began = clock.now();
    assert_eq!(next(&uplink, &clock).await, Payload::silence(1));
    assert_eq!(clock.now() - began, Duration::from_millis(750));
    assert_eq!(next(&uplink, &clock).await, Payload::silence(1));
    assert_eq!(clock.now() - began, Duration::from_millis(770), "in real time");
    assert_eq!((uplink.counters().sent, uplink.counters().padded), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn pipe_2_no_silence_is_sent_while_no_speech_is_detected() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(take_all(&uplink, &clock), [1]);
    let minute = Duration::from_secs(60);
    assert_eq!(uplink.take(clock.now() + minute), Next::Nothing);

    uplink.speech_started(&item("turn"), 0);
    uplink.speech_stopped(&item("turn"), 20);
    assert_eq!(uplink.take(clock.now() + minute), Next::Nothing);
    assert_eq!(uplink.counters().padded, 0);
}

#[test]
fn pipe_2_the_loop_is_told_of_each_frame_and_that_silence_may_be_due() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    let counted = Arc::new(Counted::default());
    let sender: Arc<dyn FrameSender> = Arc::clone(&counted) as _;
    uplink.attach(Arc::downgrade(&sender));
    let told = || (counted.frames.load(Ordering::SeqCst), counted.wakes.load(Ordering::SeqCst));
    push(&uplink, 2..4, &clock);
    assert_eq!(told(), (2, 0));
    uplink.speech_started(&item("turn"), 0);
    assert_eq!(told(), (2, 1));
    uplink.begin_session();
    assert_eq!(told(), (2, 2));

    drop(sender);
    let frames = || (counted.frames.load(Ordering::SeqCst), uplink.counters().depth);
    let waiting = uplink.counters().depth;
    push(&uplink, 4..5, &clock);
    assert_eq!(frames(), (3, waiting + 1), "the test still holds the loop");
}

#[tokio::test(start_paused = true)]
async fn res_2_invariant_6_what_the_lost_session_did_not_transcribe_is_sent_first_and_once() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..4, &clock);
    assert_eq!(take_all(&uplink, &clock), [1, 2, 3]);
    push(&uplink, 4..6, &clock);

    assert_eq!(uplink.begin_session(), []);
    assert_eq!(take_all(&uplink, &clock), [1, 2, 3, 4, 5]);
    assert_eq!(take_all(&uplink, &clock), [0; 0], "never twice on one socket");
    assert_eq!(uplink.counters().sent, 5, "a frame counts once, however often it is sent");
}

#[tokio::test(start_paused = true)]
async fn res_2_invariant_6_a_session_lost_during_the_replay_keeps_the_frames_order() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..4, &clock);
    assert_eq!(take_all(&uplink, &clock), [1, 2, 3]);
    uplink.begin_session();
    assert_eq!(next(&uplink, &clock).await, frame(1));

    uplink.begin_session();
    push(&uplink, 4..5, &clock);
    assert_eq!(take_all(&uplink, &clock), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn res_2_a_committed_turn_without_a_transcript_is_returned_and_not_sent_as_live_audio() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..4, &clock);
    assert_eq!(take_all(&uplink, &clock), [1, 2, 3]);
    for turn in ["known", "unknown"] {
        uplink.speech_started(&item(turn), if turn == "known" { 0 } else { 20 });
        uplink.speech_stopped(&item(turn), if turn == "known" { 20 } else { 60 });
        uplink.committed(&item(turn));
    }
    uplink.transcribed(&item("known"));

    let turns = uplink.begin_session();
    let [(turn, audio)] = turns.try_into().unwrap();
    assert_eq!((turn, audio.millis()), (item("unknown"), 40));
    assert_eq!(take_all(&uplink, &clock), [0; 0]);
}

#[cfg(feature = "mistakes")]
#[test]
fn lost_frame_loses_one_frame_in_a_hundred() {
    let sent = || {
        let (uplink, clock) = (Uplink::default(), Clock::start());
        let mut sent = 0;
        for of in 0..200 {
            push(&uplink, of..of + 1, &clock);
            sent += take_all(&uplink, &clock).len();
        }
        sent
    };
    assert_eq!(sent(), 200);
    let _planted = mistakes::plant(mistakes::Mistake::LostFrame);
    assert_eq!(sent(), 198);
}
