//! What no log line may contain at any level (OPS-6, CALL-8).

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use frontdesk::config::{ModelProvider, Twilio, WebSocketUrl};
use frontdesk::world::World;
use http::Method;
use practice::openai::{Options, Server};
use protocol::ids::CallSid;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::api::operator::{Operator, Wanted};
use crate::support::{brief, number, plan, within};

const KEY: &str = "sk-this-key-is-nobody-s-business";
const ADMIN_TOKEN: &str = "practice-world-admin-token";
const KEYS_PRESSED: &str = "90817";

/// Collects everything that the daemon's own crates log, at every level, with fields and spans.
#[derive(Debug, Clone, Default)]
struct Logged {
    text: Arc<Mutex<String>>,
    spans: Arc<AtomicU64>,
}

impl Logged {
    fn write(&self, kind: &str, target: &str, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = self.text.lock().unwrap();
        write!(text, "{kind} {target}").unwrap();
        record(&mut Fields(&mut text));
        text.push('\n');
    }
}

/// Formats each field as a log line would.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Without practice: the simulated providers know every secret, and are not part of a real daemon.
        const OURS: [&str; 6] =
            ["frontdesk", "actors", "protocol", "entities", "migration", "supervision"];
        let target = metadata.target();
        // The daemon's log excludes it, whatever its filter.
        let is_trace = target == actors::trace::TARGET;
        target.split("::").next().is_some_and(|name| OURS.contains(&name)) && !is_trace
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write("span", span.metadata().target(), |fields| span.record(fields));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        self.write("span", "", |fields| values.record(fields));
    }

    fn event(&self, event: &Event<'_>) {
        self.write("event", event.metadata().target(), |fields| event.record(fields));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

/// An operator reads the person and the call, and books.
async fn look_and_book(world: &World, call: &CallSid) {
    let (operator, slug) = (Operator::of(world), &world.business.slug);
    for list in ["leads", "calls"] {
        let listed = operator.gets(&format!("/api/{list}?business={slug}")).await;
        assert!(
            listed.to_string().contains(number(1).as_str()),
            "{list} are shown with their numbers"
        );
    }
    operator.gets(&format!("/api/calls/{call}?business={slug}")).await;
    for start in ["2020-01-01T10:00", "at ten"] {
        let body = json!({ "business": slug, "phone": number(1), "slot_start": start });
        let wanted = Wanted::new(Method::POST, "/api/appointments").with(&body);
        assert!(operator.asks(&wanted).await.status.is_client_error());
    }
}

/// On one thread, because the subscriber is set for this thread.
#[tokio::test]
async fn ops_6_a_whole_call_logs_no_secret_no_number_and_no_digit_pressed() {
    let mut plan = plan();
    let logged = Logged::default();
    let _until_the_end = tracing::subscriber::set_default(logged.clone());

    brief(&mut plan);
    let mut options = Options { key: Some(KEY.to_owned()), ..Options::default() };
    options.brain = plan.openai.brain.clone();
    let openai = Server::on_loopback(options).await.unwrap();
    plan.config.openai.provider = ModelProvider::OpenAi;
    plan.config.openai.api_key = Some(KEY.into());
    plan.config.openai.realtime_url = WebSocketUrl::parse(&openai.url()).unwrap();
    let world = World::open(plan).await.unwrap();
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    within("the keys", caller.press(&format!("{KEYS_PRESSED}#"))).await.unwrap();
    let told = openai.log().wait_for(|record| {
        let mut items = record.of_kind("conversation.item.create");
        items.any(|event| event.body.to_string().contains(KEYS_PRESSED))
    });
    within("the keys at OpenAI", told).await;
    let sid = caller.call_sid().clone();
    look_and_book(&world, &sid).await;
    world.post(&format!("api/calls/{sid}/hangup")).await.unwrap();
    within("the end", caller.ended()).await;
    let business = world.business.phone_numbers[0].clone();
    world.close().await;

    let text = logged.text.lock().unwrap().clone();
    assert!(text.contains("call started") && text.contains("call ended"), "{text}");
    let person = number(1);
    let secrets = [KEY, ADMIN_TOKEN, Twilio::PRACTICE_TOKEN, KEYS_PRESSED];
    for secret in secrets.into_iter().chain([person.as_str(), business.as_str()]) {
        let line = text.lines().find(|line| line.contains(secret.trim_start_matches('+')));
        assert_eq!(line, None, "{secret} was logged");
    }
}
