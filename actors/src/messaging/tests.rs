//! The actor in virtual time, with a database, and a server that plays OpenAI and Twilio.

mod answers;
mod calls;
mod outside;
#[cfg(feature = "mistakes")]
mod planted_mistakes;
mod sending;
mod sharing;

use std::sync::Arc;
use std::time::Duration;

use entities::businesses::{ImportBusiness, import};
use entities::conversations::{self, ByHand, ConversationId};
use entities::messages::{self, IncomingMessage, MessageId, MessageKind, MessageRecord};
use entities::{Database, PoolSettings};
use jiff::Timestamp;
use protocol::business::{AfterCall, BusinessSettings};
use protocol::ids::{BusinessId, PhoneNumber, Slug};
use protocol::twilio::forms::Party;
use ractor::Actor;
use serde_json::{Value, json};
use supervision::{ActorInfo, TaskGroup};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::call_parts::{CallParts, Services};
use crate::introspection::ActorKind;
use crate::testing::{self, Unreachable};
use crate::written::Messaging;
use outside::{Outside, Send, reply, too_long, tool_call};

/// A Sunday, 10:00 in Jerusalem.
const NOW: Timestamp = Timestamp::constant(1_795_334_400, 0);

fn person() -> PhoneNumber {
    PhoneNumber::parse("+972501234567").unwrap()
}

fn settings() -> BusinessSettings {
    let number = PhoneNumber::parse("+97231234560").unwrap();
    let mut settings =
        BusinessSettings::new(Slug::parse("locks").unwrap(), "Locks", vec![number.clone()]);
    settings.whatsapp_number = Some(number);
    settings.whatsapp.after_call = AfterCall::Lead;
    settings.ending.required_lead_fields = vec!["city".to_owned()];
    settings
}

/// The daemon, as far as it writes, and its surroundings.
struct Desk {
    services: Services,
    outside: Arc<Outside>,
    business: BusinessId,
    actor: Option<(ActorRef<MessagingMsg>, JoinHandle<()>, TaskGroup)>,
}

impl Desk {
    async fn open() -> Self {
        Self::of(settings()).await
    }

    async fn of(settings: BusinessSettings) -> Self {
        let database = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
        database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
        let file = ImportBusiness {
            new_id: BusinessId(Uuid::from_u128(1)),
            slug: settings.slug.clone(),
            name: settings.name.clone(),
            phone_numbers: settings.phone_numbers.clone(),
            whatsapp_number: settings.whatsapp_number.clone(),
            timezone: "Asia/Jerusalem".to_owned(),
            language: "he".to_owned(),
            retention: Duration::from_secs(24 * 60 * 60),
            settings: serde_json::to_value(&settings).unwrap(),
            prompt: "answer".to_owned(),
            outbox: entities::outbox::ImportOutbox::default(),
        };
        let business = import(&database, file, NOW).await.unwrap().id;
        let outside = Arc::<Outside>::default();
        let dialer = Arc::new(outside::Dial(Arc::clone(&outside)));
        let mut services = testing::services(database, Arc::new(Unreachable), dialer);
        services.clock = crate::clock::Clock::starting_at(NOW);
        services.messaging = Messaging::new("http://frontdesk", Uuid::from_u128(9));
        let mut desk = Self { services, outside, business, actor: None };
        desk.start().await;
        desk
    }

    /// Starts the actor, as the root does.
    async fn start(&mut self) {
        let Services {
            messaging, node, clock, chance, database, calendar, twilio, text_model, ..
        } = self.services.clone();
        let (introspection, metrics) =
            (self.services.introspection.clone(), Arc::clone(&self.services.metrics));
        let info = ActorInfo {
            kind: ActorKind::Messaging,
            parent: None,
            scope: None,
            generation: supervision::Generation::default(),
            last_error: None,
            depth: Box::new(|| 0),
        };
        let registration = introspection.register(info, clock.now());
        let services = MessagingServices {
            messaging,
            node,
            clock,
            chance,
            database,
            calendar,
            twilio,
            text_model,
            introspection,
            metrics,
        };
        let tasks = TaskGroup::new();
        let args = MessagingArgs { services, tasks: tasks.clone(), registration };
        let (actor, task) = Actor::spawn(None, MessagingActor, args).await.unwrap();
        self.actor = Some((actor, task, tasks));
    }

    /// The process dies: tasks are dropped where they stand.
    async fn kill(&mut self) {
        let (actor, task, tasks) = self.actor.take().unwrap();
        actor.kill();
        let _ = task.await;
        tasks.cancel_and_join().await;
        // Another process has another name.
        self.services.messaging = Messaging::new("http://frontdesk", self.services.new_id());
    }

    /// A webhook, without the request. Returns whether it is new.
    async fn come(&self, sid: u32, words: &str) -> bool {
        self.come_to(self.business, sid, words).await
    }

    async fn come_to(&self, business: BusinessId, sid: u32, words: &str) -> bool {
        let message = IncomingMessage {
            id: MessageId(self.services.new_id()),
            person: person(),
            provider_sid: format!("SM{sid:032x}"),
            body: words.to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        let (db, now) = (&self.services.database, self.services.clock.wall());
        let new_id = ConversationId(self.services.new_id());
        let taken = conversations::take_in(db, business, message, new_id, now).await.unwrap();
        self.services.messaging.due(business, &person());
        taken.created
    }

    async fn messages(&self) -> Vec<MessageRecord> {
        let db = &self.services.database;
        messages::conversation(db, self.business, &person(), 50).await.unwrap()
    }

    async fn conversation(&self) -> conversations::ConversationRecord {
        let db = &self.services.database;
        conversations::of_person(db, self.business, &person()).await.unwrap().unwrap()
    }

    /// A call of the person's, until what is returned is closed.
    fn call(&self) -> Arc<CallParts> {
        let mut setup = testing::setup(self.business, Party::Known(person()));
        setup.settings = Arc::new(settings());
        let lease = self.services.node.first_lease();
        CallParts::new(setup, lease, self.services.clone())
    }

    fn sent(&self) -> Vec<String> {
        self.outside.sent().into_iter().map(|sent| sent.body).collect()
    }
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The texts of a request's input.
fn told(request: &Value) -> Vec<String> {
    let items = request["input"].as_array().unwrap();
    items.iter().filter_map(|item| Some(item["content"][0]["text"].as_str()?.to_owned())).collect()
}
