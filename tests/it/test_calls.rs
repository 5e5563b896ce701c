//! Test calls through the whole daemon, with the practice model (CON-5): what they do like any call, and what they
//! leave behind.

mod page;

use std::time::Duration;

use actors::carrier::LineEnd;
use actors::introspection::ActorKind;
use actors::messages::SupervisorEvent;
use actors::supervisor::CallRefused;
use entities::calls::{CallRecord, CallStatus};
use entities::outbox::{OutboxFilter, list as outbox};
use entities::{appointments, call_snapshots, call_turns, leads};
use frontdesk::world::{Plan, World};
use practice::openai::ConnectRefusal;
use protocol::business::Webhooks;
use protocol::ids::{CallSid, PhoneNumber};
use protocol::twilio::twiml::Apology;
use protocol::webhooks::EventKind;

use crate::support::{
    brief, kill, nothing_left, number, one_call_at_once, recorded, virtually, within, world,
};
use crate::transfer::{PERSON, with_person};
use page::Page;

const JOB: [&str; 4] = ["התקנת מנעול חכם", "בתל אביב", "כן", "אפשר לקבוע תור?"];
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A business that is told of everything.
fn told_of_everything(plan: &mut Plan) {
    plan.config.server.allow_private_webhooks = true;
    plan.business.webhooks = Some(Webhooks {
        url: "http://127.0.0.1:9/".to_owned(),
        secret: Some(SECRET.parse().unwrap()),
        events: EventKind::ALL.to_vec(),
    });
    plan.business.whatsapp_number = plan.business.phone_numbers.first().cloned();
}

/// Says what a caller says who wants a visit; kills these actors on the way. Returns the offer of times.
async fn is_offered_times(world: &World, page: &mut Page, victims: &[ActorKind]) -> String {
    page.hears(&world.business.lines().greeting).await;
    let mut victims = victims.iter();
    let mut offer = String::new();
    for sentence in JOB {
        page.say(sentence).await;
        offer = page.hears_anything().await;
        if let Some(victim) = victims.next() {
            kill(world, *victim).await;
        }
    }
    offer
}

fn last_time(offer: &str) -> String {
    let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
    let found = offer.split([' ', ',', '.']).rfind(is_time);
    found.unwrap_or_else(|| panic!("no time in {offer}")).to_owned()
}

/// The record of a test call that is over, by its reason and who ended it.
async fn ends(world: &World, call: &CallSid, reason: &str, by: &str) -> CallRecord {
    let record = recorded(world, call, |record| record.duration.is_some()).await;
    assert_eq!(record.end_reason.as_deref(), Some(reason));
    assert_eq!(record.ended_by.as_deref(), Some(by));
    assert_eq!((record.status, record.is_test), (CallStatus::Completed, true));
    assert_eq!((&record.lead_id, &record.from_number), (&None, &None));
    nothing_left(world).await;
    assert_eq!(*world.carrier.rest_log().borrow(), [], "nothing was asked of Twilio");
    record
}

async fn nothing_is_written_beside_the_record(world: &World) {
    let (db, business) = (&world.app.services().database, world.business_id);
    assert_eq!(leads::list(db, business, Default::default(), None, 9).await.unwrap().items, []);
    let booked = appointments::list(db, business, Default::default(), None, 9).await.unwrap();
    assert_eq!(booked.items, []);
    let events = outbox(db, business, OutboxFilter::default(), None, 9).await.unwrap();
    assert_eq!(events.items, []);
    assert_eq!(*world.carrier.sent_messages().borrow(), []);
}

#[test]
fn con_5_a_test_call_books_through_crashes_and_leaves_nothing_but_its_record() {
    virtually(async {
        let world = world(told_of_everything).await;
        let crash = [ActorKind::Lead, ActorKind::Call, ActorKind::Realtime, ActorKind::TwilioIo];
        let mut page = Page::open(&world).await;
        let offer = is_offered_times(&world, &mut page, &crash).await;
        let time = last_time(&offer);
        page.say(&format!("{time} מתאים לי")).await;
        let confirmed = page.hears_anything().await;
        assert!(confirmed.starts_with("קבעתי פגישה ללקוח בתאריך"), "{confirmed}");
        assert!(confirmed.contains(&time), "{confirmed}");
        let db = &world.app.services().database;
        let kept = call_snapshots::of_any_business(db, &page.call).await.unwrap();
        assert!(kept.is_none(), "nobody could go on with it");
        page.say("תודה, להתראות").await;
        page.hears_anything().await;
        assert_eq!(page.ended().await, LineEnd::HungUp);

        let record = ends(&world, &page.call, "user_goodbye", "agent").await;
        let turns = call_turns::of_call(db, world.business_id, &page.call).await.unwrap();
        let told: Vec<&str> = turns.iter().filter_map(|turn| turn.text.as_deref()).collect();
        assert!(told.iter().any(|text| text.contains("create_appointment")), "{told:?}");
        assert!(told.contains(&JOB[0]), "{told:?}");
        assert!(record.stats.is_some());
        nothing_is_written_beside_the_record(&world).await;

        let mut next = Page::open(&world).await;
        assert_eq!(is_offered_times(&world, &mut next, &[]).await, offer, "the slot is free");
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_is_put_through_without_ringing_anybody() {
    virtually(async {
        let world = world(with_person).await;
        let mut page = Page::open(&world).await;
        page.hears("שלום").await;
        page.say("תנו לי נציג").await;
        page.hears_anything().await;
        let person = PhoneNumber::parse(PERSON).unwrap();
        assert_eq!(page.ended().await, LineEnd::PutThrough(person));
        ends(&world, &page.call, "transferred", "agent").await;
        world.close().await;
    });
}

#[test]
fn con_5_a_page_that_goes_has_hung_up() {
    virtually(async {
        let world = world(brief).await;
        let mut page = Page::open(&world).await;
        page.hears("שלום").await;
        page.goes();
        ends(&world, &page.call, "caller_hung_up", "caller").await;
        assert_eq!(page.ended().await, LineEnd::HungUp);
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_counts_among_the_calls_at_once_and_ends_with_the_daemon() {
    virtually(async {
        let world = world(one_call_at_once).await;
        let mut page = Page::open(&world).await;
        page.hears("שלום").await;
        let refused = page::begin(&world).await.expect_err("the daemon is full");
        assert_eq!(refused, CallRefused::Full);
        let caller = world.dial(&number(1));
        within("the refusal", caller.ended()).await;
        page.handle.tell(SupervisorEvent::Shutdown).unwrap();
        page.hears(&world.business.lines().closing).await;
        assert_eq!(page.ended().await, LineEnd::HungUp);
        ends(&world, &page.call, "shutdown", "daemon").await;
        world.close().await;
    });
}

#[test]
fn con_5_without_a_session_the_page_is_given_the_apology() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.openai.behaviour.refuses = Some(ConnectRefusal::ServerError);
        })
        .await;
        let mut page = Page::open(&world).await;
        assert!(matches!(page.ended().await, LineEnd::Apologised(Apology::Say(_))));
        ends(&world, &page.call, "upstream_failed", "daemon").await;
        world.close().await;
    });
}

#[test]
fn con_5_a_test_call_of_a_dead_process_is_closed_without_asking_twilio() {
    virtually(async {
        let mut world = world(brief).await;
        let mut page = Page::open(&world).await;
        page.hears("שלום").await;
        let call = page.call.clone();
        recorded(&world, &call, |record| record.answered_at.is_some()).await;
        world.kill();
        page.goes();
        tokio::time::sleep(Duration::from_secs(5)).await;
        world.start_again().await.unwrap();
        let record = recorded(&world, &call, |record| record.end_reason.is_some()).await;
        assert_eq!((record.end_reason.as_deref(), record.is_test), (Some("internal"), true));
        assert_eq!(record.status, CallStatus::Completed);
        assert_eq!(*world.carrier.rest_log().borrow(), []);
        world.close().await;
    });
}
