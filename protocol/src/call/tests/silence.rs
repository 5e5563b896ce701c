//! A silent caller (END-7).

use super::*;
use crate::business::lines::HEBREW;
use crate::response_gate::Wording;

const SILENCE: Duration = Duration::from_secs(7);
const JUST_BEFORE: Duration = Duration::from_millis(6999);
const A_MOMENT: Duration = Duration::from_millis(1);

#[test]
fn end_7_a_silent_caller_is_asked_twice_and_then_let_go_with_the_no_response_line() {
    let mut stage = Stage::open();
    for (number, check) in HEBREW.silence_checks.iter().enumerate() {
        stage.waits(JUST_BEFORE);
        assert_eq!(stage.lines().len(), number);
        stage.waits(A_MOMENT);
        assert_eq!(stage.lines()[number], (ScriptedLine::SilenceCheck, (*check).to_owned()));
        stage.waits(Duration::from_secs(2));
        stage.last_line_is_heard(&number.to_string());
    }
    stage.waits(JUST_BEFORE);
    assert_eq!(stage.reason(), None);
    stage.waits(A_MOMENT);
    assert_eq!(stage.lines()[2], (ScriptedLine::Closing, HEBREW.no_response.to_owned()));
    stage.last_line_is_heard("goodbye");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(
        stage.call.ending(),
        Some(Ending { reason: EndReason::NoResponse, by: EndedBy::Daemon })
    );
}

#[test]
fn end_7_without_warnings_the_first_silence_ends_the_call_and_one_text_serves_every_warning() {
    let mut stage = Stage::open_with(|settings| settings.silence.warnings = 0);
    stage.waits(SILENCE);
    assert_eq!(stage.reason(), Some(EndReason::NoResponse));

    let mut stage = Stage::open_with(|settings| {
        settings.silence.warnings = 3;
        settings.silence.texts = Some(vec!["הלו?".into(), "עוד שם?".into()]);
    });
    for number in 0..3 {
        stage.waits(SILENCE);
        stage.last_line_is_heard(&number.to_string());
    }
    let texts: Vec<String> = stage.lines().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["הלו?", "עוד שם?", "עוד שם?"]);
}

#[test]
fn end_7_the_clock_counts_from_the_streams_opening_if_nobody_spoke() {
    let mut stage = Stage::new(|settings| settings.greeting.bot_speaks_first = false);
    stage.does(Event::SessionConfigured { session: 1 });
    stage.waits(Duration::from_secs(9));
    assert!(stage.asks().is_empty(), "there is no stream yet");
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.waits(JUST_BEFORE);
    assert!(stage.asks().is_empty());
    stage.waits(A_MOMENT);
    assert_eq!(stage.lines().len(), 1);
}

#[test]
fn end_7_the_clock_stands_while_the_agent_speaks_an_answer_is_awaited_or_a_tool_runs() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.waits(SILENCE);
    assert_eq!(stage.lines(), [], "an answer is awaited");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    let call = ToolCallId::parse("call_9").unwrap();
    let update = FunctionCall {
        call: call.clone(),
        name: "update_lead_details".to_owned(),
        arguments: "{}".to_owned(),
    };
    stage.ends("r1", vec![ask], vec![update]);
    stage.waits(Duration::from_secs(9));
    assert_eq!(stage.lines(), [], "a tool runs");
    let outcome = ToolOutcome::new("{}".to_owned(), true);
    stage.does(Event::ToolFinished { call, outcome });
    let ask = stage.asks().last().unwrap().number;
    stage.speaks("r2", "a2", vec![ask]);
    stage.waits(SILENCE);
    assert_eq!(stage.lines(), [], "the agent speaks");
    stage.plays("r2", "a2");
    stage.waits(JUST_BEFORE);
    assert_eq!(stage.lines(), []);
    stage.waits(A_MOMENT);
    assert_eq!(stage.lines().len(), 1);
}

#[test]
fn end_7_the_clock_stands_while_the_caller_speaks_without_a_word() {
    let mut stage = Stage::open();
    stage.waits(Duration::from_secs(4));
    stage.does(Event::SpeechStarted);
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.lines(), []);
    stage.does(Event::SpeechStopped);
    stage.waits(Duration::from_millis(2999));
    assert_eq!(stage.lines(), []);
    stage.waits(A_MOMENT);
    assert_eq!(stage.lines().len(), 1, "four seconds before, and three after");
}

/// After one check the caller has a turn, which is answered. Returns the text of the next check.
fn check_after(transcript: impl FnOnce(&mut Stage)) -> String {
    let mut stage = Stage::open();
    stage.waits(SILENCE);
    stage.last_line_is_heard("check");
    let ask = stage.turn("u1");
    stage.speaks("r1", "a1", vec![ask]);
    stage.plays("r1", "a1");
    transcript(&mut stage);
    stage.waits(SILENCE);
    assert_eq!(stage.reason(), None);
    stage.lines().last().unwrap().1.clone()
}

#[test]
fn end_7_a_turn_with_words_begins_anew_and_a_cough_does_not() {
    let [first, second] = HEBREW.silence_checks;
    let unread = |text: Option<&str>| Event::TurnTranscribed {
        item: item("u1"),
        text: text.map(str::to_owned),
    };
    assert_eq!(check_after(|stage| stage.does(unread(Some("כן, אני כאן")))), first);
    assert_eq!(check_after(|stage| stage.does(unread(Some(" ")))), second);
    assert_eq!(check_after(|stage| stage.does(unread(None))), first, "it may have had words");
    assert_eq!(check_after(|_| {}), first, "so may one whose words never come");
}

#[test]
fn end_7_words_that_come_after_the_next_check_change_nothing_any_more() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.speaks("r1", "a1", vec![ask]);
    stage.plays("r1", "a1");
    stage.waits(SILENCE);
    stage.words("u1", "כן");
    stage.last_line_is_heard("one");
    stage.waits(SILENCE);
    assert_eq!(stage.lines()[1].1, HEBREW.silence_checks[1]);
}

#[test]
fn end_7_a_mark_that_never_comes_does_not_stop_the_clock_for_ever() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.speaks("r1", "a1", vec![ask]);
    let plays_until = stage.now.at + Duration::from_secs(2);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.waits(Duration::from_millis(11_999));
    assert_eq!(stage.lines(), []);
    stage.waits(A_MOMENT);
    assert_eq!(stage.lines().len(), 1, "two seconds of speech, three for the mark, seven more");
}

#[test]
fn end_2_a_model_that_says_goodbye_and_forgets_the_tool_is_ended_by_the_silence() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.words("u1", "תודה, ביי");
    stage.speaks("r1", "a1", vec![ask]);
    stage.plays("r1", "a1");
    for number in 0..3 {
        stage.waits(SILENCE);
        stage.last_line_is_heard(&number.to_string());
    }
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.reason(), Some(EndReason::NoResponse));
}

#[test]
fn end_2_no_response_is_refused_before_a_silence_and_accepted_after_one() {
    let no_response = r#"{"should_end_call":true,"end_reason":"no_response"}"#;
    for silent in [false, true] {
        let mut stage = Stage::open();
        if silent {
            stage.waits(SILENCE);
            stage.last_line_is_heard("check");
        }
        let ask = stage.turn("cough");
        stage.words("cough", "");
        stage.begins("r1", "a1", vec![ask]);
        stage.ends("r1", vec![ask], control(no_response));
        assert_eq!(stage.reason(), silent.then_some(EndReason::NoResponse));
        let follow_up = stage.asks().last().unwrap().want == Want::Answer(Reply::ToolOutput);
        assert_eq!(follow_up, !silent, "a refusal gets one follow-up");
    }
}

#[test]
fn end_5_the_check_is_spoken_by_its_meaning_to_a_caller_who_has_switched_language() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.words("u1", "Hello, do you speak English?");
    stage.speaks("r1", "a1", vec![ask]);
    stage.plays("r1", "a1");
    stage.waits(SILENCE);
    let ask = stage.asks().pop().unwrap();
    let Want::Line { wording, text, .. } = ask.want else { panic!() };
    assert_eq!(wording, Wording::InLanguage("English".to_owned()));
    assert_eq!(text, HEBREW.silence_checks[0]);
}

#[test]
fn end_9_a_call_that_has_lasted_as_long_as_it_may_ends_with_a_spoken_closing() {
    let mut stage = Stage::open_with(|settings| {
        settings.silence.timeout = Duration::from_secs(3600);
    });
    stage.waits(Duration::from_secs(15 * 60));
    assert_eq!(stage.lines(), [(ScriptedLine::Closing, HEBREW.closing.to_owned())]);
    assert_eq!(stage.reason(), Some(EndReason::MaxDuration));
    stage.last_line_is_heard("closing");
    stage.waits(Duration::from_millis(999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(A_MOMENT);
    assert_eq!(stage.count(&Command::HangUp), 1);
}
