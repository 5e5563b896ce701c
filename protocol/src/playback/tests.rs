use std::time::Duration;

use super::*;

mod against_twilio;

#[expect(clippy::disallowed_methods, reason = "a base for the instants of a test")]
fn start() -> Instant {
    Instant::now()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn response(n: u32) -> ResponseId {
    ResponseId::parse(&format!("resp_{n}")).unwrap()
}

fn item(n: u32) -> ItemId {
    ItemId::parse(&format!("item_{n}")).unwrap()
}

/// Sends `millis` of an item of the first response in pieces of 180 ms. Returns the marks.
fn send(playback: &mut Playback, n: u32, millis: u32, now: Instant) -> Vec<String> {
    let pieces = (0..millis).step_by(180).map(|began| (millis - began).min(180));
    pieces
        .filter_map(|piece| playback.sent(&response(1), &item(n), piece * 8, now))
        .map(|name| name.to_string())
        .collect()
}

/// A playback of which 500 ms of one item were sent at the instant given.
fn speaking() -> (Playback, Vec<String>, Instant) {
    let now = start();
    let mut playback = Playback::new(Generation(2));
    let marks = send(&mut playback, 1, 500, now);
    (playback, marks, now)
}

fn heard(n: u32, heard_ms: u32, sent_ms: u32, ended: bool) -> Heard {
    Heard { response: response(1), item: item(n), heard_ms, sent_ms, ended }
}

fn progress(n: u32, heard_ms: u32) -> Echo {
    Echo::Progress { item: item(n), heard_ms }
}

#[test]
fn barge_3_a_mark_follows_every_180_ms_of_audio() {
    let (_, marks, _) = speaking();
    assert_eq!(marks, ["g2.0:r1:i1:1440", "g2.0:r1:i1:2880"]);
}

#[test]
fn barge_3_small_pieces_are_gathered_until_a_mark_is_due() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    let mut sent = |bytes| playback.sent(&response(1), &item(1), bytes, now).is_some();
    let marked = [sent(480), sent(480), sent(479), sent(1), sent(1439), sent(0), sent(1)];
    assert_eq!(marked, [false, false, false, true, false, false, true]);
}

#[test]
fn barge_3_heard_is_the_last_echo_plus_the_clock_and_at_most_the_next_mark() {
    let (mut playback, marks, now) = speaking();
    assert_eq!(playback.heard_ms(&item(1), now), Some(0));
    assert_eq!(playback.heard_ms(&item(1), now + ms(100)), Some(100));
    assert_eq!(playback.heard_ms(&item(1), now + ms(170)), Some(170));
    assert_eq!(playback.heard_ms(&item(1), now + ms(400)), Some(180), "no echo yet");
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(400)), progress(1, 180));
    assert_eq!(playback.heard_ms(&item(1), now + ms(450)), Some(230));
    assert_eq!(playback.mark_echoed(&marks[1], now + ms(600)), progress(1, 360));
    assert_eq!(playback.heard_ms(&item(1), now + ms(9_000)), Some(500), "never more than sent");
}

#[test]
fn barge_3_heard_is_rounded_down_to_whole_milliseconds() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    playback.sent(&response(1), &item(1), 87, now);
    assert_eq!(playback.heard_ms(&item(1), now + Duration::from_micros(7_999)), Some(7));
    assert_eq!(playback.clear(now + ms(50)), [heard(1, 10, 10, false)]);
}

#[test]
fn greet_3_an_item_is_played_when_it_has_ended_and_its_last_mark_came_back() {
    let (mut playback, marks, now) = speaking();
    let last = playback.item_ended(&item(1)).unwrap().to_string();
    assert_eq!(last, "g2.0:r1:i1:4000");
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(200)), progress(1, 180));
    assert_eq!(playback.mark_echoed(&marks[1], now + ms(380)), progress(1, 360));
    let played = Echo::ItemsPlayed(vec![heard(1, 500, 500, true)]);
    assert_eq!(playback.mark_echoed(&last, now + ms(520)), played);
    assert_eq!(playback.heard_ms(&item(1), now + ms(520)), None);
    assert!(!playback.audible(now + ms(520)));
}

#[test]
fn greet_3_all_sent_audio_played_is_not_the_end_of_an_item_that_goes_on() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    let marks = send(&mut playback, 1, 180, now);
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(190)), progress(1, 180));
    let last = playback.item_ended(&item(1)).unwrap().to_string();
    let played = Echo::ItemsPlayed(vec![heard(1, 180, 180, true)]);
    assert_eq!(playback.mark_echoed(&last, now + ms(220)), played);
}

#[test]
fn greet_3_an_item_that_ends_on_a_mark_needs_no_other() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    let marks = send(&mut playback, 1, 360, now);
    assert_eq!(playback.item_ended(&item(1)), None);
    let played = Echo::ItemsPlayed(vec![heard(1, 360, 360, true)]);
    assert_eq!(playback.mark_echoed(&marks[1], now + ms(400)), played, "the first echo was lost");
    assert_eq!(playback.item_ended(&item(1)), None, "it is known no longer");
}

#[test]
fn end_6_a_lost_echo_is_made_good_by_any_later_one() {
    let (mut playback, _, now) = speaking();
    playback.item_ended(&item(1)).unwrap();
    let marks = send(&mut playback, 2, 200, now + ms(10));
    let echo = playback.mark_echoed(&marks[0], now + ms(700));
    assert_eq!(echo, Echo::ItemsPlayed(vec![heard(1, 500, 500, true)]));
    assert_eq!(playback.heard_ms(&item(2), now + ms(700)), Some(180));
}

#[test]
fn barge_3_each_item_is_counted_from_its_own_beginning() {
    let (mut playback, marks, now) = speaking();
    let last = playback.item_ended(&item(1)).unwrap().to_string();
    let second = send(&mut playback, 2, 400, now);
    assert_eq!(second, ["g2.0:r1:i2:1440", "g2.0:r1:i2:2880"]);
    assert_eq!(playback.mark_echoed(&marks[1], now + ms(360)), progress(1, 360));
    playback.mark_echoed(&last, now + ms(500));
    assert_eq!(playback.clear(now + ms(620)), [heard(2, 120, 400, false)]);
}

#[test]
fn barge_3_trap_openai_10_a_clear_tells_every_item_not_wholly_played_in_order() {
    let (mut playback, marks, now) = speaking();
    playback.item_ended(&item(1)).unwrap();
    send(&mut playback, 2, 100, now);
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(200)), progress(1, 180));
    let told = playback.clear(now + ms(250));
    assert_eq!(told, [heard(1, 230, 500, true), heard(2, 0, 100, false)]);
    assert!(told.iter().all(Heard::is_cut));
    assert!(!playback.audible(now + ms(250)));
    assert_eq!(playback.clear(now + ms(260)), [], "an item is cut once");
}

#[test]
fn barge_3_after_a_clear_no_old_mark_counts() {
    let (mut playback, marks, now) = speaking();
    playback.clear(now + ms(100));
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(101)), Echo::Stale);
    let fresh = send(&mut playback, 2, 200, now + ms(102));
    assert_eq!(playback.mark_echoed(&marks[1], now + ms(110)), Echo::Stale);
    assert_eq!(playback.heard_ms(&item(2), now + ms(112)), Some(10));
    assert_eq!(playback.mark_echoed(&fresh[0], now + ms(300)), progress(2, 180));
    assert_eq!(playback.mark_echoed(&fresh[0], now + ms(300)), Echo::Stale, "echoed twice");
}

#[test]
fn barge_3_marks_of_another_generation_or_of_somebody_else_are_stale() {
    let (mut playback, _, now) = speaking();
    for name in ["g1.0:r1:i1:1440", "g2.1:r1:i1:1440", "g2.0:r1:i1:1441", "responsePart", ""] {
        assert_eq!(playback.mark_echoed(name, now + ms(200)), Echo::Stale, "{name}");
    }
    assert_eq!(playback.mark_echoed("g2.0:r1:i1:1440", now + ms(200)), progress(1, 180));
}

#[test]
fn res_4_a_new_stream_begins_with_an_empty_buffer_and_marks_of_its_own() {
    let (mut playback, marks, now) = speaking();
    assert_eq!(playback.stream_restarted(now + ms(90)), [heard(1, 90, 500, false)]);
    assert_eq!(playback.mark_echoed(&marks[0], now + ms(200)), Echo::Stale);
    assert_eq!(send(&mut playback, 2, 180, now + ms(900)), ["g2.1:r2:i1:1440"]);
    assert_eq!(playback.heard_ms(&item(2), now + ms(950)), Some(50));
}

#[test]
fn barge_3_a_pause_in_which_nothing_was_sent_is_not_heard() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    send(&mut playback, 1, 100, now);
    send(&mut playback, 1, 60, now + ms(500));
    assert_eq!(playback.heard_ms(&item(1), now + ms(500)), Some(100));
    assert_eq!(playback.heard_ms(&item(1), now + ms(520)), Some(120));
}

#[test]
fn barge_5_an_item_that_is_played_on_after_a_clear_is_counted_from_where_it_was_cut() {
    let (mut playback, _, now) = speaking();
    let cut = playback.clear(now + ms(120));
    assert_eq!(cut, [heard(1, 120, 500, false)]);
    playback.resumed(&item(1), 120);
    send(&mut playback, 1, 380, now + ms(1_000));
    assert_eq!(playback.heard_ms(&item(1), now + ms(1_050)), Some(170));
    assert_eq!(playback.clear(now + ms(1_060)), [heard(1, 180, 500, false)]);
}

#[test]
fn end_6_the_expected_end_is_known_and_a_lost_last_echo_keeps_nobody_waiting() {
    let (mut playback, _, now) = speaking();
    assert_eq!(playback.quiet_at(now), Some(now + ms(500)));
    playback.item_ended(&item(1)).unwrap();
    assert_eq!(playback.quiet_at(now + ms(3_499)), Some(now + ms(500)));
    assert!(playback.audible(now + ms(3_499)), "the echo is waited for");
    assert!(!playback.audible(now + ms(3_500)), "but not for ever");
    assert_eq!(playback.quiet_at(now + ms(3_500)), None);
}

#[test]
fn barge_1_the_agent_started_when_the_first_frame_of_the_answer_was_due() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    assert_eq!(playback.agent_started(now), None);
    playback.sent(&response(1), &item(1), 8 * 100, now);
    playback.sent(&response(1), &item(2), 8 * 100, now + ms(50));
    playback.sent(&response(2), &item(3), 8 * 100, now + ms(60));
    assert_eq!(playback.agent_started(now + ms(150)), Some(now), "its second item");
    assert_eq!(playback.agent_started(now + ms(200)), Some(now + ms(200)), "the next answer");
    assert_eq!(playback.agent_started(now + ms(250)), Some(now + ms(200)));
}

#[test]
fn barge_1_an_echo_moves_the_start_of_the_answer_that_waits_behind_it() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    let mark = playback.sent(&response(1), &item(1), 8 * 180, now).unwrap().to_string();
    playback.sent(&response(1), &item(1), 8 * 20, now);
    playback.sent(&response(2), &item(2), 8 * 100, now);
    playback.mark_echoed(&mark, now + ms(230));
    assert_eq!(playback.agent_started(now + ms(240)), Some(now));
    assert_eq!(playback.agent_started(now + ms(255)), Some(now + ms(250)));
}

#[test]
fn barge_1_an_answer_begins_when_the_echo_says_that_the_one_before_is_over() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    let mark = playback.sent(&response(1), &item(1), 8 * 180, now).unwrap().to_string();
    playback.item_ended(&item(1));
    playback.sent(&response(2), &item(2), 8 * 100, now);
    playback.mark_echoed(&mark, now + ms(230));
    assert_eq!(playback.agent_started(now + ms(231)), Some(now + ms(230)));
}

#[test]
fn barge_3_items_whose_audio_is_interleaved_are_told_apart() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    for n in [1, 2, 1] {
        playback.sent(&response(1), &item(n), 8 * 50, now);
    }
    assert_eq!(playback.heard_ms(&item(1), now + ms(80)), Some(50));
    assert_eq!(playback.heard_ms(&item(2), now + ms(80)), Some(30));
    let told = playback.clear(now + ms(110));
    assert_eq!(told, [heard(1, 60, 100, false), heard(2, 50, 50, false)]);
}

#[test]
fn res_7_items_that_nobody_ends_are_not_followed_for_ever() {
    let now = start();
    let mut playback = Playback::new(Generation(0));
    for n in 0..40 {
        playback.sent(&response(1), &item(n), 8, now);
    }
    let told = playback.clear(now);
    assert_eq!(told.len(), 32);
    assert_eq!(told[0].item, item(8));
}
