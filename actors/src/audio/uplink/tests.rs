use std::time::Duration;

use futures_util::FutureExt;

use super::*;

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

/// The frames that can be sent without waiting.
fn take_all(uplink: &Uplink, clock: &Clock) -> Vec<u8> {
    let taken = std::iter::from_fn(|| uplink.next(clock).now_or_never());
    taken.map(|frame| frame.decode()[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn pipe_2_silence_is_sent_from_750_ms_after_the_last_frame_while_speech_is_detected() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(uplink.next(&clock).await, frame(1));
    uplink.speech_started(&item("turn"), 0);

    let began = clock.now();
    assert_eq!(uplink.next(&clock).await, Payload::silence(1));
    assert_eq!(clock.now() - began, Duration::from_millis(750));
    assert_eq!(uplink.next(&clock).await, Payload::silence(1));
    assert_eq!(clock.now() - began, Duration::from_millis(770), "in real time");
    assert_eq!((uplink.counters().sent, uplink.counters().padded), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn pipe_2_no_silence_is_sent_while_no_speech_is_detected() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(take_all(&uplink, &clock), [1]);
    let minute = Duration::from_secs(60);
    assert!(tokio::time::timeout(minute, uplink.next(&clock)).await.is_err());

    uplink.speech_started(&item("turn"), 0);
    uplink.speech_stopped(&item("turn"), 20);
    assert!(tokio::time::timeout(minute, uplink.next(&clock)).await.is_err());
    assert_eq!(uplink.counters().padded, 0);
}

#[tokio::test(start_paused = true)]
async fn pipe_2_a_loop_that_waits_for_a_frame_notices_that_speech_began() {
    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(take_all(&uplink, &clock), [1]);
    let mut next = Box::pin(uplink.next(&clock));
    assert!(next.as_mut().now_or_never().is_none());
    uplink.speech_started(&item("turn"), 0);
    let padded = tokio::time::timeout(Duration::from_secs(1), next).await;
    assert_eq!(padded.unwrap(), Payload::silence(1));
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
    assert_eq!(uplink.next(&clock).await, frame(1));

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
#[tokio::test(start_paused = true)]
async fn lost_frame_loses_one_that_was_taken_while_the_loop_had_something_else_to_send() {
    // As in `select!`: another branch is ready when the loop looks again.
    let sent_meanwhile = || {
        let (uplink, clock) = (Uplink::default(), Clock::start());
        push(&uplink, 1..3, &clock);
        let sent = uplink.next(&clock).now_or_never().is_some();
        (sent, uplink.counters().sent, uplink.counters().depth)
    };
    assert_eq!(sent_meanwhile(), (true, 1, 1));
    let _planted = mistakes::plant(mistakes::Mistake::LostFrame);
    assert_eq!(sent_meanwhile(), (false, 1, 1), "it counts as sent and was not");

    let (uplink, clock) = (Uplink::default(), Clock::start());
    push(&uplink, 1..2, &clock);
    assert_eq!(uplink.next(&clock).await, frame(1), "nothing is lost while nothing else is sent");
}
