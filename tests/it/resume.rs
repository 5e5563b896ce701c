//! Webhooks of calls whose process has died (RES-4, CALL-1, CALL-9, CALL-10, CALL-11). The snapshots are as
//! that process has left them.

use std::sync::Arc;
use std::time::Duration;

use actors::call::records::new_call;
use entities::call_snapshots::{self, SnapshotChange};
use entities::calls::{self, CallStatus};
use frontdesk::world::{Plan, World};
use jiff::{SignedDuration, Timestamp};
use practice::openai::{Brain, Rule};
use protocol::business::Transfer;
use protocol::call::snapshot::SNAPSHOT_VERSION;
use protocol::call::{Call, CallSetup, Event, LeadFacts, Moment, Now, Phase};
use protocol::ids::{CallSid, PhoneNumber, StreamSid};
use protocol::response_gate::{AskNumber, Outcome};
use protocol::twilio::forms::{Direction, Party};
use protocol::twilio::twiml::Dial;

use crate::support::{
    brief, call_form, nothing_left, number, post_as_twilio, practice, recorded, virtually, within,
    world,
};

const CALL: &str = "CA00000000000000000000000000000007";
const PERSON: &str = "+972501112233";
const APOLOGY: &str = "מצטערים מאוד";

fn sid() -> CallSid {
    CallSid::parse(CALL).unwrap()
}

fn plan(plan: &mut Plan) {
    brief(plan);
    let number = PhoneNumber::parse(PERSON).unwrap();
    plan.business.transfer = Some(Transfer { number, text: None });
    plan.business.apology.text = Some(APOLOGY.to_owned());
    let back = Rule { say: Some("אני שוב כאן".to_owned()), ..Rule::default() };
    plan.openai.brain = Brain::Scripted(vec![back]);
}

/// A call that began ten seconds ago, and has a stream and a greeting behind it.
struct Left {
    call: Call,
    now: Now,
}

impl Left {
    fn new(world: &World) -> Self {
        let settings = world.business.clone();
        let person = number(99);
        let setup = CallSetup {
            call_sid: sid(),
            business: world.business_id,
            lines: Arc::new(settings.lines()),
            opening: settings.opening(),
            business_number: settings.phone_numbers[0].clone(),
            settings: Arc::new(settings),
            direction: Direction::Inbound,
            person: Party::Known(person),
            prompt_version: 1,
            instructions: "the prompt of that time".into(),
            lead: LeadFacts::default(),
            transfer: Some(Dial {
                number: PhoneNumber::parse(PERSON).unwrap(),
                action: format!("http://{}/twilio/voice/transfer", world.app.twilio_address()),
                timeout_secs: 20,
                caller_id: None,
            }),
            upstream_patience: Duration::from_secs(10),
            stream_patience: Duration::from_secs(15),
            session_ages: Default::default(),
            is_test: false,
        };
        let wall = wall(world) - SignedDuration::from_secs(10);
        let now = Now { at: Moment::ZERO, wall };
        let mut left = Self { call: Call::new(setup, now), now };
        left.delivered();
        left
    }

    fn delivered(&mut self) {
        let numbers: Vec<u64> = self.call.outbox().map(|(number, _)| number).collect();
        numbers.into_iter().for_each(|number| self.call.delivered(number));
    }

    fn does(&mut self, event: Event) {
        self.now.at += Duration::from_millis(100);
        self.now.wall += SignedDuration::from_millis(100);
        self.call.handle(event, self.now);
        self.delivered();
    }

    /// The greeting was heard.
    fn greeted(world: &World) -> Self {
        let mut left = Self::new(world);
        let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
        left.does(Event::StreamOpened { stream });
        left.does(Event::SessionConfigured { session: 1 });
        left.speaks("r0", "a0", 1, "שלום");
        left
    }

    fn speaks(&mut self, response: &str, item: &str, ask: u32, text: &str) {
        let response = protocol::ids::ResponseId::parse(response).unwrap();
        let item = protocol::ids::ItemId::parse(item).unwrap();
        let (asks, added) = (vec![AskNumber(ask.into())], Duration::ZERO);
        self.does(Event::ResponseStarted { response: response.clone(), asks: asks.clone() });
        self.does(Event::AgentItem { response: response.clone(), item: item.clone() });
        self.does(Event::AgentBegan { response: response.clone(), item: item.clone() });
        self.does(Event::ItemPlaying { response: response.clone(), item: item.clone(), added });
        self.does(Event::AgentTextDone { item: item.clone(), text: text.to_owned() });
        self.does(Event::AgentAudioDone { item: item.clone(), came_ms: 1_000 });
        self.does(Event::ResponseEnded {
            response: Some(response.clone()),
            asks,
            outcome: Outcome::Completed,
            calls: Vec::new(),
            usage: Default::default(),
        });
        self.does(Event::ItemPlayed { response, item });
    }

    /// The process has written this, and has died.
    async fn written(&self, world: &World, resumes: Vec<Timestamp>) {
        self.written_as(world, resumes, |state| state).await;
    }

    async fn written_as(
        &self,
        world: &World,
        resumes: Vec<Timestamp>,
        spoil: impl FnOnce(String) -> String,
    ) {
        let (db, business) = (&world.app.services().database, world.business_id);
        let setup = self.call.setup();
        let row = new_call(setup, CallStatus::InProgress, self.call.began().wall);
        calls::insert_started(db, business, row).await.unwrap();
        let parts = self.call.snapshot(self.now).changes_since(None, &[]);
        let change = SnapshotChange {
            taken_ms: 1,
            setup: Some(setup.to_json().unwrap()),
            state: spoil(parts.state.to_json().unwrap()),
            resumes,
            entries: (parts.entries.iter())
                .map(|entry| (entry.number, serde_json::to_string(entry).unwrap()))
                .collect(),
        };
        call_snapshots::save(db, business, &sid(), change).await.unwrap();
    }
}

fn wall(world: &World) -> Timestamp {
    world.app.services().clock.wall()
}

async fn asks(world: &World, path: &str, more: &[(&str, &str)]) -> String {
    let mut form = call_form(world, CALL, "in-progress");
    form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let answer = within("the answer", post_as_twilio(world, path, &form)).await;
    answer.text()
}

async fn resumes(world: &World) -> String {
    asks(world, "/twilio/voice/resume", &[]).await
}

/// The actors of the call, of one kind.
async fn trees(world: &World) -> usize {
    let actors = world.actors().await.unwrap();
    let kind = actors::introspection::ActorKind::CallSupervisor;
    actors.iter().filter(|actor| actor.kind == kind).count()
}

fn connects(twiml: &str) -> bool {
    twiml.contains("<Connect><Stream ") && twiml.contains("/twilio/voice/resume#rc=5&amp;rp=all")
}

fn apologises(twiml: &str) -> bool {
    twiml.contains(APOLOGY) && twiml.contains("<Hangup/>") && !twiml.contains("<Connect>")
}

fn only_hangs_up(twiml: &str) -> bool {
    twiml.contains("<Response><Hangup/></Response>")
}

#[test]
fn call_1_the_resume_of_an_unknown_call_is_a_polite_hang_up() {
    virtually(async {
        let world = world(plan).await;
        let twiml = resumes(&world).await;
        assert!(only_hangs_up(&twiml), "{twiml}");
        assert_eq!(trees(&world).await, 0);
        world.close().await;
    });
}

#[test]
fn call_9_duplicate_resumes_of_a_call_start_one_tree_that_greets_nobody() {
    virtually(async {
        let world = world(plan).await;
        Left::greeted(&world).written(&world, Vec::new()).await;
        let all = tokio::join!(resumes(&world), resumes(&world), resumes(&world), resumes(&world));
        for twiml in [all.0, all.1, all.2, all.3] {
            assert!(connects(&twiml), "{twiml}");
        }
        assert_eq!(trees(&world).await, 1);
        let live = practice(&world).log();
        within("the session", live.wait_for(|record| record.alive == 1)).await;
        let calls = world.calls().await.unwrap();
        assert_eq!(calls[0].call.greeting, protocol::call::Greeting::Done);
        assert!(calls[0].call.age_ms >= 10_000, "it counts from its beginning");
        let told = live.look(|record| {
            let updates = record.of_kind("session.update");
            updates.map(|event| event.body.to_string()).collect::<String>()
        });
        assert!(told.contains("the prompt of that time"), "{told}");
        // No stream comes.
        let ended = |record: &entities::calls::CallRecord| record.ended_at.is_some();
        let record = recorded(&world, &sid(), ended).await;
        assert_eq!(record.end_reason.as_deref(), Some("stream_lost"));
        nothing_left(&world).await;
        assert_eq!(live.look(|record| record.sessions), 1);
        let said = live.look(|record| record.said_texts().join("|"));
        assert!(!said.contains("שלום"), "{said}");
        world.close().await;
    });
}

#[test]
fn call_1_five_resumes_within_a_minute_are_counted_over_the_death_of_the_process() {
    virtually(async {
        let world = world(plan).await;
        let ago = |secs| wall(&world) - SignedDuration::from_secs(secs);
        let four = [50, 40, 30, 20].map(ago).to_vec();
        Left::greeted(&world).written(&world, four).await;
        let twiml = resumes(&world).await;
        assert!(connects(&twiml), "{twiml}");
        let twiml = resumes(&world).await;
        assert!(apologises(&twiml), "the sixth within a minute: {twiml}");
        world.close().await;
    });
}

#[test]
fn res_4_a_call_that_dies_of_its_resume_is_not_taken_up_for_ever() {
    virtually(async {
        let world = world(plan).await;
        let ago = |secs| wall(&world) - SignedDuration::from_secs(secs);
        let five = [50, 40, 30, 20, 10].map(ago).to_vec();
        Left::greeted(&world).written(&world, five).await;
        let twiml = resumes(&world).await;
        assert!(apologises(&twiml), "{twiml}");
        assert_eq!(trees(&world).await, 0);
        world.close().await;
    });
}

#[test]
fn res_4_a_snapshot_that_cannot_be_read_is_an_apology() {
    let version = format!("\"version\":{SNAPSHOT_VERSION}");
    for (old, new) in [(version.as_str(), "\"version\":99"), ("\"stream\"", "\"steam\"")] {
        virtually(async {
            let world = world(plan).await;
            let left = Left::greeted(&world);
            let spoilt = |state: String| {
                assert!(state.contains(old), "{state}");
                state.replacen(old, new, 1)
            };
            left.written_as(&world, Vec::new(), spoilt).await;
            let twiml = resumes(&world).await;
            assert!(apologises(&twiml), "{new}: {twiml}");
            assert_eq!(trees(&world).await, 0);
            // Its end is written all the same.
            let more = [("CallDuration", "30")];
            let mut form = call_form(&world, CALL, "completed");
            form.extend(more.map(|(name, value)| (name.to_owned(), value.to_owned())));
            post_as_twilio(&world, "/twilio/status", &form).await;
            let ended = |record: &entities::calls::CallRecord| record.ended_at.is_some();
            recorded(&world, &sid(), ended).await;
            world.close().await;
        });
    }
}

#[test]
fn res_4_a_repeated_voice_webhook_goes_on_with_the_call_and_greets_nobody_twice() {
    virtually(async {
        let world = world(plan).await;
        Left::greeted(&world).written(&world, Vec::new()).await;
        let twiml = asks(&world, "/twilio/voice", &[]).await;
        assert!(connects(&twiml), "{twiml}");
        let calls = world.calls().await.unwrap();
        assert_eq!(calls[0].call.greeting, protocol::call::Greeting::Done);
        assert_eq!(calls[0].call.stream, "lost");
        world.close().await;
    });
}

#[test]
fn call_11_a_terminal_status_after_a_restart_finishes_the_call_from_its_snapshot() {
    virtually(async {
        let world = world(plan).await;
        Left::greeted(&world).written(&world, Vec::new()).await;
        let mut form = call_form(&world, CALL, "completed");
        form.push(("CallDuration".to_owned(), "42".to_owned()));
        for _ in 0..2 {
            assert_eq!(post_as_twilio(&world, "/twilio/status", &form).await.status, 204);
        }
        let whole = |record: &entities::calls::CallRecord| record.duration.is_some();
        let record = recorded(&world, &sid(), whole).await;
        assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
        assert_eq!(record.duration, Some(Duration::from_secs(42)));
        assert!(record.stats.is_some(), "what the call had counted is kept");
        assert!(only_hangs_up(&resumes(&world).await));
        let db = &world.app.services().database;
        assert_eq!(call_snapshots::of_any_business(db, &sid()).await.unwrap(), None);
        world.close().await;
    });
}

/// The call was ringing a person when its process died.
async fn ringing(world: &World) {
    let mut left = Left::greeted(world);
    let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
    let item = protocol::ids::ItemId::parse("u1").unwrap();
    left.does(Event::TurnCommitted { item });
    let call = protocol::call::FunctionCall {
        call: protocol::ids::ToolCallId::parse("call_1").unwrap(),
        name: "transfer_call".to_owned(),
        arguments: "{}".to_owned(),
    };
    let response = protocol::ids::ResponseId::parse("r1").unwrap();
    left.does(Event::ResponseStarted { response: response.clone(), asks: vec![AskNumber(2)] });
    left.does(Event::ResponseEnded {
        response: Some(response),
        asks: vec![AskNumber(2)],
        outcome: Outcome::Called,
        calls: vec![call],
        usage: Default::default(),
    });
    left.speaks("r2", "a2", 3, "רגע");
    left.now.at += Duration::from_secs(1);
    left.call.handle_timeout(left.now);
    left.delivered();
    assert!(matches!(left.call.phase(), Phase::HandingOver { .. }), "{:?}", left.call.phase());
    left.does(Event::StreamClosed { stream, how: protocol::call::StreamEnd::Stopped });
    left.written(world, Vec::new()).await;
}

#[test]
fn call_10_the_outcome_of_a_transfer_after_a_restart_is_acted_on() {
    for (status, answered) in [("no-answer", false), ("completed", true)] {
        virtually(async {
            let world = world(plan).await;
            ringing(&world).await;
            let twiml = asks(&world, "/twilio/voice/transfer", &[("DialCallStatus", status)]).await;
            if answered {
                assert!(only_hangs_up(&twiml), "{twiml}");
                let ended = |record: &entities::calls::CallRecord| record.ended_at.is_some();
                let record = recorded(&world, &sid(), ended).await;
                assert_eq!(record.end_reason.as_deref(), Some("transferred"));
            } else {
                assert!(connects(&twiml), "{twiml}");
            }
            world.close().await;
        });
    }
}

#[test]
fn call_10_a_call_that_was_to_be_transferred_is_transferred_by_the_resume() {
    virtually(async {
        let world = world(plan).await;
        ringing(&world).await;
        let twiml = resumes(&world).await;
        assert!(twiml.contains("<Dial ") && twiml.contains(PERSON), "{twiml}");
        let log = practice(&world).log();
        assert_eq!(log.look(|record| record.connections), 0, "nobody speaks with the model");
        world.close().await;
    });
}
