//! A call whose turns can't be transcribed (CALL-4).

use super::*;

fn without_transcripts(decider: Decider) -> Stage {
    let mut stage = Stage::open_with(|settings| settings.ending.decider = decider);
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::TranscriptionRefused { instead: None });
    stage.does(Event::SessionConfigured { session: 2 });
    stage
}

#[test]
fn call_4_without_transcripts_phrases_act_as_the_model_which_is_told() {
    let mut stage = without_transcripts(Decider::Phrases);
    assert_eq!(stage.call.transcription_model(), None);
    let told =
        stage.call.conversation.entries().any(
            |entry| matches!(&entry.body, Body::System(text) if text.contains("call_control")),
        );
    assert!(told);
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
}

#[test]
fn call_4_another_model_leaves_the_decision_to_phrases() {
    let mut stage = Stage::open_with(|settings| settings.ending.decider = Decider::Phrases);
    stage.does(Event::TranscriptionRefused { instead: Some("whisper-1".to_owned()) });
    assert_eq!(stage.call.transcription_model(), Some("whisper-1"));
    stage.turn("u1");
    stage.words("u1", "להתראות");
    stage.last_line_is_heard("1");
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
}

#[test]
fn call_4_without_transcripts_every_turn_counts_as_one_with_words() {
    let mut stage = without_transcripts(Decider::Model);
    stage.waits(Duration::from_secs(7));
    stage.last_line_is_heard("check");
    stage.turn("u1");
    assert_eq!(stage.call.view(stage.now).silence_checks, 0, "it resets the silence");
    stage.last_line_is_heard("answer");

    // An ending is taken back by any turn, at once.
    let mut stage = without_transcripts(Decider::Model);
    let ask = stage.turn("u1");
    stage.speaks("r1", "a1", vec![ask]);
    stage.does(Event::ResponseStarted { response: resp("r2"), asks: vec![] });
    stage.ends("r2", vec![], control(GOODBYE));
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
    stage.does(Event::SpeechStarted);
    stage.does(Event::SpeechStopped);
    stage.does(Event::TurnCommitted { item: item("u2") });
    assert_eq!(stage.reason(), None);
}

#[test]
fn call_4_without_transcripts_turns_stay_in_the_record_without_words() {
    let mut stage = without_transcripts(Decider::Both);
    stage.turn("u1");
    let recorded = stage.sent.iter().rev().find_map(|command| {
        let Command::Record(Record::Turn(entry)) = command else { return None };
        Some(Arc::clone(entry))
    });
    let entry = recorded.unwrap();
    assert_eq!((entry.role(), entry.text()), (Role::Caller, None));
}
