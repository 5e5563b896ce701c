use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;

use super::*;
use crate::clock::Clock;

const SESSION: u32 = 1;

/// A downlink that takes the audio of [`SESSION`].
fn open() -> Downlink {
    let downlink = Downlink::default();
    downlink.begin_session(SESSION);
    downlink
}

fn now() -> Instant {
    Clock::start().now()
}

fn response() -> ResponseId {
    ResponseId::parse("resp_1").unwrap()
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

/// Pushes so many milliseconds of an item. `None` if there is no room.
fn push(downlink: &Downlink, of: &str, millis: usize) -> Option<bool> {
    let audio = Payload::encode(&vec![0x55; millis * 8]);
    downlink.push(SESSION, &response(), &item(of), &audio, now()).now_or_never()
}

/// Pops everything: items and milliseconds, 0 for an item's end.
fn pop_all(downlink: &Downlink) -> Vec<(String, u32)> {
    let popped = std::iter::from_fn(|| {
        let audio = downlink.peek()?;
        downlink.pop();
        Some(match audio {
            AgentAudio::Piece(piece) => (piece.item.to_string(), piece.payload.millis()),
            AgentAudio::ItemEnd { item, .. } => (item.to_string(), 0),
        })
    });
    popped.collect()
}

fn owned(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected.iter().map(|(item, millis)| ((*item).to_owned(), *millis)).collect()
}

#[test]
fn barge_3_audio_leaves_in_the_order_it_came_in_pieces_of_at_most_180_ms() {
    let downlink = open();
    assert_eq!(push(&downlink, "a", 400), Some(true), "the first of its item");
    assert_eq!(push(&downlink, "a", 100), Some(false));
    downlink.end_item(SESSION, &response(), &item("a"));
    assert_eq!(push(&downlink, "b", 20), Some(true));
    assert_eq!(downlink.waiting_ms(), 520);

    let expected = [("a", 180), ("a", 180), ("a", 40), ("a", 100), ("a", 0), ("b", 20)];
    assert_eq!(pop_all(&downlink), owned(&expected));
    assert_eq!(downlink.waiting_ms(), 0);
}

#[tokio::test]
async fn res_7_a_full_downlink_makes_its_sender_wait_until_a_piece_is_popped() {
    let downlink = open();
    assert_eq!(push(&downlink, "a", MAX_BYTES / 8), Some(true));
    let audio = Payload::encode(&[0x55; 160]);
    let (response, item) = (response(), item("b"));
    let mut late = Box::pin(downlink.push(SESSION, &response, &item, &audio, now()));
    assert!(late.as_mut().now_or_never().is_none());
    assert_eq!(downlink.waiting_ms(), MAX_BYTES / 8, "nothing of it was added");

    downlink.pop();
    assert!(late.await, "the first of its item");
    assert_eq!(pop_all(&downlink).last(), Some(&("b".to_owned(), 20)));
}

#[test]
fn res_2_what_a_lost_stream_did_not_play_goes_first_and_in_order() {
    let downlink = open();
    push(&downlink, "a", 300);
    let sent: Vec<_> = std::iter::from_fn(|| {
        let audio = downlink.peek();
        downlink.pop();
        audio
    })
    .collect();
    push(&downlink, "a", 20);
    downlink.put_back(sent.into_iter());

    assert_eq!(downlink.waiting_ms(), 320);
    assert_eq!(pop_all(&downlink), owned(&[("a", 180), ("a", 120), ("a", 20)]));
}

#[test]
fn res_2_items_that_a_lost_session_left_open_end_once_and_after_their_audio() {
    let downlink = open();
    push(&downlink, "done", 20);
    downlink.end_item(SESSION, &response(), &item("done"));
    push(&downlink, "open", 20);
    downlink.end_open_items();
    downlink.end_open_items();
    downlink.end_item(SESSION, &response(), &item("open"));

    let expected = [("done", 20), ("done", 0), ("open", 20), ("open", 0)];
    assert_eq!(pop_all(&downlink), owned(&expected));
}

#[test]
fn res_2_the_reader_is_woken_once_per_wake_message_and_a_successor_at_once() {
    let downlink = open();
    let wakes = Arc::new(AtomicUsize::new(0));
    let wake = Arc::clone(&wakes);
    downlink.attach_with(Arc::new(move || {
        wake.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(wakes.load(Ordering::SeqCst), 0, "nothing waits");
    push(&downlink, "a", 20);
    push(&downlink, "a", 20);
    downlink.end_item(SESSION, &response(), &item("a"));
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    downlink.woken();
    push(&downlink, "b", 20);
    assert_eq!(wakes.load(Ordering::SeqCst), 2);

    let successor = Arc::new(AtomicUsize::new(0));
    let wake = Arc::clone(&successor);
    downlink.attach_with(Arc::new(move || {
        wake.fetch_add(1, Ordering::SeqCst);
    }));
    assert_eq!(successor.load(Ordering::SeqCst), 1, "something waits");
}

#[test]
fn barge_3_invariant_10_trap_openai_4_after_a_cut_nothing_passes_until_the_next_request() {
    let downlink = open();
    push(&downlink, "a", 400);
    downlink.end_item(SESSION, &response(), &item("a"));
    push(&downlink, "b", 20);
    let (number, dropped) = downlink.cut();
    let dropped: Vec<_> = dropped.iter().map(|of| (of.item.as_str(), of.bytes / 8)).collect();
    assert_eq!((number, dropped), (1, vec![("a", 400), ("b", 20)]));
    assert_eq!((downlink.waiting_ms(), downlink.peek()), (0, None));

    assert_eq!(push(&downlink, "b", 20), Some(false), "a late delta is dropped");
    downlink.end_item(SESSION, &response(), &item("b"));
    downlink.end_open_items();
    assert_eq!(downlink.peek(), None);

    downlink.begin_session(SESSION);
    downlink.open(1);
    assert_eq!(push(&downlink, "c", 20), Some(true));
    assert_eq!(pop_all(&downlink), owned(&[("c", 20)]));
}

#[test]
fn barge_3_invariant_10_a_request_that_does_not_know_of_the_latest_cut_opens_nothing() {
    let downlink = open();
    downlink.cut();
    assert_eq!((downlink.cut().0, downlink.cuts()), (2, 2));
    downlink.open(1);
    assert_eq!(push(&downlink, "a", 20), Some(false));
    downlink.open(2);
    assert_eq!(push(&downlink, "a", 20), Some(true));
}

#[tokio::test]
async fn barge_3_audio_that_waits_for_room_is_dropped_by_a_cut_too() {
    let downlink = open();
    push(&downlink, "a", MAX_BYTES / 8);
    let audio = Payload::encode(&[0x55; 160]);
    let (response, item) = (response(), item("b"));
    let mut late = Box::pin(downlink.push(SESSION, &response, &item, &audio, now()));
    assert!(late.as_mut().now_or_never().is_none());
    downlink.cut();
    assert!(!late.await);
    assert_eq!(downlink.waiting_ms(), 0);
}

#[cfg(feature = "mistakes")]
#[test]
fn unfenced_cut_lets_late_audio_pass_if_nothing_waited_when_the_caller_interrupted() {
    let late_audio_after_a_cut = |waits: bool| {
        let downlink = open();
        push(&downlink, "a", 180);
        if !waits {
            downlink.pop();
        }
        downlink.cut();
        push(&downlink, "a", 20);
        pop_all(&downlink)
    };
    assert_eq!(late_audio_after_a_cut(false), []);
    let _planted = mistakes::plant(mistakes::Mistake::UnfencedCut);
    assert_eq!(late_audio_after_a_cut(false), owned(&[("a", 20)]));
    assert_eq!(late_audio_after_a_cut(true), []);
}

#[tokio::test]
async fn greet_2_what_broke_off_before_any_of_it_went_to_twilio_is_dropped_and_the_rest_is_played()
{
    let downlink = open();
    let response = |name: &str| ResponseId::parse(name).unwrap();
    let part = |name: &str| ItemId::parse(name).unwrap();
    let audio = Payload::encode(&[0xFF; 160]);
    let now = Clock::start().now();
    downlink.push(SESSION, &response("r1"), &part("a1"), &audio, now).await;
    downlink.end_item(SESSION, &response("r1"), &part("a1"));
    downlink.push(SESSION, &response("r2"), &part("a2"), &audio, now).await;
    downlink.end_item(SESSION, &response("r2"), &part("a2"));
    downlink.push(SESSION, &response("r2"), &part("a3"), &audio, now).await;
    let broken = downlink.drop_unplayed();
    assert_eq!(broken.unplayed, [response("r2")], "the whole of it, not its last item");
    assert_eq!(broken.played, []);
    assert_eq!(downlink.waiting_ms(), 20, "what came whole is played");

    downlink.begin_session(SESSION);
    downlink.push(SESSION, &response("r3"), &part("a4"), &audio, now).await;
    while downlink.peek().is_some() {
        downlink.pop();
    }
    downlink.push(SESSION, &response("r3"), &part("a4"), &audio, now).await;
    let broken = downlink.drop_unplayed();
    assert_eq!(broken.unplayed, [], "some of it is at Twilio");
    assert_eq!(broken.played, [(response("r3"), part("a4"), 40)]);
    assert_eq!((downlink.length_ms(&part("a2")), downlink.length_ms(&part("a4"))), (20, 0));
    assert_eq!(downlink.waiting_ms(), 20);
}

#[test]
fn res_2_audio_that_a_lost_session_still_brings_is_dropped() {
    let lost: [fn(&Downlink); 2] =
        [Downlink::end_open_items, |downlink| drop(downlink.drop_unplayed())];
    for lose in lost {
        let downlink = open();
        lose(&downlink);
        assert_eq!(push(&downlink, "late", 20), Some(false));
        downlink.begin_session(SESSION + 1);
        assert_eq!(push(&downlink, "late", 20), Some(false));
        downlink.end_item(SESSION, &response(), &item("late"));
        assert!(downlink.is_empty());
    }
}
