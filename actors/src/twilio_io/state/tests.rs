mod harness;
mod interruption;

use protocol::business::BargeInPreset;

use protocol::call::CutItem;

use super::*;
use harness::{FIRST, Harness, Message, SECOND, item, played, response, sid};

#[test]
fn barge_3_trap_twilio_7_all_audio_is_sent_at_once_with_a_mark_each_180_ms_and_at_the_end() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 400);
    harness.end_item("a");
    let expected = [
        Message::Audio(180),
        Message::Mark(1440),
        Message::Audio(180),
        Message::Mark(2880),
        Message::Audio(40),
        Message::Mark(3200),
    ];
    assert_eq!(harness.send(), expected);
    let plays_until = harness.playback.time.moment(harness.now + Duration::from_millis(400));
    let playing =
        Event::ItemPlaying { response: response(), item: item("a"), added: Duration::ZERO };
    let queued = Event::ItemQueued { item: item("a"), plays_until };
    assert_eq!(harness.reports(), [playing, queued]);
}

#[test]
fn greet_5_the_added_delay_counts_from_the_audios_arrival_or_a_later_opening_of_the_stream() {
    let mut harness = Harness::open();
    harness.receive_audio("late", 20);
    harness.advance(7);
    harness.send();
    harness.receive_audio("early", 20);
    harness.advance(500);
    harness.open_stream(SECOND);
    harness.advance(3);
    harness.send();
    let added: Vec<_> = (harness.reports().into_iter())
        .filter_map(|report| {
            let Event::ItemPlaying { item, added, .. } = report else { return None };
            Some((item.to_string(), added.as_millis()))
        })
        .collect();
    assert_eq!(added[0], ("late".to_owned(), 7));
    assert_eq!(added.last(), Some(&("early".to_owned(), 3)));
}

#[test]
fn barge_3_invariant_4_an_item_counts_as_played_when_the_mark_at_its_end_returns() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 360);
    harness.end_item("a");
    let marks = harness.send_marks();
    harness.reports();
    harness.advance(5_000);
    let (last, before) = marks.split_last().unwrap();
    for mark in before {
        harness.return_mark(FIRST, mark);
    }
    assert_eq!(harness.reports(), [], "however late it is");
    harness.return_mark(FIRST, last);
    harness.return_mark(FIRST, last);
    assert_eq!(harness.reports(), [played("a")]);
}

#[test]
fn res_2_a_new_stream_plays_what_was_not_heard_split_at_60_ms_and_counts_on() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 360);
    let marks = harness.send_marks();
    harness.advance(180);
    harness.return_mark(FIRST, &marks[0]);
    harness.advance(100);
    harness.reports();

    harness.open_stream(SECOND);
    harness.end_item("a");
    assert_eq!(harness.downlink.waiting_ms(), 120, "280 of 360 ms were heard, and 240 is a split");
    assert_eq!(harness.send(), [Message::Audio(60), Message::Audio(60), Message::Mark(960)]);
    let queued = harness.playback.time.moment(harness.now + Duration::from_millis(120));
    let expected = [
        Event::StreamOpened { stream: sid(SECOND) },
        Event::ItemQueued { item: item("a"), plays_until: queued },
    ];
    assert_eq!(harness.reports(), expected);
}

#[test]
fn res_2_items_after_the_interrupted_one_are_played_whole_on_the_new_stream() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 120);
    harness.end_item("a");
    harness.receive_audio("b", 120);
    harness.end_item("b");
    harness.send();
    harness.advance(60);
    harness.open_stream(SECOND);
    harness.reports();

    let marks = harness.send_marks();
    assert_eq!(marks.len(), 2, "one at each end: {marks:?}");
    for mark in &marks {
        harness.return_mark(SECOND, mark);
    }
    let ends: Vec<_> = harness.reports().into_iter().filter(is_played).collect();
    assert_eq!(ends, [played("a"), played("b")]);
}

fn is_played(report: &Event) -> bool {
    matches!(report, Event::ItemPlayed { .. })
}

#[test]
fn res_2_marks_of_an_old_stream_are_ignored() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 180);
    harness.end_item("a");
    let old = harness.send_marks();
    harness.open_stream(SECOND);
    let new = harness.send_marks();
    harness.reports();

    for mark in &old {
        harness.return_mark(FIRST, mark);
        harness.return_mark(SECOND, mark);
    }
    harness.return_mark(FIRST, new.last().unwrap());
    harness.return_mark(SECOND, "not ours");
    assert_eq!(harness.reports(), []);
    harness.return_mark(SECOND, new.last().unwrap());
    assert_eq!(harness.reports(), [played("a")]);
}

#[test]
fn res_2_an_item_heard_to_its_end_counts_as_played_though_its_last_mark_is_lost() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 180);
    harness.end_item("a");
    harness.send();
    harness.advance(500);
    harness.reports();
    harness.open_stream(SECOND);
    assert_eq!(harness.send(), []);
    assert_eq!(harness.reports(), [played("a"), Event::StreamOpened { stream: sid(SECOND) }]);
}

#[test]
fn greet_2_a_new_stream_does_not_repeat_what_was_due_long_ago_if_marks_never_come_back() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 180);
    harness.end_item("a");
    harness.send();
    harness.advance(20_000);
    harness.receive_audio("b", 6_000);
    harness.send();
    harness.advance(5_000);
    harness.reports();
    harness.open_stream(SECOND);
    assert_eq!(harness.reports(), [played("a"), Event::StreamOpened { stream: sid(SECOND) }]);
    assert_eq!(
        harness.downlink.waiting_ms(),
        4_020,
        "three seconds are awaited, and split at 60 ms"
    );
}

#[test]
fn res_2_a_new_stream_repeats_what_was_due_long_ago_if_its_mark_is_the_first_that_is_missing() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 360);
    harness.end_item("a");
    let marks = harness.send_marks();
    harness.return_mark(FIRST, &marks[0]);
    harness.advance(20_000);
    harness.open_stream(SECOND);
    assert_eq!(harness.downlink.waiting_ms(), 0, "the next mark is at the end");

    let mut harness = Harness::open();
    harness.receive_audio("a", 180);
    let marks = harness.send_marks();
    harness.return_mark(FIRST, &marks[0]);
    harness.receive_audio("a", 540);
    harness.send();
    harness.advance(20_000);
    harness.open_stream(SECOND);
    assert!(harness.downlink.waiting_ms() > 300, "a stalled stream plays nothing");
}

#[test]
fn res_2_the_rest_of_an_item_counts_on_from_what_the_lost_stream_played() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 180);
    harness.send();
    harness.advance(500);
    harness.open_stream(SECOND);
    harness.reports();
    harness.receive_audio("a", 360);
    let marks = harness.send_marks();
    assert_eq!(harness.reports(), [], "it was reported to play before");

    harness.advance(180);
    harness.return_mark(SECOND, &marks[0]);
    harness.open_stream(FIRST);
    assert_eq!(harness.downlink.waiting_ms(), 180, "360 of 540 ms were heard");
}

#[test]
fn res_7_audio_waits_in_the_downlink_while_the_socket_is_full() {
    let mut harness = Harness::open();
    harness.open_stream_with_room(SECOND, 2);
    harness.receive_audio("a", 360);
    assert!(!harness.playback.send_audio(&harness.downlink, harness.now));
    assert_eq!(harness.downlink.waiting_ms(), 180);
    assert_eq!(harness.send(), [Message::Audio(180), Message::Mark(1440)]);
    assert_eq!(harness.send(), [Message::Audio(180), Message::Mark(2880)]);
}

#[test]
fn res_2_audio_waits_for_a_new_stream_and_the_close_of_an_older_one_is_ignored() {
    let mut harness = Harness::open();
    harness.open_stream(SECOND);
    harness.close_stream(FIRST, StreamEnd::Lost);
    harness.receive_audio("a", 20);
    assert_eq!(harness.send(), [Message::Audio(20)]);

    harness.close_stream(SECOND, StreamEnd::Stopped);
    harness.receive_audio("a", 20);
    assert_eq!(harness.send(), []);
    assert_eq!((harness.downlink.waiting_ms(), harness.playback.state_name()), (20, "no stream"));
}

#[test]
fn barge_6_when_the_stream_ends_what_was_heard_of_each_item_is_reported() {
    let mut harness = Harness::open();
    harness.receive_audio("a", 540);
    harness.end_item("a");
    let marks = harness.send_marks();
    harness.receive_audio("b", 100);
    harness.advance(200);
    harness.return_mark(FIRST, &marks[0]);
    harness.reports();
    harness.advance(60);
    harness.close_stream(FIRST, StreamEnd::Stopped);
    let cut = |of: &str, heard_ms, came_ms| CutItem {
        response: response(),
        item: item(of),
        heard_ms,
        came_ms,
    };
    let stopped = Event::PlaybackStopped { items: vec![cut("a", 240, 540), cut("b", 0, 100)] };
    let closed = Event::StreamClosed { stream: sid(FIRST), how: StreamEnd::Stopped };
    assert_eq!(harness.reports(), [stopped, closed]);
}

#[test]
fn barge_6_without_a_stream_nothing_was_heard() {
    let mut harness = Harness::open();
    harness.close_stream(FIRST, StreamEnd::Lost);
    harness.reports();
    harness.receive_audio("a", 100);
    harness.playback.stopping(&harness.downlink, harness.now);
    let items = vec![CutItem { response: response(), item: item("a"), heard_ms: 0, came_ms: 100 }];
    assert_eq!(harness.reports(), [Event::PlaybackStopped { items }]);
}
