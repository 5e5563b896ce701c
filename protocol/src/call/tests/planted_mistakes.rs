//! What each planted mistake does, and that nothing of it happens when it is not planted.

use mistakes::{Mistake, plant};

use super::*;

fn loses_its_session(stage: &mut Stage) {
    stage.loses_session(SessionFault::Passing);
}

/// The hang-ups up to the moment when the mark behind the closing line returns.
fn hang_ups_before_the_mark(session_is_lost: bool) -> usize {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(GOODBYE));
    if session_is_lost {
        loses_its_session(&mut stage);
    }
    stage.waits(Duration::from_secs(1));
    stage.count(&Command::HangUp)
}

#[test]
fn clipped_closing_hangs_up_before_the_mark_when_the_session_is_lost() {
    assert_eq!(hang_ups_before_the_mark(true), 0);
    let _planted = plant(Mistake::ClippedClosing);
    assert_eq!(hang_ups_before_the_mark(true), 1);
    assert_eq!(hang_ups_before_the_mark(false), 0);
}

/// The agent's words that were last recorded. The caller heard 800 of 2000 ms of them, and interrupted before or
/// after their transcript was whole.
fn recorded_after_an_interruption(is_whole: bool) -> Option<String> {
    let mut stage = Stage::open();
    let words = "one two three four five".to_owned();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentText { item: item("a1"), delta: words.clone() });
    if is_whole {
        stage.does(Event::AgentTextDone { item: item("a1"), text: words });
    }
    let cut = CutItem { response: resp("r1"), item: item("a1"), heard_ms: 800, came_ms: 2_000 };
    let took = Duration::from_micros(300);
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took, items: vec![cut] }));
    let recorded = stage.sent.iter().rev().find_map(|command| {
        let Command::Record(Record::Turn(entry)) = command else { return None };
        Some(entry.text())
    });
    recorded.flatten()
}

#[test]
fn unheard_words_keeps_the_words_of_a_turn_that_was_recorded_before_the_interruption() {
    assert_eq!(recorded_after_an_interruption(true).as_deref(), Some("one two"));
    let _planted = plant(Mistake::UnheardWords);
    assert_eq!(recorded_after_an_interruption(true).as_deref(), Some("one two three four five"));
    assert_eq!(recorded_after_an_interruption(false).as_deref(), Some("one two"));
}

/// How often the greeting is asked for, if its session is lost while it is spoken, or when all of it has come.
fn greetings(all_has_come: bool) -> usize {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    stage.begins("r0", "a0", vec![AskNumber(1)]);
    if all_has_come {
        stage.ends("r0", vec![AskNumber(1)], Vec::new());
    }
    loses_its_session(&mut stage);
    stage.does(Event::SessionConfigured { session: 2 });
    stage.lines().iter().filter(|(line, _)| *line == ScriptedLine::Greeting).count()
}

#[test]
fn second_greeting_is_asked_for_when_the_session_is_lost_in_the_middle_of_the_first() {
    assert_eq!(greetings(false), 1);
    let _planted = plant(Mistake::SecondGreeting);
    assert_eq!(greetings(false), 2);
    assert_eq!(greetings(true), 1);
}

/// The silence checks of a caller who says nothing for a minute, and coughs after `cough` if it is given.
fn silence_checks(cough: Option<Duration>) -> usize {
    let mut stage = Stage::open();
    if let Some(after) = cough {
        stage.waits(after);
        stage.does(Event::SpeechStarted);
        stage.does(Event::SpeechStopped);
    }
    stage.waits(Duration::from_secs(60));
    stage.lines().len()
}

#[test]
fn unarmed_timer_waits_for_ever_after_a_noise_in_the_middle_of_the_silence() {
    let cough = Some(Duration::from_secs(3));
    assert_eq!(silence_checks(cough), 1, "it is not spoken here, so no other follows");
    let _planted = plant(Mistake::UnarmedTimer);
    assert_eq!(silence_checks(cough), 0);
    assert_eq!(silence_checks(None), 1);
}

/// Whether the session is kept when the stream is lost, and the daemon then sees that it is cut off or not.
fn keeps_its_session(is_cut_off: bool) -> bool {
    let mut stage = Stage::open();
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    if is_cut_off {
        stage.does(Event::CutOff);
    }
    stage.count(&Command::CloseSession) == 0
}

#[test]
fn kept_session_stays_when_the_daemon_is_cut_off() {
    assert!(keeps_its_session(false));
    assert!(!keeps_its_session(true));
    let _planted = plant(Mistake::KeptSession);
    assert!(keeps_its_session(true));
}
