//! A transcription model that OpenAI refuses (CALL-4).

use super::*;
use protocol::openai::fault::FatalCause;

impl Harness {
    /// The server refuses the settings. Returns what it was sent then, and the action.
    fn refuses(&mut self, param: &str) -> (Vec<Value>, SessionAction) {
        let number = self.session.settings_sent;
        self.refuses_update(number, param)
    }

    fn refuses_update(&mut self, number: u32, param: &str) -> (Vec<Value>, SessionAction) {
        let action = self.receive(&json!({"type": "error", "error": {
            "type": "invalid_request_error", "code": "invalid_value", "message": "Invalid value.",
            "param": param, "event_id": format!("configure-{number}")}}));
        let sent = self.sent().into_iter().map(|sent| match sent {
            Sent::Event(update) => update["session"].clone(),
            Sent::GoLive => panic!("no session is live"),
        });
        (sent.collect(), action)
    }
}

const PARAM: &str = "session.audio.input.transcription.model";

#[test]
fn call_4_a_refused_transcription_is_given_up_and_the_rest_of_the_session_stays_the_same() {
    let mut harness = Harness::new();
    let mut asked = harness.configure();
    let (sent, action) = harness.refuses(PARAM);
    assert_eq!(action, SessionAction::None);
    asked["audio"]["input"]["transcription"] = Value::Null;
    assert_eq!(sent, [asked.clone()]);
    harness.receive(&json!({"type": "session.updated", "session": asked}));
    let refused = Event::TranscriptionRefused { instead: None };
    assert_eq!(harness.reports(), [refused, Event::SessionConfigured { session: 1 }]);

    // The next session of the call is not refused again.
    harness.session.session_ended(SessionFault::Passing, BrokenOff::default(), harness.now);
    let again = harness.configure();
    assert_eq!(again["audio"]["input"]["transcription"], Value::Null);
}

#[test]
fn call_4_the_model_that_worked_last_in_any_call_is_tried_first() {
    let mut harness = Harness::new();
    harness.session.transcriptions.set("whisper-1");
    harness.configure();
    let (sent, _) = harness.refuses(PARAM);
    assert_eq!(sent[0]["audio"]["input"]["transcription"], json!({"model": "whisper-1"}));
    let (sent, action) = harness.refuses(PARAM);
    assert_eq!(sent[0]["audio"]["input"]["transcription"], Value::Null);
    assert_eq!(action, SessionAction::None);
    let (sent, action) = harness.refuses(PARAM);
    assert_eq!(
        (sent, action),
        (vec![], SessionAction::End(SessionFault::Lasting(FatalCause::Refused)))
    );
}

#[test]
fn call_4_a_refusal_of_anything_else_is_no_reason_to_do_without_transcripts() {
    let mut harness = Harness::new();
    harness.configure();
    let (sent, action) = harness.refuses("session.audio.output.voice");
    assert_eq!(
        (sent, action),
        (vec![], SessionAction::End(SessionFault::Lasting(FatalCause::BadVoice)))
    );
}

#[test]
fn call_4_the_model_that_was_accepted_is_remembered() {
    let harness = Harness::live();
    assert_eq!(harness.session.transcriptions.get().as_deref(), Some("gpt-transcribe"));
}

#[test]
fn call_4_res_2_a_refusal_that_a_crashed_actor_gets_again_refuses_nothing_more() {
    let mut harness = Harness::new();
    harness.configure();
    assert_eq!(harness.refuses_update(1, PARAM).0.len(), 1);
    let again = harness.refuses_update(1, PARAM);
    assert_eq!(again, (vec![], SessionAction::None), "the settings without one are not refused");
}
