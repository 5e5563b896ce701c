//! A caller who speaks while the call is ending (END-6).

use super::*;
use crate::business::Decider;

const DELAY: Duration = Duration::from_secs(1);
const A_MOMENT: Duration = Duration::from_millis(1);

/// A call whose closing line is being played.
fn closing_in(decider: Decider) -> Stage {
    let mut stage = Stage::open_with(|settings| settings.ending.decider = decider);
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: "להתראות!".to_owned() });
    if decider == Decider::Phrases {
        stage.words("u1", "ביי");
        stage.ends("r1", vec![ask], Vec::new());
    } else {
        stage.ends("r1", vec![ask], control(GOODBYE));
    }
    assert!(matches!(stage.call.phase(), Phase::Closing { .. }));
    stage.sent.clear();
    stage
}

fn says(stage: &mut Stage, name: &str, text: &str) {
    stage.does(Event::SpeechStarted);
    stage.does(Event::SpeechStopped);
    stage.does(Event::TurnCommitted { item: item(name) });
    stage.words(name, text);
}

#[test]
fn end_6_a_caller_who_goes_on_takes_the_ending_back_and_is_answered() {
    for decider in [Decider::Model, Decider::Both] {
        for played in [false, true] {
            let mut stage = closing_in(decider);
            if played {
                stage.plays("r1", "a1");
                stage.waits(DELAY - A_MOMENT);
            }
            says(&mut stage, "u2", "רגע, עוד שאלה אחת");
            assert_eq!(stage.call.phase(), &Phase::Open);
            assert_eq!(stage.asks().len(), 1);
            assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Turn(item("u2"))));
            assert_eq!(stage.call.agent_is_protected(), !played, "the line is heard to its end");
            stage.plays("r1", "a1");
            assert!(!stage.call.agent_is_protected());
            stage.waits(Duration::from_secs(6));
            assert_eq!(stage.count(&Command::HangUp), 0);
        }
    }
}

#[test]
fn end_6_a_mere_goodbye_or_thanks_or_a_cough_takes_nothing_back() {
    for text in ["ביי ביי", "תודה רבה, גם לך", "לא צריך, ביי", ""] {
        let mut stage = closing_in(Decider::Model);
        says(&mut stage, "u2", text);
        stage.plays("r1", "a1");
        stage.waits(DELAY - A_MOMENT);
        assert_eq!(stage.count(&Command::HangUp), 0);
        stage.waits(A_MOMENT);
        assert_eq!(stage.count(&Command::HangUp), 1, "{text}");
        assert_eq!(stage.asks(), []);
    }
}

#[test]
fn end_6_the_words_are_waited_for_and_a_turn_without_them_is_answered() {
    let mut stage = closing_in(Decider::Model);
    stage.plays("r1", "a1");
    stage.does(Event::SpeechStarted);
    stage.waits(Duration::from_millis(1200));
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage.waits(Duration::from_millis(1499));
    assert_eq!(stage.count(&Command::HangUp), 0);
    assert_eq!(stage.asks(), []);
    stage.waits(A_MOMENT);
    assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Turn(item("u2"))));
    assert_eq!(stage.call.phase(), &Phase::Open);

    let mut stage = closing_in(Decider::Model);
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage.does(Event::TurnTranscribed { item: item("u2"), text: None });
    assert_eq!(stage.call.phase(), &Phase::Open, "they can't be had");
}

#[test]
fn end_6_a_caller_who_speaks_holds_the_hang_up_for_three_seconds_at_most() {
    for decider in [Decider::Model, Decider::Phrases] {
        let mut stage = closing_in(decider);
        stage.plays("r1", "a1");
        stage.waits(Duration::from_millis(500));
        stage.does(Event::SpeechStarted);
        stage.waits(Duration::from_millis(3499));
        assert_eq!(stage.count(&Command::HangUp), 0);
        stage.waits(A_MOMENT);
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

#[test]
fn end_6_in_phrases_the_hang_up_waits_for_the_turn_and_is_never_taken_back() {
    let mut stage = closing_in(Decider::Phrases);
    stage.does(Event::SpeechStarted);
    stage.plays("r1", "a1");
    stage.waits(Duration::from_millis(2500));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage.words("u2", "רגע, עוד שאלה אחת");
    stage.waits(A_MOMENT);
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.asks(), []);
}

#[test]
fn end_6_an_ending_that_would_come_again_at_once_is_not_taken_back() {
    let mut stage = Stage::open_with(|settings| {
        settings.ending.max_duration = Duration::from_secs(30);
        settings.silence.timeout = Duration::from_secs(60);
    });
    stage.waits(Duration::from_secs(30));
    stage.last_line_is_heard("closing");
    says(&mut stage, "u2", "רגע, עוד שאלה אחת");
    stage.waits(DELAY);
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn end_2_a_model_that_ends_in_the_middle_of_the_callers_sentence_waits_for_the_rest_of_it() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::SpeechStarted);
    stage.ends("r1", vec![ask], control(GOODBYE));
    stage.plays("r1", "a1");
    stage.waits(Duration::from_secs(2));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage.words("u2", "ותגידו להם לצלצל פעמיים");
    assert_eq!(stage.call.phase(), &Phase::Open);
    assert_eq!(stage.asks().last().unwrap().want, Want::Answer(Reply::Turn(item("u2"))));
}

#[test]
fn end_2_a_model_that_ends_while_a_turn_waits_is_refused_or_its_ending_waits_for_the_words() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.turn("u2");
    stage.words("u2", "ומה המחיר");
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.reason(), None);

    for (words, goes_on) in [("ומה המחיר", true), ("ביי", false)] {
        let mut stage = Stage::open();
        let ask = stage.turn("u1");
        stage.begins("r1", "a1", vec![ask]);
        stage.turn("u2");
        stage.ends("r1", vec![ask], control(GOODBYE));
        assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
        stage.plays("r1", "a1");
        stage.words("u2", words);
        assert_eq!(stage.reason().is_none(), goes_on);
        stage.waits(DELAY);
        assert_eq!(stage.count(&Command::HangUp), usize::from(!goes_on));
    }
}

#[test]
fn end_6_a_line_that_never_comes_is_not_waited_for_but_the_caller_who_speaks_is() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    stage.waits(Duration::from_millis(4500));
    stage.does(Event::SpeechStarted);
    stage.waits(Duration::from_millis(3499));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(A_MOMENT);
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn end_6_an_ending_that_was_taken_back_can_come_again_and_ends_once() {
    let mut stage = closing_in(Decider::Model);
    says(&mut stage, "u2", "רגע, עוד שאלה אחת");
    stage.plays("r1", "a1");
    let ask = stage.asks()[0].number;
    stage.begins("r2", "a2", vec![ask]);
    stage.ends("r2", vec![ask], control(GOODBYE));
    stage.plays("r2", "a2");
    stage.waits(DELAY);
    assert_eq!(stage.count(&Command::HangUp), 1);
}

fn presses(stage: &mut Stage, keys: &str) {
    for digit in keys.chars() {
        stage.does(Event::DigitPressed { digit });
    }
}

#[test]
fn end_6_keys_are_a_turn_that_takes_the_ending_back_and_is_answered() {
    for decider in [Decider::Model, Decider::Both] {
        for played in [false, true] {
            for (keys, wait) in [("52#", Duration::ZERO), ("5", Duration::from_millis(1500))] {
                let mut stage = closing_in(decider);
                if played {
                    stage.plays("r1", "a1");
                    stage.waits(DELAY - A_MOMENT);
                }
                presses(&mut stage, keys);
                stage.waits(wait);
                assert_eq!(stage.call.phase(), &Phase::Open, "{decider:?} {keys}");
                assert_eq!(stage.asks().len(), 1);
                assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Digits));
                assert_eq!(
                    stage.call.agent_is_protected(),
                    !played,
                    "the line is heard to its end"
                );
                assert_eq!(stage.count(&Command::HangUp), 0);
            }
        }
    }
}

#[test]
fn end_6_in_phrases_the_hang_up_waits_for_the_keys_and_comes() {
    let mut stage = closing_in(Decider::Phrases);
    stage.plays("r1", "a1");
    stage.waits(DELAY - A_MOMENT);
    presses(&mut stage, "5");
    stage.waits(Duration::from_millis(1499));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(A_MOMENT);
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.asks(), []);
}

#[test]
fn end_6_who_presses_and_presses_holds_the_hang_up_for_three_seconds_at_most() {
    let mut stage = closing_in(Decider::Model);
    stage.plays("r1", "a1");
    for _ in 0..4 {
        presses(&mut stage, "5");
        stage.waits(Duration::from_millis(999));
        assert_eq!(stage.count(&Command::HangUp), 0);
    }
    stage.waits(Duration::from_millis(4));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn end_6_what_was_said_before_the_keys_are_gathered_does_not_let_the_hang_up_go() {
    let mut stage = closing_in(Decider::Model);
    stage.plays("r1", "a1");
    presses(&mut stage, "5");
    says(&mut stage, "u2", "ביי");
    stage.waits(Duration::from_millis(1499));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(A_MOMENT);
    assert_eq!(stage.call.phase(), &Phase::Open);
    assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Digits));
}

#[test]
fn end_2_the_model_may_not_end_the_call_over_keys_that_nobody_has_answered() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    presses(&mut stage, "5#");
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.call.phase(), &Phase::Open);

    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    presses(&mut stage, "5");
    stage.ends("r1", vec![ask], control(GOODBYE));
    stage.waits(Duration::from_millis(1500));
    assert_eq!(stage.call.phase(), &Phase::Open, "they were being pressed when it ended");
}
