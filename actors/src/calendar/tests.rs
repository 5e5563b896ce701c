//! Crashes and bounds of the calendar. No request here reaches a database.

use std::sync::Arc;
use std::time::Duration;

use protocol::business::{BusinessSettings, TimeSpan};
use protocol::calendar::{CalendarTool, Writer};
use protocol::call::{Event, FunctionCall};
use protocol::ids::{PhoneNumber, Slug};
use serde_json::Value;
use supervision::ActorInfo;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::introspection::{ActorKind, Introspection};

fn tool_use(business: u128, date_iso: &str) -> ToolUse {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let mut settings = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
    settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    ToolUse {
        business: BusinessId(Uuid::from_u128(business)),
        settings: Arc::new(settings),
        call_sid: None,
        lead: None,
        newcomer: None,
        tool: CalendarTool::Find,
        writer: Writer::Program,
        call: FunctionCall {
            call: protocol::ids::ToolCallId::parse("call_1").unwrap(),
            name: CalendarTool::Find.name().to_owned(),
            arguments: serde_json::json!({ "date_iso": date_iso }).to_string(),
        },
        lease: None,
        test: None,
    }
}

fn error(answer: Option<Answer>) -> String {
    let output: Value = serde_json::from_str(&answer.expect("an answer").reply.output).unwrap();
    output["error"].as_str().unwrap().to_owned()
}

/// A calendar on a Sunday morning, without a database.
async fn start(inbox: &Inbox<CalendarRequest>) -> ActorRef<CalendarMsg> {
    let clock = Clock::starting_at("2026-11-22T06:00:00Z".parse().unwrap());
    let spec = ActorInfo {
        kind: ActorKind::Calendar,
        parent: None,
        scope: None,
        generation: supervision::Generation::default(),
        last_error: None,
        depth: Box::new(|| 0),
    };
    let registration = Introspection::on("http://node").register(spec, clock.now());
    let args = CalendarArgs {
        inbox: inbox.clone(),
        database: Database::default(),
        clock,
        chance: Chance::seeded(1),
        tasks: TaskGroup::new(),
        registration,
    };
    Actor::spawn(None, CalendarActor, args).await.unwrap().0
}

#[tokio::test]
async fn cal_4_a_request_whose_task_crashed_is_retried_and_then_answered_as_failed() {
    let inbox = Inbox::new(4);
    let reader = inbox.attach_with(|| {});
    let (reply, mut answer) = mpsc::channel(1);
    let request = CalendarRequest::from_channel(tool_use(1, "2026-11-22"), reply);
    let mut job = Job::new(request, inbox.clone());
    for _ in 1..supervision::inbox::MAX_ATTEMPTS {
        job.start_attempt();
        drop(job);
        let Delivery { number, event, .. } = reader.receive().expect("it is in the inbox again");
        job = Job::new(CalendarRequest::clone(&event), inbox.clone());
        reader.ack(number);
    }
    job.start_attempt();
    assert!(answer.try_recv().is_err(), "not answered yet");
    drop(job);
    assert_eq!(inbox.depth(), 0);
    assert_eq!(error(answer.recv().await), "calendar_failed");
}

#[tokio::test(start_paused = true)]
async fn cal_5_requests_that_waited_when_the_calendar_crashed_are_answered_by_its_successor() {
    let inbox = Inbox::new(INBOX_CAPACITY);
    let first = start(&inbox).await;
    // Without a database the first request's task panics, and the calendar fails. The second
    // request waits behind it, and needs no database.
    let asked = ["2026-11-29", "2026-11-21"].map(|date| {
        let inbox = inbox.clone();
        tokio::spawn(async move { use_tool(&inbox, tool_use(1, date)).await })
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill();
    first.wait(None).await.unwrap();
    let _second = start(&inbox).await;
    let [failed, past] = asked;
    assert_eq!(error(failed.await.unwrap()), "calendar_failed");
    assert_eq!(error(past.await.unwrap()), "in_the_past");
}

/// A call whose inbox is full, so that an answer waits, and the further requests of its business
/// too.
fn full_call() -> Inbox<Event> {
    let inbox = Inbox::new(1);
    inbox.try_send(Event::SpeechStarted).unwrap();
    inbox
}

/// Empties the call's inbox.
fn drain(call: &Inbox<Event>) {
    let reader = call.attach_with(|| {});
    while let Some(Delivery { number, .. }) = reader.receive() {
        reader.ack(number);
    }
}

/// Requests the slots of a past day. The answer needs no database.
fn request_past_day(inbox: &Inbox<CalendarRequest>, business: u128) -> mpsc::Receiver<Answer> {
    let (reply, answer) = mpsc::channel(1);
    let request = CalendarRequest::from_channel(tool_use(business, "2026-11-21"), reply);
    inbox.try_send(request).unwrap();
    answer
}

/// Sends as many requests of a business as are accepted. The answer to the first waits for this
/// call.
fn fill(
    inbox: &Inbox<CalendarRequest>,
    business: u128,
    full_inbox: &Inbox<Event>,
) -> Vec<mpsc::Receiver<Answer>> {
    let first = CalendarRequest::from_call(tool_use(business, "2026-11-21"), full_inbox.clone());
    inbox.try_send(first).unwrap();
    (1..MAX_PER_BUSINESS).map(|_| request_past_day(inbox, business)).collect()
}

#[tokio::test]
async fn cal_5_one_more_than_256_requests_of_a_business_is_refused_and_other_businesses_are_served()
{
    let (inbox, full_inbox) = (Inbox::new(INBOX_CAPACITY), full_call());
    let _calendar = start(&inbox).await;
    let mut accepted = fill(&inbox, 1, &full_inbox);
    let mut one_more = request_past_day(&inbox, 1);
    // The last request is answered, so all before it were handled.
    assert_eq!(error(request_past_day(&inbox, 2).recv().await), "in_the_past");
    assert_eq!(error(one_more.try_recv().ok()), "busy");
    assert_eq!(accepted.len(), 255);
    assert!(accepted.iter_mut().all(|answer| answer.try_recv().is_err()), "one was refused");

    drain(&full_inbox);
    for answer in &mut accepted {
        assert_eq!(error(answer.recv().await), "in_the_past");
    }
    assert_eq!(
        error(request_past_day(&inbox, 1).recv().await),
        "in_the_past",
        "there is room again"
    );
}

#[tokio::test]
async fn cal_5_beyond_1024_accepted_requests_the_others_wait_in_the_inbox() {
    let (inbox, full_inbox) = (Inbox::new(INBOX_CAPACITY + 1), full_call());
    let _calendar = start(&inbox).await;
    let mut accepted = Vec::new();
    for business in 1..=4 {
        accepted.extend(fill(&inbox, business, &full_inbox));
    }
    assert_eq!(inbox.depth(), MAX_ACCEPTED);
    let mut fifth = request_past_day(&inbox, 5);
    while inbox.depth() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(inbox.depth(), 1, "the fifth business's request is not accepted");
    assert!(fifth.try_recv().is_err());

    while accepted.iter().any(|answer| answer.is_empty() && !answer.is_closed()) {
        drain(&full_inbox);
        tokio::task::yield_now().await;
    }
    assert_eq!(error(fifth.recv().await), "in_the_past");
}
