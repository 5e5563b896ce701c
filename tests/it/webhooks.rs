//! Events for other systems, with the whole daemon (OPS-13).

mod examples;
mod killed;
mod snippets;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entities::audit::{self, EntryFilter};
use entities::businesses;
use entities::users::UserRole;
use frontdesk::network::Network;
use frontdesk::receiver::{Received, Receiver, Reply};
use frontdesk::world::{Plan, World};
use http::StatusCode;
use jiff::Timestamp;
use protocol::business::Webhooks;
use protocol::webhooks::WebhookSecret;
use tokio_util::sync::CancellationToken;

use crate::api::operator::{Operator, Wanted};
use crate::console::browser::{Browser, with_console};
use crate::support::{brief, nothing_left, number, pause, platform, virtually, within};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A receiver, and what it has taken.
struct Hooks {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<(Received, Timestamp)>>>,
    reply: Arc<Mutex<Reply>>,
    stop: CancellationToken,
}

impl Hooks {
    async fn open(network: &Network) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let acceptor = network.bind(free).await.unwrap();
        let (address, stop) = (acceptor.address(), CancellationToken::new());
        let taken = Arc::<Mutex<Vec<(Received, Timestamp)>>>::default();
        let reply = Arc::new(Mutex::new(Reply::Status(StatusCode::NO_CONTENT)));
        let (clock, noted, told) = (platform().clock, Arc::clone(&taken), Arc::clone(&reply));
        let receiver = Receiver::new(SECRET.parse().unwrap(), clock, move |received: Received| {
            let reply = *told.lock().unwrap();
            if reply == Reply::Status(StatusCode::NO_CONTENT) {
                received.verified.unwrap();
                noted.lock().unwrap().push((received, clock.wall()));
            }
            async move { reply }
        });
        tokio::spawn(receiver.serve(acceptor, stop.clone()));
        Self { address, taken, reply, stop }
    }

    /// Makes a plan's business send here.
    fn told_by(&self, plan: &mut Plan) {
        plan.config.server.allow_private_webhooks = true;
        plan.business.webhooks = Some(self.settings());
    }

    fn settings(&self) -> Webhooks {
        Webhooks {
            url: format!("http://{}/", self.address),
            secret: Some(WebhookSecret::parse(SECRET).unwrap()),
            events: protocol::webhooks::EventKind::ALL.to_vec(),
        }
    }

    fn answer(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    fn taken(&self) -> Vec<Received> {
        self.taken.lock().unwrap().iter().map(|(received, _)| received.clone()).collect()
    }

    fn kinds(&self) -> Vec<String> {
        self.taken().iter().map(|received| received.kind().to_owned()).collect()
    }

    /// Waits for the first event of this kind.
    async fn gets(&self, kind: &str) -> (Received, Timestamp) {
        let coming = async {
            loop {
                let taken = self.taken.lock().unwrap().clone();
                if let Some(found) = taken.into_iter().find(|(event, _)| event.kind() == kind) {
                    return found;
                }
                pause().await;
            }
        };
        within(kind, coming).await
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A plan whose business sends to a receiver.
async fn open(change: impl FnOnce(&mut Plan)) -> (Hooks, World) {
    let mut plan = crate::support::plan();
    let hooks = Hooks::open(&plan.platform.network).await;
    hooks.told_by(&mut plan);
    change(&mut plan);
    (hooks, World::open(plan).await.unwrap())
}

#[test]
fn ops_13_a_caller_s_booking_reaches_the_receiver_within_a_second_and_the_call_follows_in_order() {
    virtually(async {
        let (hooks, world) = open(|_| {}).await;
        let (call, _) = crate::stories::book_a_visit(&world, 1).await;
        let (booked, at) = hooks.gets("appointment.booked").await;
        let written: Timestamp = booked.event["timestamp"].as_str().unwrap().parse().unwrap();
        let took = at.duration_since(written);
        assert!(took.as_millis() < 1_000, "{took:?}");
        assert_eq!(booked.event["business"], world.business.slug.as_str());
        assert_eq!(booked.event["data"]["call_sid"], call.as_str());
        assert_eq!(booked.event["data"]["lead"]["phone"], number(1).as_str());
        let (ended, _) = hooks.gets("call.ended").await;
        let data = &ended.event["data"];
        assert_eq!(
            (&data["call_sid"], &data["end_reason"]),
            (&call.as_str().into(), &"user_goodbye".into())
        );
        assert!(data["duration_secs"].is_u64(), "{data}");
        let turns = data["turns"].as_array().unwrap();
        assert!(turns.iter().any(|turn| turn["text"] == "תודה, להתראות"), "{data}");
        let kinds = hooks.kinds();
        assert_eq!(kinds.first().map(String::as_str), Some("lead.created"));
        assert_eq!(kinds.last().map(String::as_str), Some("call.ended"));
        assert!(kinds.iter().any(|kind| kind == "lead.updated"), "{kinds:?}");
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn ops_13_a_call_to_a_paused_business_is_told_as_paused_and_never_as_failed() {
    virtually(async {
        let (hooks, world) = open(brief).await;
        let services = world.app.services();
        let now = services.clock.wall();
        businesses::pause(&services.database, world.business_id, now).await.unwrap();
        let caller = world.dial(&number(1));
        within("the end", caller.ended()).await;
        let (ended, _) = hooks.gets("call.ended").await;
        let data = &ended.event["data"];
        assert_eq!((&data["end_reason"], &data["ended_by"]), (&"paused".into(), &"daemon".into()));
        hooks.gets("lead.created").await;
        // Longer than a failure would wait.
        tokio::time::sleep(Duration::from_mins(1)).await;
        let kinds = hooks.kinds();
        assert!(kinds.iter().all(|kind| kind != "call.failed"), "{kinds:?}");
        world.close().await;
    });
}

#[test]
fn ops_13_a_process_that_dies_while_its_receiver_is_away_loses_no_event() {
    virtually(async {
        let (hooks, mut world) = open(brief).await;
        for reply in [Reply::Status(StatusCode::BAD_GATEWAY), Reply::Hang] {
            hooks.answer(reply);
            let last = if reply == Reply::Hang { 2 } else { 1 };
            let caller = world.dial(&number(last));
            within("the greeting", caller.hears_anything()).await.unwrap();
            caller.hang_up();
            within("the end", caller.ended()).await;
            crate::support::ended_record(&world, &caller).await;
            tokio::time::sleep(Duration::from_secs(8)).await;
            world.kill();
            world.start_again().await.unwrap();
        }
        hooks.answer(Reply::Status(StatusCode::NO_CONTENT));
        tokio::time::sleep(Duration::from_mins(40)).await;
        let mut by_call = std::collections::BTreeMap::<String, Vec<String>>::new();
        for event in hooks.taken() {
            let data = &event.event["data"];
            let call = data["call_sid"].as_str().or(data["last_call_sid"].as_str()).unwrap();
            by_call.entry(call.to_owned()).or_default().push(event.kind().to_owned());
        }
        assert_eq!(by_call.len(), 2, "{by_call:?}");
        for kinds in by_call.values() {
            assert_eq!(kinds, &["lead.created", "call.ended"]);
        }
        world.close().await;
    });
}

#[test]
fn con_3_a_dead_event_is_sent_again_by_the_consoles_page_and_noted_once() {
    virtually(async {
        let (hooks, world) = open(with_console).await;
        hooks.answer(Reply::Status(StatusCode::GONE));
        crate::api::rows::lead(&world, world.business_id, 1).await;
        tokio::time::sleep(Duration::from_hours(25)).await;
        let mut admin = Browser::of(&world, UserRole::Admin, &[]).await;
        let page = admin.get("/console/system").await.text();
        let (_, form) = page.split_once("/console/system/webhooks/").expect("a dead event");
        let (id, _) = form.split_once("/resend").expect("its form");
        let path = format!("/console/system/webhooks/{id}/resend");
        hooks.answer(Reply::Status(StatusCode::NO_CONTENT));
        let slug = world.business.slug.to_string();
        for _ in 0..2 {
            let answer = admin.post(&path, &[("business", &slug)]).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
            hooks.gets("lead.created").await;
        }
        let answer = admin.post(&path, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "a form without its business");
        let db = &world.app.services().database;
        let filter = EntryFilter { business: Some(world.business_id), ..EntryFilter::default() };
        let noted = audit::list(db, filter, None, 100).await.unwrap().items;
        let resent = noted.iter().filter(|entry| entry.action == "webhook.resend").count();
        assert_eq!(resent, 1, "the second press has sent nothing");
        world.close().await;
    });
}

#[test]
fn ops_13_dead_events_are_listed_and_sent_again_by_the_api() {
    virtually(async {
        let (hooks, world) = open(brief).await;
        hooks.answer(Reply::Status(StatusCode::GONE));
        let (operator, slug) = (Operator::of(&world), world.business.slug.clone());
        crate::api::rows::lead(&world, world.business_id, 1).await;
        tokio::time::sleep(Duration::from_hours(25)).await;
        let dead = format!("/api/webhooks?business={slug}&state=dead");
        let listed = operator.gets(&dead).await;
        assert_eq!(listed["items"][0]["type"], "lead.created", "{listed}");
        assert_eq!(listed["items"][0]["last_error"], "HTTP 410");
        assert_eq!(hooks.taken().len(), 0);
        hooks.answer(Reply::Status(StatusCode::NO_CONTENT));
        let id = listed["items"][0]["id"].clone();
        let resend = |body| Wanted::new(http::Method::POST, "/api/webhooks/resend").with(&body);
        let wanted = serde_json::json!({ "business": slug, "id": id });
        let answer = operator.asks(&resend(wanted.clone())).await;
        assert_eq!((answer.status, &answer.body["resent"]), (StatusCode::OK, &1.into()));
        hooks.gets("lead.created").await;
        let again = operator.asks(&resend(wanted)).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.body);
        assert_eq!(operator.gets(&dead).await["items"], serde_json::json!([]));
        let page = operator.gets(&format!("/api/webhooks?business={slug}")).await;
        assert_eq!(page["items"][0]["state"], "sent");
        world.close().await;
    });
}
