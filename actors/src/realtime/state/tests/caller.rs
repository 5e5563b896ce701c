//! The caller's speech, and commits of the daemon's own (PIPE-11).

use protocol::caller_speech::LONGEST_SPEECH;

use super::*;

impl Harness {
    fn speech_begins(&mut self, item: &str) {
        self.receive(&json!({"type": "input_audio_buffer.speech_started",
            "audio_start_ms": 100, "item_id": item}));
    }

    fn committed(&mut self, item: &str) {
        self.receive(&json!({"type": "input_audio_buffer.committed", "item_id": item}));
    }

    /// Speech that began before is not over after 30 s. Returns the commit's event id.
    fn commits_endless_speech(&mut self) -> Value {
        self.now += LONGEST_SPEECH;
        assert_eq!(self.session.handle_timeout(self.now), SessionAction::None);
        let sent = self.sent();
        let [Sent::Event(commit)] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!(commit["type"], "input_audio_buffer.commit");
        commit["event_id"].clone()
    }

    fn nothing_to_commit(&mut self, event_id: &Value) {
        self.receive(&json!({"type": "error", "error": {"type": "invalid_request_error",
            "code": "input_audio_buffer_commit_empty", "message": "the buffer is empty.",
            "event_id": event_id}}));
    }
}

fn turn(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

#[test]
fn pipe_11_a_commit_without_speech_stopped_ends_the_speech() {
    let mut harness = Harness::live();
    harness.speech_begins("item_1");
    harness.committed("item_1");
    assert_eq!(
        harness.reports(),
        [Event::SpeechStarted, Event::TurnCommitted { item: turn("item_1") }]
    );
    assert!(!harness.session.speech.is_active());
    harness.now += 2 * LONGEST_SPEECH;
    harness.session.handle_timeout(harness.now);
    assert_eq!(harness.sent(), [], "nothing is left to commit");
}

#[test]
fn pipe_11_endless_speech_is_committed_after_30_s_and_reported_as_such() {
    let mut harness = Harness::live();
    harness.speech_begins("item_1");
    assert!(harness.session.poll_timeout().is_some());
    harness.commits_endless_speech();
    harness.committed("item_1");
    let committed = Event::EndlessTurnCommitted { item: turn("item_1") };
    assert_eq!(harness.reports(), [Event::SpeechStarted, committed]);
}

#[test]
fn pipe_11_speech_of_which_the_server_has_no_audio_is_cleared() {
    let mut harness = Harness::live();
    harness.speech_begins("item_1");
    let event_id = harness.commits_endless_speech();
    harness.nothing_to_commit(&event_id);
    assert_eq!(harness.sent_kinds(), ["input_audio_buffer.clear"]);
    assert_eq!(harness.reports(), [Event::SpeechStarted, Event::SpeechStopped]);
}

#[test]
fn pipe_11_a_commit_that_came_too_late_clears_nothing() {
    let mut harness = Harness::live();
    harness.speech_begins("item_1");
    let event_id = harness.commits_endless_speech();
    harness.receive(&json!({"type": "input_audio_buffer.speech_stopped",
        "audio_end_ms": 30_000, "item_id": "item_1"}));
    harness.committed("item_1");
    harness.nothing_to_commit(&event_id);
    assert_eq!(harness.sent(), []);
    let committed = Event::TurnCommitted { item: turn("item_1") };
    assert_eq!(harness.reports(), [Event::SpeechStarted, Event::SpeechStopped, committed]);
}

#[test]
fn pipe_11_a_new_session_knows_nothing_of_the_former_ones_speech() {
    let mut harness = Harness::live();
    harness.speech_begins("item_1");
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    harness.go_live();
    harness.sent();
    harness.now += LONGEST_SPEECH;
    harness.session.handle_timeout(harness.now);
    assert_eq!(harness.sent(), []);
}
