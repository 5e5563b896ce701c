//! A call whose database, OpenAI and Twilio are the test's.

use std::sync::Arc;
use std::time::Duration;

use entities::businesses::{ImportBusiness, import};
use entities::{Database, OpenMode};
use protocol::business::BusinessSettings;
use protocol::call::{CallSetup, LeadFacts, SessionAges};
use protocol::ids::{AccountSid, BusinessId, CallSid, PhoneNumber, Slug};
use protocol::twilio::forms::{Direction, Party};
use supervision::{ActorInfo, Inbox, RestartPolicy};
use uuid::Uuid;

use crate::call_parts::{CallParts, Services};
use crate::carrier::BrowserLines;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::cluster::{LocalCluster, Node, NodeSettings};
use crate::dialer::{Dialer, Dialing};
use crate::http_client::Connections;
use crate::introspection::{ActorKind, Introspection, Registration};
use crate::journal::{Disk, Journal};
use crate::link::{Connecting, Connector};
use crate::outbox::Outbox;
use crate::provider::SharedBreaker;
use crate::text_model::{TextEndpoint, TextModel};
use crate::twilio_rest::TwilioRest;
use crate::written::Messaging;

/// Never reaches anybody.
pub(crate) struct Unreachable;

impl Connector for Unreachable {
    fn connect(&self, _: &str) -> Connecting {
        Box::pin(std::future::pending())
    }
}

impl Dialer for Unreachable {
    fn dial(&self, _: http::Uri) -> Dialing {
        Box::pin(std::future::pending())
    }
}

pub(crate) fn settings() -> BusinessSettings {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    BusinessSettings::new(Slug::parse("locks").unwrap(), "locks", vec![number])
}

pub(crate) fn call_sid() -> CallSid {
    CallSid::parse("CA00000000000000000000000000000001").unwrap()
}

pub(crate) fn setup(business: BusinessId, person: Party) -> CallSetup {
    let settings = settings();
    CallSetup {
        call_sid: call_sid(),
        business,
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        business_number: settings.phone_numbers[0].clone(),
        settings: Arc::new(settings),
        direction: Direction::Inbound,
        person,
        prompt_version: 1,
        instructions: "answer".into(),
        lead: LeadFacts::default(),
        transfer: None,
        upstream_patience: Duration::from_secs(10),
        stream_patience: Duration::from_secs(15),
        session_ages: SessionAges::default(),
        is_test: false,
    }
}

/// One daemon alone on its database.
pub(crate) fn node(database: &Database) -> Node {
    let settings = NodeSettings { url: "http://node".to_owned(), max_calls: 10 };
    let cluster = Arc::new(LocalCluster::alone(database.clone()));
    Node::new(settings, cluster, Clock::start(), &Chance::seeded(2))
}

/// What a call needs of the daemon. Nobody reads the shared inboxes.
pub(crate) fn services(
    database: Database,
    connector: Arc<dyn Connector>,
    dialer: Arc<dyn Dialer>,
) -> Services {
    let account = AccountSid::parse("AC00000000000000000000000000000001").unwrap();
    let (chance, clock, provider) = (Chance::seeded(1), Clock::start(), SharedBreaker::default());
    let endpoint = TextEndpoint {
        url: "http://openai".to_owned(),
        key: "key".to_owned().into(),
        model: "gpt-6-luna".to_owned(),
    };
    let text_model = TextModel::new(
        Arc::clone(&dialer),
        Connections::Closed,
        endpoint,
        (clock, chance.clone()),
        provider.clone(),
        Arc::default(),
    );
    Services {
        clock,
        chance: chance.clone(),
        node: node(&database),
        database,
        connector,
        provider,
        twilio: TwilioRest::new(
            dialer,
            Connections::Closed,
            "http://twilio",
            account,
            "token".to_owned().into(),
            chance,
        ),
        lines: BrowserLines::default(),
        journal: Journal::new(Disk::none()),
        calendar: Inbox::new(64),
        messaging: Messaging::new("http://frontdesk", Uuid::nil()),
        outbox: Outbox::new(Uuid::nil(), Arc::new(Unreachable), Connections::Closed),
        text_model,
        traces: crate::call_trace::CallTraces::default(),
        introspection: Introspection::on("http://node"),
        metrics: Arc::default(),
        transcriptions: Arc::default(),
        restarts: RestartPolicy::default(),
    }
}

/// A call of an unknown person, without a database.
pub(crate) fn call(connector: Arc<dyn Connector>) -> Arc<CallParts> {
    let services = services(Database::default(), connector, Arc::new(Unreachable));
    let lease = services.node.first_lease();
    CallParts::new(setup(BusinessId(Uuid::nil()), Party::Withheld), lease, services)
}

pub(crate) fn register(parts: &CallParts, kind: ActorKind) -> Registration {
    let info = ActorInfo {
        kind,
        parent: None,
        scope: Some(parts.setup.call_sid.clone()),
        generation: supervision::Generation::default(),
        last_error: None,
        depth: Box::new(|| 0),
    };
    parts.services.introspection.register(info, parts.clock.now())
}

/// A database in memory, with the schema and these businesses.
pub(crate) async fn database<const N: usize>(slugs: [&str; N]) -> (Database, [BusinessId; N]) {
    let pool = entities::PoolSettings::default();
    let database = Database::connect("sqlite::memory:", pool, OpenMode::Create).await.unwrap();
    database.write(|db| async move { migration::up(&db, None).await }).await.unwrap();
    let clock = Clock::start();
    let mut ids = Vec::new();
    for (place, slug) in slugs.into_iter().enumerate() {
        let business = ImportBusiness {
            new_id: BusinessId(Uuid::from_u128(place as u128)),
            slug: Slug::parse(slug).unwrap(),
            name: slug.to_owned(),
            phone_numbers: vec![PhoneNumber::parse(&format!("+9723123456{place}")).unwrap()],
            whatsapp_number: None,
            timezone: "Asia/Jerusalem".to_owned(),
            language: "he".to_owned(),
            retention: Duration::from_secs(24 * 60 * 60),
            settings: serde_json::json!({}),
            prompt: "answer".to_owned(),
            outbox: entities::outbox::ImportOutbox::default(),
        };
        ids.push(import(&database, business, clock.wall()).await.unwrap().id);
    }
    (database, ids.try_into().unwrap())
}
