use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "a base for the instants of a test")]
fn start() -> Instant {
    Instant::now()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The `n`th frame of the caller. Its bytes differ from all others and are not silent.
fn frame(n: u32) -> Payload {
    let digits = [n >> 21, n >> 14, n >> 7, n].map(|digit| u8::try_from(digit & 0x7F).unwrap());
    Payload::encode(&digits.repeat(40))
}

fn waiting_ms(queue: &InboundQueue) -> usize {
    queue.bytes / BYTES_PER_MS as usize
}

fn drain(queue: &mut InboundQueue) -> Vec<Payload> {
    std::iter::from_fn(|| queue.take()).collect()
}

/// The frames 0, 1, 2, … with the timestamps given; all come at once.
fn pushed(timestamps: impl IntoIterator<Item = u64>, now: Instant) -> InboundQueue {
    let mut queue = InboundQueue::default();
    for (n, timestamp) in (0..).zip(timestamps) {
        queue.push_dropping_oldest(frame(n), timestamp, now);
    }
    queue
}

#[test]
fn pipe_2_frames_leave_in_the_order_in_which_they_came_and_count_as_sent() {
    let now = start();
    let mut queue = pushed([155, 175, 195], now);
    assert_eq!(queue.counters(), Counters { depth: 3, ..Counters::default() });
    assert_eq!(drain(&mut queue), [frame(0), frame(1), frame(2)]);
    assert_eq!(queue.counters(), Counters { sent: 3, ..Counters::default() });
}

#[test]
fn pipe_2_the_oldest_frames_go_when_the_queue_overflows_and_are_counted_as_blocked() {
    let now = start();
    let mut queue = pushed((0..503).map(|n| n * 20), now);
    assert_eq!(waiting_ms(&queue), 10_000);
    assert_eq!(queue.counters(), Counters { blocked: 3, depth: 500, ..Counters::default() });
    assert_eq!(queue.take(), Some(frame(3)));
}

#[test]
fn pipe_2_the_bound_is_one_of_audio_and_not_of_frames() {
    let now = start();
    let mut queue = InboundQueue::default();
    queue.push_dropping_oldest(Payload::encode(&vec![0; 8 * 9_990]), 0, now);
    queue.push_dropping_oldest(frame(1), 9_990, now);
    assert_eq!(queue.counters(), Counters { blocked: 1, depth: 1, ..Counters::default() });
    assert_eq!(queue.take(), Some(frame(1)));
    assert_eq!(waiting_ms(&queue), 0);
}

#[test]
fn pipe_2_a_frame_without_audio_is_passed_over() {
    let mut queue = InboundQueue::default();
    queue.push_dropping_oldest(Payload::encode(&[]), 100, start());
    assert_eq!(queue.counters().depth, 0);
}

#[test]
fn pipe_2_a_jump_of_the_timestamps_is_filled_with_silence_at_once() {
    let now = start();
    let mut queue = pushed([155, 235, 255], now);
    let silence = Payload::silence(1);
    let expected = [frame(0), silence.clone(), silence.clone(), silence, frame(1), frame(2)];
    assert_eq!(drain(&mut queue), expected);
    assert_eq!(queue.counters(), Counters { sent: 3, padded: 3, ..Counters::default() });
}

#[test]
fn pipe_2_the_first_frame_and_jitter_below_a_frame_leave_no_hole() {
    let now = start();
    let mut queue = pushed([155, 194, 200, 234], now);
    assert_eq!(drain(&mut queue), [frame(0), frame(1), frame(2), frame(3)]);
}

#[test]
fn pipe_2_a_frame_that_is_late_makes_no_hole_behind_it() {
    let now = start();
    let mut queue = pushed([100, 140, 120, 160], now);
    let expected = [frame(0), Payload::silence(1), frame(1), frame(2), frame(3)];
    assert_eq!(drain(&mut queue), expected);
}

#[test]
fn pipe_2_a_hole_is_filled_with_10_s_of_silence_at_most() {
    let now = start();
    let mut queue = InboundQueue::default();
    queue.push_dropping_oldest(frame(0), 0, now);
    assert_eq!(queue.take(), Some(frame(0)));
    queue.push_dropping_oldest(frame(1), 3_600_000, now);
    assert_eq!(queue.counters(), Counters { sent: 1, depth: 500, ..Counters::default() });
    let last = drain(&mut queue).pop();
    assert_eq!(last, Some(frame(1)));
    assert_eq!(queue.counters(), Counters { sent: 2, padded: 499, ..Counters::default() });
}

#[test]
fn pipe_2_the_clock_of_a_new_stream_begins_anew() {
    let now = start();
    let mut queue = pushed([5_000], now);
    queue.restart_clock();
    queue.push_dropping_oldest(frame(1), 155, now);
    queue.push_dropping_oldest(frame(2), 195, now);
    let expected = [frame(0), frame(1), Payload::silence(1), frame(2)];
    assert_eq!(drain(&mut queue), expected);
}

#[test]
fn pipe_2_trap_openai_16_a_line_quiet_for_750_ms_is_padded_while_the_server_hears_speech() {
    let now = start();
    let mut queue = InboundQueue::default();
    assert_eq!(queue.pad_due(true, now), PadDecision::Rest, "no frame has come yet");
    queue.push_dropping_oldest(frame(0), 155, now);
    let first = now + ms(750);
    assert_eq!(queue.pad_due(true, now), PadDecision::WaitUntil(first));
    assert_eq!(queue.pad_due(true, now + ms(749)), PadDecision::WaitUntil(first));
    assert_eq!(queue.pad_due(true, first), PadDecision::Padded(1));
    assert_eq!(queue.pad_due(true, first), PadDecision::WaitUntil(first + ms(20)));
    assert_eq!(queue.pad_due(true, first + ms(65)), PadDecision::Padded(3));
    assert_eq!(queue.pad_due(true, first + ms(65)), PadDecision::WaitUntil(first + ms(80)));
    assert_eq!(drain(&mut queue).len(), 5);
    assert_eq!(queue.counters(), Counters { sent: 1, padded: 4, ..Counters::default() });
}

#[test]
fn pipe_2_a_quiet_line_is_not_padded_while_the_server_hears_no_speech() {
    let now = start();
    let mut queue = pushed([155], now);
    assert_eq!(queue.pad_due(false, now + ms(5_000)), PadDecision::Rest);
    assert_eq!(queue.pad_due(true, now + ms(6_000)), PadDecision::Padded(1));
    assert_eq!(queue.pad_due(false, now + ms(9_000)), PadDecision::Rest);
    assert_eq!(queue.pad_due(true, now + ms(9_500)), PadDecision::Padded(1));
}

#[test]
fn pipe_2_a_pause_is_padded_in_real_time_for_10_s_at_most() {
    let now = start();
    let mut queue = pushed([155], now);
    queue.take();
    assert!(matches!(queue.pad_due(true, now), PadDecision::WaitUntil(_)));
    assert_eq!(queue.pad_due(true, now + ms(60_000)), PadDecision::Padded(500));
    assert_eq!(queue.pad_due(true, now + ms(60_000)), PadDecision::Rest);
    assert_eq!(queue.pad_due(true, now + ms(90_000)), PadDecision::Rest);
}

#[test]
fn pipe_2_what_was_padded_in_real_time_is_not_padded_again_when_the_frames_come_back() {
    let now = start();
    let mut queue = pushed([100], now);
    assert_eq!(queue.pad_due(true, now), PadDecision::WaitUntil(now + ms(750)));
    assert_eq!(queue.pad_due(true, now + ms(990)), PadDecision::Padded(13));
    queue.push_dropping_oldest(frame(1), 1_120, now + ms(1_000));
    assert_eq!(queue.counters().depth, 1 + 50 + 1, "1,000 ms were missing: 50 frames in all");
    queue.push_dropping_oldest(frame(2), 1_180, now + ms(1_020));
    assert_eq!(queue.counters().depth, 52 + 2 + 1, "the next hole is a hole of its own");
}

#[test]
fn pipe_2_frames_that_are_late_are_sent_after_the_silence_that_stood_in_for_them() {
    let now = start();
    let mut queue = pushed([100], now);
    assert_eq!(queue.pad_due(true, now), PadDecision::WaitUntil(now + ms(750)));
    assert_eq!(queue.pad_due(true, now + ms(770)), PadDecision::Padded(2));
    queue.push_dropping_oldest(frame(1), 120, now + ms(780));
    queue.push_dropping_oldest(frame(2), 140, now + ms(780));
    let silence = Payload::silence(1);
    assert_eq!(drain(&mut queue), [frame(0), silence.clone(), silence, frame(1), frame(2)]);
}

#[derive(Debug, Clone)]
enum Step {
    Push { gap_ms: u64, wait_ms: u64 },
    Take(usize),
    Pad { hearing: bool, wait_ms: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let gap_ms = prop_oneof![8 => Just(0), 2 => 0_u64..100, 1 => 0_u64..15_000];
    prop_oneof![
        6 => (gap_ms, 0_u64..2_000).prop_map(|(gap_ms, wait_ms)| Step::Push { gap_ms, wait_ms }),
        2 => (0_usize..300).prop_map(Step::Take),
        2 => (any::<bool>(), 0_u64..3_000)
            .prop_map(|(hearing, wait_ms)| Step::Pad { hearing, wait_ms }),
    ]
}

proptest! {
    #[test]
    fn pipe_2_every_frame_is_taken_once_and_in_order_or_counted_as_blocked(
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut now = start();
        let mut queue = InboundQueue::default();
        let (mut pushed, mut timestamp, mut taken) = (0_u32, 155, Vec::new());
        for step in steps {
            match step {
                Step::Push { gap_ms, wait_ms } => {
                    now += ms(wait_ms);
                    timestamp += gap_ms;
                    queue.push_dropping_oldest(frame(pushed), timestamp, now);
                    timestamp += 20;
                    pushed += 1;
                }
                Step::Take(count) => taken.extend((0..count).map_while(|_| queue.take())),
                Step::Pad { hearing, wait_ms } => {
                    now += ms(wait_ms);
                    queue.pad_due(hearing, now);
                }
            }
            prop_assert!(waiting_ms(&queue) <= 10_000);
        }
        taken.extend(drain(&mut queue));
        let silent = Payload::silence(1);
        let (pads, frames): (Vec<_>, Vec<_>) = taken.into_iter().partition(|one| *one == silent);
        let mut came = (0..pushed).map(frame);
        for one in &frames {
            prop_assert!(came.any(|next| next == *one), "a frame doubled or out of order");
        }
        let counters = queue.counters();
        prop_assert_eq!(counters.sent, frames.len() as u64);
        prop_assert_eq!(counters.sent + counters.blocked, u64::from(pushed));
        prop_assert_eq!(counters.padded, pads.len() as u64);
        prop_assert_eq!(counters.depth, 0);
    }

    #[test]
    fn pipe_2_a_hole_is_filled_to_the_frame_and_never_twice(
        gaps in proptest::collection::vec(0_u64..2_000, 1..40),
        real_time_pads in any::<bool>(),
    ) {
        let (mut now, mut timestamp) = (start(), 0);
        let mut queue = InboundQueue::default();
        queue.push_dropping_oldest(frame(0), 0, now);
        timestamp += 20;
        for (n, gap) in (1..).zip(gaps) {
            drain(&mut queue);
            queue.pad_due(real_time_pads, now);
            now += ms(gap);
            queue.pad_due(real_time_pads, now);
            timestamp += gap;
            queue.push_dropping_oldest(frame(n), timestamp, now);
            timestamp += 20;
            let silence_ms = (queue.counters().depth as u64 - 1) * 20;
            prop_assert!(silence_ms <= gap && gap < silence_ms + 20);
        }
    }
}
