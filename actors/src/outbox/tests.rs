//! The actor in virtual time, with a database, and receivers that answer as they are told to.

mod outside;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entities::businesses::{ImportBusiness, import};
use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall};
use entities::conversations::{self, ConversationId};
use entities::leads::{self, Caller, ChangedBy, LeadChanges};
use entities::messages::{IncomingMessage, MessageId, MessageKind};
use entities::outbox::{
    ImportOutbox, ImportWebhook, OutboxFilter, OutboxRecord, OutboxState, Which, list, resend,
};
use entities::{Database, PoolSettings};
use protocol::business::BusinessSettings;
use protocol::ids::{CallSid, LeadId, PhoneNumber, Slug};
use protocol::webhooks::WebhookSecret;
use supervision::{ActorInfo, Generation};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::call_parts::Services;
use crate::clock::Clock;
use crate::http_client::Connections;
use crate::introspection::ActorKind;
use crate::testing::{self, Unreachable};
use outside::{Answers, Dial, Outside};

/// How long the line of a new lead waits.
const LEAD_SETTLES: Duration = Duration::from_secs(120);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A Sunday, 10:00 in Jerusalem.
const NOW: Timestamp = Timestamp::constant(1_795_334_400, 0);

/// The daemon, as far as it sends, and its surroundings.
struct Desk {
    services: Services,
    outside: Arc<Outside>,
    actor: Option<(ActorRef<OutboxMsg>, JoinHandle<()>, TaskGroup)>,
}

impl Desk {
    async fn open() -> Self {
        let database = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
        database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        let clock = Clock::starting_at(NOW);
        let outside = Outside::new(clock);
        let dialer: Arc<dyn crate::dialer::Dialer> = Arc::new(Dial(Arc::clone(&outside)));
        let mut services = testing::services(database, Arc::new(Unreachable), Arc::clone(&dialer));
        services.clock = clock;
        services.outbox = Outbox::new(Uuid::from_u128(9), dialer, Connections::Closed);
        let mut desk = Self { services, outside, actor: None };
        desk.start().await;
        desk
    }

    /// A business whose receiver is `https://{slug}.example/`.
    async fn business(&self, slug: &str, change: impl FnOnce(&mut BusinessSettings)) -> BusinessId {
        let last = slug.len();
        let number = PhoneNumber::parse(&format!("+9723123456{last}")).unwrap();
        let slug = Slug::parse(slug).unwrap();
        let mut settings = BusinessSettings::new(slug.clone(), slug.as_str(), vec![number]);
        let keys =
            serde_json::json!({ "url": format!("https://{slug}.example/"), "secret": SECRET });
        settings.webhooks = Some(serde_json::from_value(keys).unwrap());
        change(&mut settings);
        let webhook = settings.webhooks.as_ref().map(|webhooks| ImportWebhook {
            url: webhooks.url.clone(),
            secret: Some(WebhookSecret::parse(SECRET).unwrap()),
        });
        let file = ImportBusiness {
            new_id: BusinessId(self.services.new_id()),
            slug: settings.slug.clone(),
            name: settings.name.clone(),
            phone_numbers: settings.phone_numbers.clone(),
            whatsapp_number: settings.whatsapp_number.clone(),
            timezone: "Asia/Jerusalem".to_owned(),
            language: settings.language.as_str().to_owned(),
            retention: Duration::from_secs(24 * 60 * 60),
            settings: serde_json::to_value(&settings).unwrap(),
            prompt: "answer".to_owned(),
            outbox: ImportOutbox { webhook, subscriptions: settings.subscriptions() },
        };
        import(&self.services.database, file, NOW).await.unwrap().id
    }

    /// Starts the actor, as the root does.
    async fn start(&mut self) {
        let Services {
            outbox, node, clock, chance, database, twilio, introspection, metrics, ..
        } = self.services.clone();
        let info = ActorInfo {
            kind: ActorKind::Outbox,
            parent: None,
            scope: None,
            generation: Generation::default(),
            last_error: None,
            depth: Box::new(|| 0),
        };
        let registration = introspection.register(info, clock.now());
        let services = OutboxServices { outbox, node, clock, chance, database, twilio, metrics };
        let tasks = TaskGroup::new();
        let args = OutboxArgs { services, tasks: tasks.clone(), registration };
        let (actor, task) = Actor::spawn(None, OutboxActor, args).await.unwrap();
        self.actor = Some((actor, task, tasks));
    }

    /// The actor dies, and its successor begins when its tasks have ended.
    async fn restart(&mut self) {
        let (actor, task, tasks) = self.actor.take().unwrap();
        actor.kill();
        let _ = task.await;
        tasks.cancel_and_join().await;
        self.start().await;
    }

    /// The beginning, a change and the end of a call, at three times.
    async fn part_of_call(&self, business: BusinessId, n: u32, part: u32) {
        let (db, now) = (&self.services.database, self.services.clock.wall());
        let call = CallSid::parse(&format!("CA{n:032x}")).unwrap();
        let number = PhoneNumber::parse(&format!("+97250{n:07}")).unwrap();
        let (caller, id) = (Caller::Known(&number), LeadId(self.services.new_id()));
        let lead = leads::ensure_for_call(db, business, caller, &call, id, now).await.unwrap();
        let (lead, by) = (lead.record.id, ChangedBy::Call { call_sid: call.clone() });
        if part == 0 {
            let new = NewCall {
                call_sid: call,
                direction: CallDirection::Inbound,
                status: CallStatus::InProgress,
                from_number: Some(number.clone()),
                to_number: PhoneNumber::parse("+97231234567").unwrap(),
                lead_id: Some(lead),
                prompt_version: 1,
                started_at: now,
                is_test: false,
            };
            calls::insert_started(db, business, new).await.unwrap();
        } else if part == 1 {
            let told =
                LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
            leads::merge_details(db, business, lead, told, None, by, now).await.unwrap();
        } else {
            let end = EndOfCall {
                ended_at: now,
                end_reason: "upstream_failed".to_owned(),
                ended_by: "daemon".to_owned(),
                status: None,
                duration: None,
                stats: None,
            };
            calls::report_end(db, business, &call, end).await.unwrap();
        }
    }

    async fn events(&self, business: BusinessId) -> Vec<OutboxRecord> {
        let db = &self.services.database;
        list(db, business, OutboxFilter::default(), None, 200).await.unwrap().items
    }

    async fn states(&self, business: BusinessId) -> Vec<OutboxState> {
        self.events(business).await.iter().rev().map(|event| event.state).collect()
    }
}

async fn after(pause: Duration) {
    tokio::time::sleep(pause).await;
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn ops_13_each_event_arrives_in_order_per_call_from_a_receiver_that_fails_hangs_and_is_gone()
{
    let mut desk = Desk::open().await;
    let locks = desk.business("locks", |_| {}).await;
    let mut calls = 0..;
    for (answers, lasts) in
        [(Answers::Status(500), 2 * MINUTE), (Answers::Never, 3 * MINUTE), (Answers::Gone, HOUR)]
    {
        desk.outside.answer("", answers);
        let three: Vec<u32> = calls.by_ref().take(3).collect();
        for part in 0..3 {
            for n in &three {
                desk.part_of_call(locks, *n, part).await;
            }
            after(lasts / 3).await;
            // It crashes in the middle of whatever it does.
            desk.restart().await;
        }
    }
    assert_eq!(desk.outside.taken().len(), 0);
    desk.outside.answer("", Answers::Takes);
    after(3 * HOUR).await;
    let mut by_call = BTreeMap::<String, Vec<String>>::new();
    let taken = desk.outside.taken();
    for event in &taken {
        by_call.entry(event.call()).or_default().push(event.kind().to_owned());
    }
    assert_eq!(by_call.len(), 9);
    for (call, kinds) in by_call {
        let in_order = ["lead.created", "lead.updated", "call.ended", "call.failed"];
        assert_eq!(kinds, in_order, "{call}");
    }
    assert_eq!(desk.states(locks).await, [OutboxState::Sent; 36]);
    let backlog = desk.services.outbox.backlog();
    assert_eq!((backlog.waiting, backlog.oldest), (0, None));
}

#[tokio::test(start_paused = true)]
async fn ops_13_a_sender_that_crashes_while_it_sends_loses_nothing() {
    let mut desk = Desk::open().await;
    let locks = desk.business("locks", |_| {}).await;
    desk.outside.answer("", Answers::Crash);
    desk.part_of_call(locks, 1, 0).await;
    let (_, task, tasks) = desk.actor.take().unwrap();
    task.await.unwrap();
    tasks.cancel_and_join().await;
    desk.outside.answer("", Answers::Takes);
    assert_eq!(desk.states(locks).await, [OutboxState::Waiting]);
    desk.start().await;
    after(SECOND).await;
    assert_eq!(desk.states(locks).await, [OutboxState::Sent]);
    assert_eq!(desk.outside.taken().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ops_13_an_event_is_tried_for_24_h_and_a_dead_one_lets_the_later_ones_pass() {
    let desk = Desk::open().await;
    let locks = desk.business("locks", |_| {}).await;
    desk.outside.answer("", Answers::Status(503));
    desk.part_of_call(locks, 1, 0).await;
    desk.part_of_call(locks, 1, 1).await;
    after(23 * HOUR).await;
    assert_eq!(desk.states(locks).await, [OutboxState::Waiting; 2]);
    let first = &desk.events(locks).await[1];
    assert!(first.tries > 40 && first.last_error.as_deref() == Some("HTTP 503"), "{first:?}");
    assert_eq!(desk.events(locks).await[0].tries, 0, "it waits for the first");
    after(90 * MINUTE).await;
    assert_eq!(desk.states(locks).await, [OutboxState::Dead, OutboxState::Waiting]);
    desk.outside.answer("", Answers::Takes);
    after(HOUR).await;
    assert_eq!(desk.states(locks).await, [OutboxState::Dead, OutboxState::Sent]);
    let now = desk.services.clock.wall();
    assert_eq!(resend(&desk.services.database, locks, Which::All, now, None).await.unwrap(), 1);
    after(SECOND).await;
    assert_eq!(desk.states(locks).await, [OutboxState::Sent; 2]);
    let kinds: Vec<_> = desk.outside.taken().iter().map(|event| event.kind().to_owned()).collect();
    assert_eq!(kinds, ["lead.updated", "lead.created"]);
    let metrics = &desk.services.metrics;
    let count = |counts: &crate::metrics::ByLabel<crate::metrics::Counter>| {
        counts.of("webhook").unwrap().get()
    };
    assert_eq!((count(&metrics.events_sent), count(&metrics.events_dead)), (2, 1));
    assert!(count(&metrics.events_failed) > 40);
}

#[tokio::test(start_paused = true)]
async fn ops_13_a_receiver_that_hangs_delays_nobody_else() {
    let desk = Desk::open().await;
    let (slow, quick) = (desk.business("slow", |_| {}).await, desk.business("quick", |_| {}).await);
    desk.outside.answer("slow", Answers::Never);
    for n in 0..40 {
        desk.part_of_call(slow, n, 0).await;
    }
    after(SECOND).await;
    desk.part_of_call(quick, 50, 0).await;
    after(Duration::from_millis(10)).await;
    let taken = desk.outside.taken();
    assert_eq!(
        taken.iter().map(|event| event.host.as_str()).collect::<Vec<_>>(),
        ["quick.example"]
    );
    assert_eq!(*desk.outside.tries.lock().unwrap(), MOST_PER_LANE + 1);
    assert_eq!(desk.services.outbox.depth(), MOST_PER_LANE as usize);
}

#[tokio::test(start_paused = true)]
async fn ops_13_the_owner_is_told_by_sms_and_whatsapp_and_not_after_a_stop() {
    let desk = Desk::open().await;
    let owner = PhoneNumber::parse("+972501112233").unwrap();
    let template = format!("HX{}", "0".repeat(32));
    let locks = desk.business("locks", |settings| {
        settings.webhooks = None;
        settings.whatsapp_number = settings.phone_numbers.first().cloned();
        settings.notify.sms_from = settings.phone_numbers.first().cloned();
        settings.notify.sms_to = Some(owner.clone());
        settings.notify.whatsapp_to = Some(owner.clone());
        settings.notify.whatsapp_template = Some(template.clone());
    });
    let locks = locks.await;
    desk.part_of_call(locks, 1, 0).await;
    // Nothing but the number is known at first.
    after(SECOND).await;
    assert_eq!(desk.outside.messages.lock().unwrap().len(), 0);
    after(LEAD_SETTLES).await;
    let mut messages = desk.outside.messages.lock().unwrap().clone();
    messages.sort();
    let field = |form: &[(String, String)], name: &str| {
        form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let line = "locks: פנייה חדשה מ-+972500000001";
    assert_eq!(field(&messages[0], "To").as_deref(), Some("+972501112233"));
    assert_eq!(field(&messages[0], "Body").as_deref(), Some(line));
    assert_eq!(field(&messages[1], "To").as_deref(), Some("whatsapp:+972501112233"));
    assert_eq!(field(&messages[1], "ContentSid"), Some(template));
    assert!(field(&messages[1], "ContentVariables").unwrap().contains(line));
    assert_eq!(messages.len(), 2);
    // The owner has written STOP.
    let db = &desk.services.database;
    let stop = IncomingMessage {
        id: MessageId(desk.services.new_id()),
        person: owner.clone(),
        provider_sid: "SM1".to_owned(),
        body: "STOP".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let new_id = ConversationId(desk.services.new_id());
    conversations::take_in(db, locks, stop, new_id, NOW).await.unwrap();
    conversations::mark_undelivered(db, locks, &owner, "refused", true, NOW).await.unwrap();
    desk.part_of_call(locks, 3, 0).await;
    after(SECOND + LEAD_SETTLES).await;
    let told = desk.events(locks).await;
    let whatsapp = told.iter().find(|event| event.target == Target::Whatsapp).unwrap();
    assert_eq!(whatsapp.last_error.as_deref(), Some("its receiver wants no messages"));
    assert_eq!(desk.outside.messages.lock().unwrap().len(), 3, "the SMS alone");
    // Twilio does not take it, and a refusal is final.
    desk.outside.answer("twilio", Answers::Status(400));
    desk.part_of_call(locks, 2, 0).await;
    after(SECOND + LEAD_SETTLES).await;
    let states = desk.states(locks).await;
    assert_eq!(states[4..], [OutboxState::Dead; 2]);
    assert_eq!(desk.outside.taken().len(), 0, "the business has no receiver");
}
