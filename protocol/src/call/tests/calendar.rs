//! The calendar's tools in a call (CAL-1).

use super::*;
use crate::business::TimeSpan;
use crate::calendar::CalendarTool;

fn lead() -> LeadId {
    LeadId(Uuid::from_u128(5))
}

/// An open call of a business with appointment hours.
fn stage(knows_lead: bool) -> Stage {
    let mut stage = Stage::new(|settings| {
        settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    });
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    stage.speaks("r0", "a0", vec![AskNumber(1)]);
    stage.plays("r0", "a0");
    if knows_lead {
        stage.does(Event::LeadKnown { lead: facts() });
    }
    stage.sent.clear();
    stage
}

fn facts() -> LeadFacts {
    LeadFacts { id: Some(lead()), ..LeadFacts::default() }
}

fn uses(tool: &str) -> Vec<FunctionCall> {
    let arguments = r#"{"slot_start":"2026-11-22T10:00"}"#.to_owned();
    let call = ToolCallId::parse("call_1").unwrap();
    vec![FunctionCall { call, name: tool.to_owned(), arguments }]
}

/// A response begins and calls the tool. It may speak before.
fn calls(stage: &mut Stage, tool: &str, speaks: bool) {
    if speaks {
        stage.begins("r1", "a1", Vec::new());
        stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 0 });
    } else {
        stage.does(Event::ResponseStarted { response: resp("r1"), asks: Vec::new() });
    }
    stage.ends("r1", Vec::new(), uses(tool));
}

fn finished(output: &str) -> Event {
    let outcome = ToolOutcome::new(output.to_owned(), true);
    Event::ToolFinished { call: ToolCallId::parse("call_1").unwrap(), outcome }
}

fn outputs(stage: &Stage) -> Vec<String> {
    (stage.call.conversation.entries())
        .filter_map(|entry| match &entry.body {
            Body::ToolOutput { output, .. } => Some(output.clone()),
            Body::Caller { .. }
            | Body::Digits(_)
            | Body::Agent { .. }
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. } => None,
        })
        .collect()
}

fn sent(stage: &Stage) -> Vec<(CalendarTool, Option<LeadId>)> {
    (stage.sent.iter())
        .filter_map(|command| {
            let Command::UseCalendar { tool, lead, .. } = command else { return None };
            Some((*tool, *lead))
        })
        .collect()
}

#[test]
fn cal_1_a_booking_waits_for_the_lead_it_is_for_and_a_search_does_not() {
    for tool in CalendarTool::ALL {
        let mut stage = stage(false);
        calls(&mut stage, tool.name(), false);
        let at_once = if tool == CalendarTool::Find { vec![(tool, None)] } else { Vec::new() };
        assert_eq!(sent(&stage), at_once);
        stage.does(Event::LeadKnown { lead: facts() });
        stage.does(Event::LeadKnown { lead: facts() });
        let in_the_end =
            if tool == CalendarTool::Find { at_once } else { vec![(tool, Some(lead()))] };
        assert_eq!(sent(&stage), in_the_end, "once, and for the call's lead");
    }
}

#[test]
fn cal_1_the_calendars_answer_is_spoken_of_also_when_the_agent_said_one_moment() {
    for speaks in [false, true] {
        let mut stage = stage(true);
        calls(&mut stage, "find_available_slots", speaks);
        assert!(stage.asks().is_empty());
        stage.does(finished("{}"));
        let asks = stage.asks();
        assert!(matches!(&asks[..], [Ask { want: Want::Answer(Reply::ToolOutput), .. }]));
    }
}

#[test]
fn cal_1_a_calendar_that_takes_ten_seconds_has_failed_once_and_what_it_says_late_is_not_told() {
    let mut stage = stage(true);
    calls(&mut stage, "create_appointment", false);
    stage.waits(Duration::from_millis(9_999));
    assert_eq!(outputs(&stage), Vec::<String>::new());
    stage.waits(Duration::from_millis(1));
    let told = outputs(&stage);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("took_too_long") && told[0].contains("אין לי אישור"), "{told:?}");
    assert_eq!(stage.asks().len(), 1);
    stage.does(finished("{\"ok\":true}"));
    assert_eq!(outputs(&stage), told);
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn cal_1_a_booking_whose_lead_never_came_is_not_made_after_the_caller_heard_that_it_failed() {
    let mut stage = stage(false);
    calls(&mut stage, "create_appointment", false);
    stage.waits(Duration::from_secs(10));
    assert!(outputs(&stage)[0].contains("calendar_failed"));
    stage.does(Event::LeadKnown { lead: facts() });
    assert_eq!(sent(&stage), []);
}

#[test]
fn cal_1_a_business_without_hours_has_no_calendar() {
    let mut stage = Stage::open();
    calls(&mut stage, "create_appointment", false);
    assert_eq!(sent(&stage), []);
    assert!(outputs(&stage)[0].contains("there is no tool named"));
}

/// The starts that the last use of the calendar was told of.
fn told_of(stage: &Stage) -> Vec<jiff::Timestamp> {
    let mut told = stage.sent.iter().rev().filter_map(|command| {
        let Command::UseCalendar { offered, .. } = command else { return None };
        Some(offered.to_vec())
    });
    told.next().expect("a use of the calendar")
}

#[test]
fn cal_7_the_calendar_is_told_which_starts_this_call_has_offered() {
    let mut stage = stage(true);
    let at = |minute: i64| jiff::Timestamp::from_second(1_800_000_000 + 60 * minute).unwrap();
    let call = |n: usize| ToolCallId::parse(&format!("call_{n}")).unwrap();
    let mut n = 0;
    let mut offers = |stage: &mut Stage, offered: Vec<jiff::Timestamp>| {
        n += 1;
        let response = format!("r{n}");
        stage.does(Event::ResponseStarted { response: resp(&response), asks: Vec::new() });
        let find = FunctionCall {
            call: call(n),
            name: "find_available_slots".to_owned(),
            arguments: "{}".to_owned(),
        };
        stage.ends(&response, Vec::new(), vec![find]);
        let told = told_of(stage);
        let outcome = ToolOutcome { offered, ..ToolOutcome::new("{}".to_owned(), true) };
        stage.does(Event::ToolFinished { call: call(n), outcome: outcome.clone() });
        // Of an answer that comes twice the second is not heard.
        let twice = ToolOutcome { offered: vec![at(9999)], ..outcome };
        stage.does(Event::ToolFinished { call: call(n), outcome: twice });
        told
    };
    assert_eq!(offers(&mut stage, vec![at(1), at(2)]), []);
    assert_eq!(offers(&mut stage, vec![at(2), at(3)]), [at(1), at(2)]);
    assert_eq!(offers(&mut stage, Vec::new()), [at(1), at(2), at(3)]);
    // A successor of a crashed CallActor goes on from the copy in the snapshot.
    stage.call = stage.call.clone();
    for minute in 4..100 {
        offers(&mut stage, vec![at(minute)]);
    }
    let remembered: Vec<_> = (36..100).map(at).collect();
    assert_eq!(offers(&mut stage, Vec::new()), remembered, "the newest 64");
}
