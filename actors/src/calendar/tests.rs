//! What becomes of a request when whoever works on it dies. Nothing here reaches a database.

use std::sync::Arc;
use std::time::Duration;

use protocol::business::{BusinessSettings, TimeSpan};
use protocol::calendar::CalendarTool;
use protocol::call::{Event, FunctionCall};
use protocol::ids::{PhoneNumber, Slug};
use serde_json::Value;
use supervision::ActorInfo;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::introspection::{ActorKind, Introspection};

fn used(business: u128, date_iso: &str) -> ToolUse {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let mut settings = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
    settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    ToolUse {
        business: BusinessId(Uuid::from_u128(business)),
        settings: Arc::new(settings),
        call_sid: None,
        lead: None,
        tool: CalendarTool::Find,
        call: FunctionCall {
            call: protocol::ids::ToolCallId::parse("call_1").unwrap(),
            name: CalendarTool::Find.name().to_owned(),
            arguments: serde_json::json!({ "date_iso": date_iso }).to_string(),
        },
    }
}

fn error(answer: Option<Answer>) -> String {
    let output: Value = serde_json::from_str(&answer.expect("an answer").told.output).unwrap();
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
    let registration = Introspection::default().register(spec, clock.now());
    let args = CalendarArgs {
        inbox: inbox.clone(),
        database: DatabaseConnection::default(),
        clock,
        tasks: TaskGroup::new(),
        registration,
    };
    Actor::spawn(None, CalendarActor, args).await.unwrap().0
}

#[tokio::test]
async fn cal_4_a_request_whose_worker_died_is_done_again_and_then_answered_that_it_failed() {
    let door = Inbox::new(4);
    let reader = door.attach_with(|| {});
    let (reply, mut answer) = mpsc::channel(1);
    let request = CalendarRequest::asked_by(used(1, "2026-11-22"), reply);
    let mut job = Job::new(request, door.clone());
    for _ in 1..supervision::inbox::MAX_ATTEMPTS {
        job.begun();
        drop(job);
        let Delivery { number, event, .. } = reader.receive().expect("it is at the door again");
        job = Job::new(CalendarRequest::clone(&event), door.clone());
        reader.ack(number);
    }
    job.begun();
    assert!(answer.try_recv().is_err(), "nobody has answered yet");
    drop(job);
    assert_eq!(door.depth(), 0);
    assert_eq!(error(answer.recv().await), "calendar_failed");
}

#[tokio::test(start_paused = true)]
async fn cal_5_what_waited_when_the_calendar_died_is_answered_by_its_successor() {
    let inbox = Inbox::new(WAITING);
    let first = start(&inbox).await;
    // Where there is no database, the task that wants it panics, and the calendar falls with it;
    // what is asked second waits behind that, and needs none.
    let asked = ["2026-11-29", "2026-11-21"].map(|date| {
        let inbox = inbox.clone();
        tokio::spawn(async move { use_tool(&inbox, used(1, date)).await })
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill();
    first.wait(None).await.unwrap();
    let _second = start(&inbox).await;
    let [failed, past] = asked;
    assert_eq!(error(failed.await.unwrap()), "calendar_failed");
    assert_eq!(error(past.await.unwrap()), "in_the_past");
}

/// A call that takes in nothing, so that an answer to it waits, and behind it its business.
fn deaf_call() -> Inbox<Event> {
    let inbox = Inbox::new(1);
    inbox.try_send(Event::SpeechStarted).unwrap();
    inbox
}

/// The call hears what waits.
fn hears(call: &Inbox<Event>) {
    let ear = call.attach_with(|| {});
    while let Some(Delivery { number, .. }) = ear.receive() {
        ear.ack(number);
    }
}

/// Asks for the slots of a day that is over: answered without a database.
fn asks(inbox: &Inbox<CalendarRequest>, business: u128) -> mpsc::Receiver<Answer> {
    let (reply, answer) = mpsc::channel(1);
    let request = CalendarRequest::asked_by(used(business, "2026-11-21"), reply);
    inbox.try_send(request).unwrap();
    answer
}

/// As many requests of a business as are taken in, the first of them asked by this call.
fn fill(
    inbox: &Inbox<CalendarRequest>,
    business: u128,
    deaf: &Inbox<Event>,
) -> Vec<mpsc::Receiver<Answer>> {
    let first = CalendarRequest::of_call(used(business, "2026-11-21"), deaf.clone());
    inbox.try_send(first).unwrap();
    (1..OF_ONE_BUSINESS).map(|_| asks(inbox, business)).collect()
}

#[tokio::test]
async fn cal_5_of_one_business_256_requests_are_taken_in_its_next_is_told_so_and_others_are_served()
{
    let (inbox, deaf) = (Inbox::new(WAITING), deaf_call());
    let _calendar = start(&inbox).await;
    let mut taken_in = fill(&inbox, 1, &deaf);
    let mut one_more = asks(&inbox, 1);
    // What comes to the door last is answered: all before it was looked at.
    assert_eq!(error(asks(&inbox, 2).recv().await), "in_the_past");
    assert_eq!(error(one_more.try_recv().ok()), "busy");
    assert_eq!(taken_in.len(), 255);
    assert!(taken_in.iter_mut().all(|answer| answer.try_recv().is_err()), "one was refused");

    hears(&deaf);
    for answer in &mut taken_in {
        assert_eq!(error(answer.recv().await), "in_the_past");
    }
    assert_eq!(error(asks(&inbox, 1).recv().await), "in_the_past", "there is room again");
}

#[tokio::test]
async fn cal_5_with_1024_requests_taken_in_the_others_stay_at_the_door_until_there_is_room() {
    let (inbox, deaf) = (Inbox::new(WAITING + 1), deaf_call());
    let _calendar = start(&inbox).await;
    let mut taken_in = Vec::new();
    for business in 1..=4 {
        taken_in.extend(fill(&inbox, business, &deaf));
    }
    assert_eq!(inbox.depth(), INSIDE);
    let mut fifth = asks(&inbox, 5);
    while inbox.depth() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(inbox.depth(), 1, "the fifth business's stays outside");
    assert!(fifth.try_recv().is_err());

    while taken_in.iter().any(|answer| answer.is_empty() && !answer.is_closed()) {
        hears(&deaf);
        tokio::task::yield_now().await;
    }
    assert_eq!(error(fifth.recv().await), "in_the_past");
}
