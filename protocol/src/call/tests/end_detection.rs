//! Endings by the caller's words, and by the last missing field (END-3, END-4).

use super::*;
use crate::business::lines::HEBREW;
use crate::business::{Decider, LeadStatus};

const WAIT: Duration = Duration::from_millis(400);

fn phrases(decider: Decider, wait: Duration) -> Stage {
    Stage::open_with(|settings| {
        settings.ending.decider = decider;
        settings.ending.phrase_wait = wait;
        settings.ending.required_lead_fields = vec!["city".into(), "full_name".into()];
    })
}

/// A reply to the turn has come and was not heard yet.
fn replied(stage: &mut Stage, ask: AskNumber, text: &str) {
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: text.to_owned() });
    stage.ends("r1", vec![ask], Vec::new());
}

fn closing(stage: &Stage) -> bool {
    matches!(stage.call.phase(), Phase::Closing { .. } | Phase::Pausing { .. })
}

#[test]
fn end_3_a_goodbye_whose_words_come_in_time_gets_the_closing_line_in_place_of_a_reply() {
    for decider in [Decider::Phrases, Decider::Both] {
        let mut stage = phrases(decider, WAIT);
        stage.does(Event::TurnCommitted { item: item("u1") });
        stage.waits(WAIT - Duration::from_millis(1));
        assert_eq!(stage.asks(), [], "the answer waits for the words");
        stage.words("u1", "לא צריך, ביי");
        assert_eq!(stage.lines(), [(ScriptedLine::Closing, HEBREW.closing.to_owned())]);
        assert_eq!(stage.asks().len(), 1);
        stage.last_line_is_heard("closing");
        stage.waits(Duration::from_secs(1));
        assert_eq!(stage.count(&Command::HangUp), 1);
        let ending = Ending { reason: EndReason::UserGoodbye, by: EndedBy::Daemon };
        assert_eq!(stage.call.ending(), Some(ending));
    }
}

#[test]
fn end_3_words_that_say_no_goodbye_or_come_too_late_let_the_answer_go() {
    let mut stage = phrases(Decider::Phrases, WAIT);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.words("u1", "בייבי");
    assert_eq!(stage.asks()[0].want, Want::Answer(Reply::Turn(item("u1"))));
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage.waits(WAIT);
    assert_eq!(stage.asks()[1].want, Want::Answer(Reply::Turn(item("u2"))));
    stage.does(Event::TurnCommitted { item: item("u3") });
    stage.does(Event::TurnTranscribed { item: item("u3"), text: None });
    assert_eq!(stage.asks()[2].want, Want::Answer(Reply::Turn(item("u3"))));
}

#[test]
fn end_3_words_that_come_too_late_let_the_reply_be_played_out_and_the_line_follow() {
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.words("u1", "תודה, ביי");
    assert_eq!(stage.reason(), None, "how the reply ends is not known yet");
    let text = "באיזו עיר?".to_owned();
    stage.does(Event::AgentTextDone { item: item("a1"), text });
    stage.ends("r1", vec![ask], Vec::new());
    assert_eq!(stage.lines(), [(ScriptedLine::Closing, HEBREW.closing.to_owned())]);
    stage.plays("r1", "a1");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 0, "the line was not heard yet");
    stage.last_line_is_heard("closing");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn end_3_a_reply_that_ended_in_a_goodbye_itself_is_not_followed_by_another() {
    for (early, reply) in [(true, "תודה ולהתראות!"), (false, "אין בעיה, תודה שפנית אלינו.")]
    {
        let mut stage = phrases(Decider::Both, Duration::ZERO);
        let ask = stage.turn("u1");
        if early {
            stage.words("u1", "תודה, ביי");
            replied(&mut stage, ask, reply);
        } else {
            replied(&mut stage, ask, reply);
            stage.words("u1", "תודה, ביי");
        }
        assert!(closing(&stage));
        assert_eq!(stage.lines(), []);
        stage.plays("r1", "a1");
        stage.waits(Duration::from_secs(1));
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

/// The agent has said goodbye, and its tool call was refused: a follow-up was asked for just before the caller's
/// goodbye was known. Returns the follow-up's ask.
fn goodbye_with_a_follow_up(stage: &mut Stage) -> AskNumber {
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: "להתראות!".to_owned() });
    stage.ends("r1", vec![ask], control(GOODBYE));
    let follow_up = stage.asks()[1].number;
    stage.words("u1", "ביי");
    assert!(closing(stage));
    follow_up
}

#[test]
fn end_6_a_response_that_comes_after_the_last_line_is_not_cut_off_by_the_hang_up() {
    for speaks_in_the_pause in [false, true] {
        let mut stage = phrases(Decider::Phrases, Duration::ZERO);
        let follow_up = goodbye_with_a_follow_up(&mut stage);
        if speaks_in_the_pause {
            stage.plays("r1", "a1");
        }
        stage.begins("r2", "a2", vec![follow_up]);
        if !speaks_in_the_pause {
            stage.plays("r1", "a1");
        }
        stage.waits(Duration::from_secs(4));
        stage.ends("r2", vec![follow_up], Vec::new());
        let plays_until = stage.now.at + Duration::from_secs(6);
        stage.does(Event::ItemQueued { item: item("a2"), plays_until });
        stage.waits(Duration::from_secs(6));
        assert_eq!(stage.count(&Command::HangUp), 0, "the caller hears it");
        stage.plays("r2", "a2");
        stage.waits(Duration::from_millis(999));
        assert_eq!(stage.count(&Command::HangUp), 0, "the delay follows it");
        stage.waits(Duration::from_millis(1));
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

#[test]
fn end_6_the_mark_of_a_response_after_the_last_line_is_not_waited_for_any_longer() {
    for speaks_in_the_pause in [false, true] {
        let mut stage = phrases(Decider::Phrases, Duration::ZERO);
        let follow_up = goodbye_with_a_follow_up(&mut stage);
        if speaks_in_the_pause {
            stage.plays("r1", "a1");
        }
        stage.begins("r2", "a2", vec![follow_up]);
        stage.ends("r2", vec![follow_up], Vec::new());
        let plays_until = stage.now.at + Duration::from_secs(2);
        stage.does(Event::ItemQueued { item: item("a2"), plays_until });
        if !speaks_in_the_pause {
            let plays_until = stage.now.at;
            stage.does(Event::ItemQueued { item: item("a1"), plays_until });
            stage.plays("r1", "a1");
        }
        stage.waits(Duration::from_millis(4_999));
        assert_eq!(stage.count(&Command::HangUp), 0);
        stage.waits(Duration::from_millis(1));
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

#[test]
fn end_3_a_goodbye_after_which_the_caller_had_another_turn_ends_nothing() {
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    let ask = stage.turn("u1");
    replied(&mut stage, ask, "להתראות!");
    stage.plays("r1", "a1");
    stage.turn("u2");
    stage.words("u1", "ביי");
    assert_eq!(stage.reason(), None);
    stage.words("u2", "רגע, יש עוד משהו");
    assert_eq!(stage.reason(), None);
}

#[test]
fn end_3_a_goodbye_ends_nothing_in_model_or_where_the_business_does_not_want_it() {
    for (decider, auto) in [(Decider::Model, true), (Decider::Both, false)] {
        let mut stage = phrases(decider, WAIT);
        stage.call = Call::new(
            setup(|settings| {
                settings.ending.decider = decider;
                settings.ending.auto_end_on_goodbye = auto;
            }),
            stage.now,
        );
        stage.does(Event::SessionConfigured { session: 1 });
        stage.turn("u1");
        stage.words("u1", "ביי");
        stage.waits(Duration::from_secs(5));
        assert_eq!(stage.reason(), None);
    }
}

#[test]
fn end_4_a_lone_decline_gets_one_polite_line_and_the_call_stays_open() {
    let mut stage = phrases(Decider::Phrases, WAIT);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.words("u1", "לא צריך, תודה");
    assert_eq!(stage.lines(), [(ScriptedLine::Decline, HEBREW.decline.to_owned())]);
    assert_eq!(stage.asks().len(), 1);
    stage.last_line_is_heard("decline");
    stage.waits(Duration::from_secs(3));
    assert_eq!(stage.call.phase(), &Phase::Open);

    let mut stage = phrases(Decider::Both, WAIT);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.words("u1", "לא צריך");
    assert_eq!(
        stage.asks()[0].want,
        Want::Answer(Reply::Turn(item("u1"))),
        "the model's to answer"
    );
}

#[test]
fn end_4_a_decline_that_is_read_too_late_is_followed_by_the_line_unless_the_reply_was_polite() {
    for (reply, lines) in [("באיזו עיר?", 1), ("הכול טוב, תמיד אפשר לפנות אלינו.", 0)]
    {
        let mut stage = phrases(Decider::Phrases, Duration::ZERO);
        let ask = stage.turn("u1");
        replied(&mut stage, ask, reply);
        stage.words("u1", "לא מעוניין");
        assert_eq!(stage.lines().len(), lines, "{reply}");
        assert_eq!(stage.call.phase(), &Phase::Open);
    }
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.words("u1", "לא מעוניין");
    stage.turn("u2");
    stage.ends("r1", vec![ask], Vec::new());
    assert_eq!(stage.lines(), [], "the caller has gone on");
}

#[test]
fn end_3_in_phrases_the_models_own_end_is_refused_and_its_goodbye_is_the_closing() {
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: "להתראות!".to_owned() });
    stage.words("u1", "ביי");
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert!(closing(&stage));
    assert_eq!(stage.asks().len(), 1, "no follow-up to the refusal, and no line");

    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.reason(), None);
    assert_eq!(stage.asks()[1].want, Want::Answer(Reply::ToolOutput));
}

fn captured(fields: &[&str]) -> Event {
    let known = fields.iter().map(|field| ((*field).to_owned(), "x".to_owned())).collect();
    let captured = fields.iter().map(|field| (*field).to_owned()).collect();
    Event::LeadKnown { lead: LeadFacts { id: None, known, captured } }
}

#[test]
fn end_3_the_last_missing_field_ends_the_call_with_the_lead_complete_line() {
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    stage.does(captured(&["city"]));
    assert_eq!(stage.reason(), None);
    stage.does(captured(&["full_name"]));
    assert_eq!(stage.lines(), [(ScriptedLine::Closing, HEBREW.lead_complete.to_owned())]);
    assert_eq!(stage.count(&Command::SetLeadStatus(LeadStatus::Complete)), 1);
    assert_eq!(stage.reason(), Some(EndReason::LeadComplete));
}

#[test]
fn end_3_a_field_of_the_person_known_from_before_ends_nothing_and_one_of_the_job_is_asked_anew() {
    let known = |fields: &[&str]| {
        let known = fields.iter().map(|field| ((*field).to_owned(), "x".to_owned())).collect();
        Event::LeadKnown { lead: LeadFacts { known, ..LeadFacts::default() } }
    };
    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    stage.does(captured(&["city"]));
    stage.does(known(&["full_name", "city"]));
    assert_eq!(stage.reason(), None, "nothing was filled in by a tool call of this call");

    let mut stage = phrases(Decider::Phrases, Duration::ZERO);
    stage.does(known(&["full_name", "city"]));
    stage.does(captured(&["full_name"]));
    assert_eq!(stage.reason(), None, "the city of this job is not known");
    stage.does(captured(&["city"]));
    assert_eq!(stage.reason(), Some(EndReason::LeadComplete));

    for (required, decider, auto) in [
        (vec![], Decider::Phrases, true),
        (vec!["city".to_owned()], Decider::Model, true),
        (vec!["city".to_owned()], Decider::Phrases, false),
    ] {
        let mut stage = Stage::open_with(|settings| {
            settings.ending.decider = decider;
            settings.ending.auto_end_after_lead_capture = auto;
            settings.ending.required_lead_fields = required;
        });
        stage.does(captured(&["city"]));
        assert_eq!(stage.reason(), None);
    }
}

#[test]
fn end_2_an_end_asked_for_along_with_the_last_field_is_judged_when_the_field_is_written_down() {
    for (decider, comes) in [(Decider::Model, true), (Decider::Both, true), (Decider::Model, false)]
    {
        let mut stage = Stage::open_with(|settings| {
            settings.ending.decider = decider;
            settings.ending.required_lead_fields = vec!["city".into()];
        });
        let ask = stage.turn("u1");
        stage.begins("r1", "a1", vec![ask]);
        let complete = r#"{"should_end_call":true,"end_reason":"lead_complete"}"#;
        let mut calls = control(complete);
        let call = ToolCallId::parse("call_2").unwrap();
        let (name, arguments) = ("update_lead_details".to_owned(), "{}".to_owned());
        calls.push(FunctionCall { call: call.clone(), name, arguments });
        stage.ends("r1", vec![ask], calls);
        assert_eq!(stage.reason(), None, "it is being written down");
        if comes {
            stage.does(captured(&["city"]));
        }
        let outcome = ToolOutcome::new("{}".to_owned(), true);
        stage.does(Event::ToolFinished { call, outcome });
        assert_eq!(stage.lines(), [], "the model's words are the closing");
        assert_eq!(stage.reason(), comes.then_some(EndReason::LeadComplete));
        let follow_up = stage.asks().last().unwrap().want == Want::Answer(Reply::ToolOutput);
        assert_eq!(follow_up, !comes);
    }
}

#[test]
fn end_2_broken_json_ends_nothing_and_the_tool_called_twice_ends_once() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(r#"{"should_end_call":tr"#));
    assert_eq!(stage.reason(), None);
    let ask = stage.asks()[1].clone();
    assert_eq!(ask.want, Want::Answer(Reply::ToolOutput));

    stage.begins("r2", "a2", vec![ask.number]);
    let mut twice = control(GOODBYE);
    twice.extend(control(r#"{"should_end_call":true,"end_reason":"customer_declined"}"#));
    twice[1].call = ToolCallId::parse("call_2").unwrap();
    stage.ends("r2", vec![ask.number], twice);
    stage.plays("r1", "a1");
    stage.plays("r2", "a2");
    stage.waits(Duration::from_secs(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
    assert_eq!(stage.asks().len(), 2, "nobody is answered twice");
}
