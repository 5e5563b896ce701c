//! Barge-in, as Twilio's socket and CallActor see it.

use protocol::call::{AgentCut, CutItem};

use super::*;
use crate::audio::loudness::{Level, Listening};

/// A business whose agent is stopped by 40 ms of speech.
fn instant() -> BargeInSettings {
    BargeInSettings { preset: BargeInPreset::Instant, ..BargeInSettings::default() }
}

/// A business that waits for OpenAI to detect speech.
fn careful() -> BargeInSettings {
    BargeInSettings { resume_false_interruption: true, ..instant() }
}

fn cut_item(of: &str, heard_ms: u32, came_ms: u32) -> CutItem {
    CutItem { response: response(), item: item(of), heard_ms, came_ms }
}

fn interruption(number: u64, items: Vec<CutItem>) -> Event {
    Event::AgentInterrupted(AgentCut { number, took: Duration::ZERO, items })
}

impl Harness {
    /// A loud frame of 20 ms. Returns whether the caller interrupts with it.
    fn loud_frame(&mut self, protected: bool) -> bool {
        self.playback
            .judge(Level { rms: 5_000, millis: 20, at: self.now, quiet_before: 0 }, protected)
    }

    /// The caller speaks until the agent is interrupted.
    fn interrupt(&mut self) {
        assert!(!self.loud_frame(false));
        assert!(self.loud_frame(false));
        if let Some(interrupted) = self.playback.clear(&self.downlink, self.now) {
            self.playback.cut_or_await_speech(
                interrupted,
                Duration::ZERO,
                &self.downlink,
                self.now,
            );
        }
    }

    /// OpenAI detects speech, or does not.
    fn decide(&mut self, is_speech: bool) {
        self.playback.cut_or_resume(is_speech, &self.downlink, self.now);
    }
}

#[test]
fn barge_3_invariant_10_trap_twilio_6_clear_is_sent_and_nothing_that_waits_or_still_arrives() {
    // The producer is stopped in the same turn.
    let mut harness = Harness::with(&instant());
    harness.open_stream_with_room(SECOND, 3);
    harness.reports();
    harness.receive_audio("a", 360);
    assert_eq!(harness.send(), [Message::Audio(180), Message::Mark(1440)]);
    harness.advance(100);
    harness.interrupt();
    assert_eq!(harness.send(), [Message::Clear]);
    harness.receive_audio("a", 400);
    harness.end_item("a");
    assert_eq!(harness.send(), []);
    assert_eq!(harness.downlink.waiting_ms(), 0);
    let playing =
        Event::ItemPlaying { response: response(), item: item("a"), added: Duration::ZERO };
    assert_eq!(harness.reports(), [playing, interruption(1, vec![cut_item("a", 100, 360)])]);
    assert_eq!(harness.playback.state_name(), "silent");
}

#[test]
fn barge_3_the_clear_is_sent_before_the_downlink_is_cut() {
    let mut harness = Harness::with(&instant());
    harness.receive_audio("a", 180);
    harness.send();
    assert!(!harness.loud_frame(false) && harness.loud_frame(false));
    let interrupted = harness.playback.clear(&harness.downlink, harness.now).unwrap();
    assert_eq!((harness.send(), harness.downlink.cuts()), (vec![Message::Clear], 0));
    harness.playback.cut_or_await_speech(
        interrupted,
        Duration::ZERO,
        &harness.downlink,
        harness.now,
    );
    assert_eq!(harness.downlink.cuts(), 1);
}

#[test]
fn barge_3_a_clear_that_finds_no_room_is_sent_first_and_once_when_there_is_room() {
    let mut harness = Harness::with(&instant());
    harness.open_stream_with_room(SECOND, 2);
    harness.receive_audio("a", 360);
    assert!(!harness.playback.send_audio(&harness.downlink, harness.now));
    harness.interrupt();
    harness.downlink.open(1);
    harness.receive_audio("b", 20);
    assert!(!harness.playback.send_audio(&harness.downlink, harness.now), "it must be sent again");
    assert_eq!(harness.send(), [Message::Audio(180), Message::Mark(1440)], "sent before");
    assert_eq!(harness.send(), [Message::Clear]);
    assert_eq!(harness.send(), [Message::Audio(20)]);
}

#[test]
fn barge_3_a_new_stream_needs_no_clear() {
    let mut harness = Harness::with(&instant());
    harness.open_stream_with_room(SECOND, 2);
    harness.receive_audio("a", 360);
    harness.playback.send_audio(&harness.downlink, harness.now);
    harness.interrupt();
    harness.open_stream(FIRST);
    assert_eq!(harness.send(), []);
}

#[test]
fn barge_3_trap_twilio_2_marks_returned_by_a_clear_do_not_count_as_played() {
    let mut harness = Harness::with(&instant());
    harness.receive_audio("a", 360);
    harness.end_item("a");
    let marks = harness.send_marks();
    harness.interrupt();
    harness.reports();
    for mark in &marks {
        harness.return_mark(FIRST, mark);
    }
    assert_eq!(harness.reports(), []);
}

#[test]
fn barge_3_trap_openai_7_trap_twilio_3_each_answer_is_counted_from_its_own_start() {
    let mut harness = Harness::with(&instant());
    harness.receive_audio("a", 180);
    harness.end_item("a");
    let marks = harness.send_marks();
    harness.advance(180);
    harness.return_mark(FIRST, marks.last().unwrap());
    harness.advance(5_000);
    harness.receive_audio("b", 360);
    harness.send();
    harness.advance(120);
    harness.reports();
    harness.interrupt();
    assert_eq!(harness.reports(), [interruption(1, vec![cut_item("b", 120, 360)])]);
}

#[test]
fn barge_3_trap_twilio_4_an_answer_that_is_sent_whole_is_cleared_too() {
    // What was sent was not heard yet.
    let mut harness = Harness::with(&instant());
    for of in ["a", "b"] {
        harness.receive_audio(of, 180);
        harness.end_item(of);
    }
    harness.send();
    harness.advance(60);
    harness.reports();
    harness.interrupt();
    assert_eq!(harness.send(), [Message::Clear]);
    let items = vec![cut_item("a", 60, 180), cut_item("b", 0, 180)];
    assert_eq!(harness.reports(), [interruption(1, items)]);
}

#[test]
fn barge_3_an_agent_that_has_just_finished_is_not_interrupted() {
    let mut harness = Harness::with(&instant());
    harness.receive_audio("a", 180);
    harness.end_item("a");
    harness.send();
    harness.advance(200);
    harness.reports();
    harness.interrupt();
    assert_eq!((harness.send(), harness.downlink.cuts()), (vec![], 0));
    assert_eq!(harness.reports(), [played("a")], "its last mark was on the way");
}

#[test]
fn barge_3_an_item_of_which_only_the_end_is_missing_was_heard_whole() {
    let mut harness = Harness::with(&instant());
    harness.open_stream_with_room(SECOND, 2);
    harness.receive_audio("a", 180);
    harness.send();
    harness.end_item("a");
    harness.receive_audio("b", 180);
    harness.advance(200);
    harness.reports();
    harness.interrupt();
    assert_eq!(harness.reports(), [played("a"), interruption(1, vec![cut_item("b", 0, 180)])]);
}

#[test]
fn barge_1_no_barge_in_on_silence_on_a_protected_line_or_without_a_stream() {
    let mut harness = Harness::with(&instant());
    let fires = |harness: &mut Harness, protected| {
        (0..50).map(|_| harness.loud_frame(protected)).filter(|fired| *fired).count()
    };
    assert_eq!(fires(&mut harness, false), 0, "nothing to interrupt");
    assert_eq!(harness.playback.listening(harness.now), Listening::Off);
    harness.receive_audio("a", 180);
    harness.send();
    let for_speech = Listening::ForSpeech { rms_over: 200 };
    assert_eq!(harness.playback.listening(harness.now), for_speech);
    assert_eq!(fires(&mut harness, true), 0, "a protected line");
    harness.close_stream(FIRST, StreamEnd::Lost);
    assert_eq!(harness.playback.listening(harness.now), Listening::Off);
    assert_eq!(fires(&mut harness, false), 0, "no stream");
}

#[test]
fn barge_5_without_speech_the_agent_pauses_and_then_speaks_on_from_there() {
    let mut harness = Harness::with(&careful());
    harness.receive_audio("a", 360);
    harness.send();
    harness.advance(130);
    harness.reports();
    harness.interrupt();
    assert_eq!(harness.send(), [Message::Clear]);
    harness.receive_audio("a", 60);
    harness.end_item("a");
    harness.advance(999);
    harness.decide(false);
    assert_eq!((harness.send(), harness.reports()), (vec![], vec![]), "it waits");

    harness.advance(1);
    harness.decide(false);
    let (sent, cuts) = (harness.send_named(), harness.downlink.cuts());
    let audio: u32 = sent
        .iter()
        .map(|(message, _)| if let Message::Audio(ms) = message { *ms } else { 0 })
        .sum();
    assert_eq!((audio, cuts), (420 - 120, 0), "from the split before 130 ms on, without a cut");
    harness.reports();
    harness.advance(60);
    harness.interrupt();
    harness.decide(true);
    assert_eq!(harness.reports(), [interruption(1, vec![cut_item("a", 180, 420)])]);
}

#[test]
fn barge_5_speech_that_openai_detects_interrupts_the_agent() {
    let mut harness = Harness::with(&careful());
    harness.receive_audio("a", 360);
    harness.send();
    harness.advance(130);
    harness.reports();
    harness.interrupt();
    harness.receive_audio("a", 60);
    harness.advance(20);
    harness.decide(true);
    assert_eq!(harness.send(), [Message::Clear], "one, and the rest is dropped");
    assert_eq!(harness.reports(), [interruption(1, vec![cut_item("a", 130, 420)])]);
    harness.advance(2_000);
    harness.decide(false);
    assert_eq!((harness.send(), harness.downlink.waiting_ms()), (vec![], 0));
}

#[test]
fn barge_5_an_item_whose_end_arrives_after_it_was_heard_counts_as_played() {
    let mut harness = Harness::with(&careful());
    harness.receive_audio("a", 180);
    harness.send();
    harness.advance(300);
    harness.reports();
    harness.interrupt();
    harness.end_item("a");
    harness.advance(1_000);
    harness.decide(false);
    harness.send();
    let ended: Vec<_> = harness.reports().into_iter().filter(is_played).collect();
    assert_eq!(ended, [played("a")], "no mark of it will return");
}

#[test]
fn pipe_11_the_callers_quiet_is_reported_once_if_it_is_awaited() {
    let mut harness = Harness::open();
    let frame = |harness: &mut Harness, rms| {
        harness.playback.watch_for_quiet(Level {
            rms,
            millis: 100,
            at: harness.now,
            quiet_before: 0,
        });
        harness.reports()
    };
    assert_eq!(harness.playback.listening(harness.now), Listening::Off, "the agent is silent");
    assert_eq!(frame(&mut harness, 0), []);

    harness.playback.await_quiet();
    assert_eq!(harness.playback.listening(harness.now), Listening::ToEveryFrame);
    for rms in [0, 0, 0, 0, 5_000, 0, 0, 0, 0] {
        assert_eq!(frame(&mut harness, rms), []);
    }
    assert_eq!(frame(&mut harness, 0), [Event::CallerQuiet]);
    assert_eq!(harness.playback.listening(harness.now), Listening::Off);
    assert_eq!(frame(&mut harness, 0), []);
}

#[test]
fn barge_2_a_pause_that_was_not_passed_on_begins_the_count_anew() {
    let mut harness = Harness::with(&instant());
    harness.receive_audio("a", 2_000);
    harness.send();
    harness.advance(500);
    let at = harness.now;
    let mut frame = |millis, quiet_before| {
        harness.playback.judge(Level { rms: 5_000, millis, at, quiet_before }, false)
    };
    assert!(!frame(20, u32::MAX));
    assert!(!frame(20, 61), "20 ms, and after the pause 20 more");
    assert!(frame(20, 60), "a short pause is part of the speech");
}
