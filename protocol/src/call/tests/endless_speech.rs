//! Speech that does not end, and commits without its end (PIPE-11).

use super::*;
use crate::business::lines::HEBREW;

fn answered(stage: &Stage, name: &str) -> bool {
    let turn = Want::Answer(Reply::Turn(item(name)));
    stage.asks().iter().any(|ask| ask.want == turn)
}

impl Stage {
    /// The daemon commits speech that did not end.
    fn endless_turn(&mut self, name: &str) {
        self.does(Event::SpeechStarted);
        self.does(Event::EndlessTurnCommitted { item: item(name) });
    }

    /// The same, without words. The caller is quiet then, and its answer is heard.
    fn endless_turn_without_words(&mut self, name: &str) {
        self.endless_turn(name);
        self.words(name, "");
        self.does(Event::CallerQuiet);
        self.last_line_is_heard(name);
    }
}

#[test]
fn pipe_11_a_commit_without_the_end_of_speech_lets_the_silence_count() {
    let mut stage = Stage::open();
    stage.does(Event::SpeechStarted);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.last_line_is_heard("1");
    stage.waits(Duration::from_secs(7));
    assert_eq!(stage.lines().len(), 1, "the caller is asked whether they are there");
}

#[test]
fn pipe_11_speech_that_begins_after_such_a_commit_is_speech_again() {
    let mut stage = Stage::open();
    stage.does(Event::SpeechStarted);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.last_line_is_heard("1");
    stage.does(Event::SpeechStarted);
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.lines(), []);
}

#[test]
fn pipe_11_the_answer_to_endless_speech_waits_for_the_callers_quiet_10_s_at_most() {
    for is_quiet in [true, false] {
        let mut stage = Stage::open();
        stage.endless_turn("u1");
        assert_eq!(stage.count(&Command::AwaitQuiet), 1);
        stage.words("u1", "כן");
        stage.does(Event::SpeechStarted);
        stage.waits(Duration::from_millis(9_999));
        assert!(!answered(&stage, "u1"));
        if is_quiet {
            stage.does(Event::CallerQuiet);
        } else {
            stage.waits(Duration::from_millis(1));
        }
        assert!(answered(&stage, "u1"));
        stage.waits(Duration::from_secs(30));
        assert_eq!(stage.asks().len(), 1, "it is answered once");
    }
}

#[test]
fn pipe_11_an_ordinary_turn_meanwhile_is_answered_at_once() {
    let mut stage = Stage::open();
    stage.endless_turn("u1");
    stage.turn("u2");
    assert!(answered(&stage, "u2") && !answered(&stage, "u1"));
    stage.does(Event::CallerQuiet);
    assert!(answered(&stage, "u1"), "the gate knows whether a response has seen it");
}

#[test]
fn pipe_11_a_goodbye_in_endless_speech_ends_the_call_where_phrases_decide() {
    let mut stage = Stage::open_with(|settings| {
        settings.ending.decider = Decider::Phrases;
        settings.ending.phrase_wait = Duration::from_secs(1);
    });
    stage.endless_turn("u1");
    stage.words("u1", "תודה, להתראות");
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
    stage.does(Event::CallerQuiet);
    assert!(!answered(&stage, "u1"));
}

#[test]
fn pipe_11_a_third_endless_turn_without_words_counts_as_silence_and_so_does_each_after_it() {
    let mut stage = Stage::open();
    for turn in ["u1", "u2"] {
        stage.endless_turn_without_words(turn);
        assert!(answered(&stage, turn));
    }
    for (number, turn) in ["u3", "u4"].into_iter().enumerate() {
        stage.endless_turn_without_words(turn);
        assert!(!answered(&stage, turn));
        let check = HEBREW.silence_checks[number].to_owned();
        assert_eq!(stage.lines()[number], (ScriptedLine::SilenceCheck, check));
    }
    stage.endless_turn_without_words("u5");
    assert_eq!(stage.reason(), Some(EndReason::NoResponse));
}

#[test]
fn pipe_11_the_third_endless_turn_waits_for_its_words_but_not_for_ever() {
    let mut stage = Stage::open();
    for turn in ["u1", "u2"] {
        stage.endless_turn_without_words(turn);
    }
    stage.endless_turn("u3");
    stage.does(Event::CallerQuiet);
    assert!(!answered(&stage, "u3"), "its words decide");
    stage.waits(Duration::from_secs(10));
    assert!(answered(&stage, "u3"), "without them it is answered");
    assert_eq!(stage.lines(), []);
}

#[test]
fn pipe_11_words_or_keys_begin_the_count_of_endless_turns_anew() {
    for words in [true, false] {
        let mut stage = Stage::open();
        for turn in ["u1", "u2"] {
            stage.endless_turn_without_words(turn);
        }
        if words {
            stage.turn("u3");
            stage.words("u3", "כן");
        } else {
            stage.does(Event::DigitPressed { digit: '5' });
            stage.does(Event::DigitPressed { digit: '#' });
        }
        stage.endless_turn("u4");
        stage.words("u4", "");
        stage.does(Event::CallerQuiet);
        assert!(answered(&stage, "u4"));
        assert_eq!(stage.lines(), []);
    }
}

#[test]
fn pipe_11_a_failed_transcription_counts_as_words() {
    let mut stage = Stage::open();
    for turn in ["u1", "u2", "u3", "u4"] {
        stage.endless_turn(turn);
        stage.does(Event::TurnTranscribed { item: item(turn), text: None });
        stage.does(Event::CallerQuiet);
        assert!(answered(&stage, turn));
    }
}
