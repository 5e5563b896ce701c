//! How a call ends: with a last line, at once, or without a session.

use super::*;
use crate::business::Decider;

#[test]
fn end_2_words_spoken_with_an_accepted_call_control_are_the_closing() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.asks().len(), 1, "no closing line is asked for");
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.plays("r1", "a1");
    stage.waits(Duration::from_millis(999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
}

#[test]
fn end_2_a_silent_call_control_gets_the_closing_line_and_a_refused_one_a_follow_up() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], control(r#"{"should_end_call":true,"end_reason":"machine"}"#));
    let asks = stage.asks();
    assert_eq!(asks[1].want, Want::Answer(Reply::ToolOutput));
    stage.does(Event::ResponseStarted { response: resp("r2"), asks: vec![asks[1].number] });
    stage.ends("r2", vec![asks[1].number], control(GOODBYE));
    let Want::Line { line, text, .. } = &stage.asks()[2].want else { panic!() };
    assert_eq!(*line, ScriptedLine::Closing);
    assert!(text.contains("להתראות"));
}

#[test]
fn end_2_going_on_in_a_response_that_spoke_is_not_followed_by_another() {
    for (spoke, follow_ups) in [(true, 0), (false, 1)] {
        let mut stage = Stage::open();
        stage.does(Event::TurnCommitted { item: item("u1") });
        let ask = stage.asks()[0].number;
        stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
        if spoke {
            stage.does(Event::AgentBegan { response: resp("r1"), item: item("a1") });
        }
        stage.ends("r1", vec![ask], control(r#"{"should_end_call":false}"#));
        assert_eq!(stage.asks().len() - 1, follow_ups);
    }
}

#[test]
fn lead_1_a_lead_that_becomes_known_after_the_end_still_belongs_in_the_record() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(1) });
    let id = LeadId(Uuid::nil());
    stage.does(Event::LeadKnown { lead: LeadFacts { id: Some(id), ..LeadFacts::default() } });
    assert_eq!(stage.count(&Command::Record(Record::Lead(id))), 1);
}

#[test]
fn end_6_without_the_mark_or_without_the_line_the_call_is_ended_all_the_same() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    let plays_until = stage.now.at + Duration::from_secs(4);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.waits(Duration::from_millis(6999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);

    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    stage.waits(Duration::from_millis(4999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

/// OpenAI speaks one response at a time.
#[test]
fn end_6_the_last_line_is_waited_for_longer_while_an_answer_before_it_is_spoken() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::ShutdownOrdered);
    stage.waits(Duration::from_secs(8));
    assert_eq!(stage.count(&Command::HangUp), 0, "the answer comes");
    stage.ends("r1", vec![ask], Vec::new());
    let plays_until = stage.now.at + Duration::from_secs(6);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.waits(Duration::from_secs(6));
    assert_eq!(stage.count(&Command::HangUp), 0, "the caller hears it");
    stage.plays("r1", "a1");
    stage.last_line_is_heard("closing");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);

    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::ShutdownOrdered);
    let longest = stage.call.setup.settings.ending.max_duration;
    stage.waits(longest);
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_secs(65));
    assert_eq!(stage.count(&Command::HangUp), 1, "it never ends");
}

#[test]
fn end_6_the_lines_end_counts_also_if_it_is_known_before_the_line() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    let ask = stage.asks()[0].number;
    let plays_until = stage.now.at + Duration::from_secs(4);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.begins("r1", "a1", vec![ask]);
    stage.waits(Duration::from_millis(6999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn end_6_a_line_in_two_parts_is_not_over_when_the_first_part_is() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    let plays_until = stage.now.at + Duration::from_secs(1);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.does(Event::AgentItem { response: resp("r1"), item: item("a2") });
    stage.does(Event::AgentBegan { response: resp("r1"), item: item("a2") });
    stage.plays("r1", "a1");
    stage.waits(Duration::from_secs(6));
    assert_eq!(stage.count(&Command::HangUp), 0, "the second part still comes");
    let plays_until = stage.now.at + Duration::from_secs(2);
    stage.does(Event::ItemQueued { item: item("a2"), plays_until });
    stage.waits(Duration::from_millis(4999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn call_5_a_terminal_status_a_stop_and_an_operator_each_end_the_call_at_once() {
    let stream = StreamSid::parse(STREAM).unwrap();
    let status = Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(7) };
    let stop = Event::StreamClosed { stream, how: StreamEnd::Stopped };
    for (event, reason) in [
        (status, EndReason::CallerHungUp),
        (stop, EndReason::CallerHungUp),
        (Event::OperatorHungUp, EndReason::Operator),
    ] {
        let mut stage = Stage::open();
        stage.does(event);
        assert_eq!(stage.reason(), Some(reason));
        assert_eq!(stage.sent.last(), Some(&Command::Finish));
        assert_eq!(stage.call.poll_timeout(), None);
    }
}

#[test]
fn call_5_a_lost_stream_has_15_seconds_to_come_back_and_so_has_the_first_to_open() {
    let mut stage = Stage::open();
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    stage.waits(Duration::from_secs(14));
    let second = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream: second.clone() });
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.reason(), None);
    stage.does(Event::StreamClosed { stream: second, how: StreamEnd::Lost });
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::StreamLost));

    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::NotConnected));
}

#[test]
fn con_5_a_test_call_whose_page_has_gone_is_over_at_once() {
    let mut stage = Stage::open();
    stage.call.setup = Arc::new(CallSetup { is_test: true, ..setup(|_| {}) });
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    assert_eq!(stage.reason(), Some(EndReason::CallerHungUp));
    assert_eq!(stage.sent.last(), Some(&Command::Finish));
}

#[test]
fn res_9_a_call_of_a_node_that_is_cut_off_keeps_its_session_while_its_stream_lives_and_no_longer() {
    let mut stage = Stage::open();
    let opened = stage.count(&Command::OpenSession);
    stage.does(Event::CutOff);
    assert_eq!(stage.count(&Command::CloseSession), 0, "its stream lives");
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    assert_eq!(stage.count(&Command::CloseSession), 0, "the database can be reached");
    stage.does(Event::CutOff);
    stage.does(Event::CutOff);
    assert_eq!(stage.count(&Command::CloseSession), 1);
    let second = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream: second });
    assert_eq!(stage.count(&Command::OpenSession), opened + 1, "it goes on here");
    assert_eq!(stage.reason(), None);
}

#[test]
fn call_9_the_end_of_a_stream_that_was_replaced_changes_nothing() {
    let mut stage = Stage::open();
    let second = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream: second });
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.reason(), None);
}

#[test]
fn res_3_a_session_that_cannot_be_had_ends_in_an_apology_by_twiml() {
    let mut stage = Stage::open_without_a_person();
    stage.loses_session(SessionFault::Passing);
    stage.waits(Duration::from_millis(9999));
    assert_eq!(stage.count(&Command::Apologise), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::Apologise), 1);
    assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed));

    let mut stage = Stage::open_without_a_person();
    stage.loses_session(SessionFault::Lasting(FatalCause::Quota));
    assert_eq!(stage.count(&Command::Apologise), 1, "no other try would help");
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.count(&Command::Finish), 0, "our own redirect stopped the stream");
    stage.does(Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(20) });
    assert_eq!(stage.count(&Command::Finish), 1);
}

#[test]
fn pipe_8_a_tool_that_takes_too_long_is_answered_for_and_its_late_answer_changes_nothing() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    let call = ToolCallId::parse("call_9").unwrap();
    let name = "update_lead_details".to_owned();
    let arguments = "{}".to_owned();
    stage.ends("r1", vec![ask], vec![FunctionCall { call: call.clone(), name, arguments }]);
    assert_eq!(stage.asks().len(), 1);
    stage.waits(Duration::from_secs(10));
    assert_eq!(stage.asks().len(), 2);
    let outcome = ToolOutcome::new("{}".to_owned(), true);
    stage.does(Event::ToolFinished { call, outcome });
    assert_eq!(stage.asks().len(), 2);
}

#[test]
fn ops_3_what_was_transcribed_is_counted_to_the_last_turn_even_after_the_end() {
    let billed = |ms| Event::TurnBilled { length: Duration::from_millis(ms) };
    let mut stage = Stage::open();
    stage.does(billed(1_200));
    stage.does(Event::OperatorHungUp);
    assert!(matches!(stage.call.phase(), Phase::Over { .. }));
    stage.does(billed(800));
    assert_eq!(stage.call.transcribed(), Duration::from_secs(2));
}

fn makes(stage: &mut Stage, response: &str, name: &str, arguments: &str) {
    stage.does(Event::CallMade {
        response: resp(response),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    });
}

#[test]
fn end_2_words_are_protected_from_when_their_response_asks_for_the_end_not_only_from_its_end() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    makes(&mut stage, "r1", "update_lead_details", "{}");
    makes(&mut stage, "r1", "call_control", r#"{"should_end_call":false}"#);
    assert!(!stage.call.agent_is_protected());
    makes(&mut stage, "r1", "call_control", GOODBYE);
    assert!(stage.call.agent_is_protected());
    let mut calls = control(GOODBYE);
    calls.insert(0, update_lead("call_2"));
    stage.ends("r1", vec![ask], calls);
    assert_eq!(stage.call.phase(), &Phase::Open, "the other tool may bring what is missing");
    assert!(stage.call.agent_is_protected());
    let outcome = ToolOutcome::new("{}".to_owned(), true);
    stage.does(Event::ToolFinished { call: ToolCallId::parse("call_2").unwrap(), outcome });
    assert!(matches!(stage.call.phase(), Phase::Closing { .. }));
    assert!(stage.call.agent_is_protected());
    stage.plays("r1", "a1");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

fn update_lead(call: &str) -> FunctionCall {
    let call = ToolCallId::parse(call).unwrap();
    FunctionCall { call, name: "update_lead_details".to_owned(), arguments: "{}".to_owned() }
}

#[test]
fn end_2_words_whose_end_is_refused_or_never_comes_are_protected_no_more() {
    const COMPLETE: &str = r#"{"should_end_call":true,"end_reason":"lead_complete"}"#;
    let asked = |decider| {
        let mut stage = Stage::open_with(|settings| {
            settings.ending.required_lead_fields = vec!["city".to_owned()];
            settings.ending.decider = decider;
        });
        let ask = stage.turn("u1");
        stage.begins("r1", "a1", vec![ask]);
        makes(&mut stage, "r1", "call_control", COMPLETE);
        assert_eq!(stage.call.agent_is_protected(), decider != Decider::Phrases);
        (stage, ask)
    };
    let (mut refused, ask) = asked(Decider::Model);
    refused.ends("r1", vec![ask], control(COMPLETE));
    let (mut cancelled, ask) = asked(Decider::Both);
    cancelled.does(Event::ResponseEnded {
        response: Some(resp("r1")),
        asks: vec![ask],
        outcome: Outcome::Cancelled,
        calls: Vec::new(),
        usage: Usage::default(),
    });
    let (mut lost, _) = asked(Decider::Model);
    lost.loses_session(SessionFault::Passing);
    let (not_asked, _) = asked(Decider::Phrases);
    for stage in [refused, cancelled, lost, not_asked] {
        assert_eq!(stage.call.phase(), &Phase::Open);
        assert!(!stage.call.agent_is_protected());
    }
}
