//! Test databases, and rows to begin with.

use std::time::Duration;

use entities::businesses::{ImportBusiness, import};
use entities::calls::{CallDirection, CallStatus, EndOfCall, NewCall, insert_started};
use entities::leads::{Caller, ChangedBy, ensure_for_call};
use entities::outbox::{ImportOutbox, ImportWebhook};
use entities::{Database, OpenMode, PoolSettings};
use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber, Slug};
use protocol::webhooks::{EventKind, Target, WebhookSecret};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// Runs a test on a new database of each available kind and on a simulated one, with the schema.
pub(crate) async fn on_each(test: impl AsyncFn(&Database)) {
    on_each_bare(async |db| {
        migrate(db).await;
        test(db).await;
    })
    .await;
}

/// Creates the schema.
pub(crate) async fn migrate(db: &Database) {
    db.write(move |db| async move { migration::up(&db, None).await }).await.unwrap();
}

/// The same as [`on_each`] without the schema.
pub(crate) async fn on_each_bare(test: impl AsyncFn(&Database)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
    let sqlite = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    test(&sqlite).await;
    sqlite.close().await.unwrap();

    let simulated = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
    test(&simulated).await;
    simulated.close().await.unwrap();

    let Some(url) = postgres_url() else { return };
    let schema = format!("frontdesk_{}", new_id().simple());
    let admin = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    // The extension goes to the public schema: dropping the test's own schema would drop it for all.
    // These statements are one transaction; its lock is released when others see the extension.
    let preparations = format!(
        "SELECT pg_advisory_xact_lock(7); \
         CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE SCHEMA {schema}"
    );
    admin.connection().execute_unprepared(&preparations).await.unwrap();
    let inside = format!("{url}?options[search_path]={schema},public");
    let postgres =
        Database::connect(&inside, PoolSettings::default(), OpenMode::Create).await.unwrap();
    test(&postgres).await;
    postgres.close().await.unwrap();
    let drop = format!("DROP SCHEMA {schema} CASCADE");
    admin.connection().execute_unprepared(&drop).await.unwrap();
    admin.close().await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the tests' one setting, read in this one place")]
fn postgres_url() -> Option<String> {
    std::env::var("FRONTDESK_TEST_POSTGRES").ok()
}

#[expect(clippy::disallowed_methods, reason = "tests of a shared database need ids of their own")]
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// The usual time of a test.
pub(crate) fn noon() -> Timestamp {
    at("2026-11-22T12:00:00Z")
}

/// The caller has hung up.
pub(crate) fn hung_up() -> EndOfCall {
    EndOfCall {
        ended_at: noon(),
        end_reason: "caller_hung_up".to_owned(),
        ended_by: "caller".to_owned(),
        status: Some(CallStatus::Completed),
        duration: None,
        stats: None,
    }
}

pub(crate) fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

pub(crate) fn slug(slug: &str) -> Slug {
    Slug::parse(slug).unwrap()
}

pub(crate) fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

/// A change by the person in a call.
pub(crate) fn in_call(n: u32) -> ChangedBy {
    ChangedBy::Call { call_sid: call_sid(n) }
}

/// A business's file with one phone number.
pub(crate) fn file(name: &str, number: &str) -> ImportBusiness {
    ImportBusiness {
        new_id: BusinessId(new_id()),
        slug: slug(name),
        name: "מנעולי תל אביב".to_owned(),
        phone_numbers: vec![phone(number)],
        whatsapp_number: None,
        timezone: "Asia/Jerusalem".to_owned(),
        language: "he".to_owned(),
        retention: Duration::from_secs(90 * 24 * 3600),
        settings: serde_json::json!({"greeting": {"text": "שלום"}}),
        prompt: "ענה בנימוס".to_owned(),
        outbox: ImportOutbox::default(),
    }
}

pub(crate) async fn business(db: &Database, name: &str, number: &str) -> BusinessId {
    import(db, file(name, number), noon()).await.unwrap().id
}

/// A business whose receiver wants every event.
pub(crate) async fn told(db: &Database, name: &str, number: &str) -> BusinessId {
    import(db, ImportBusiness { outbox: receiver(), ..file(name, number) }, noon())
        .await
        .unwrap()
        .id
}

/// A receiver that wants every event.
pub(crate) fn receiver() -> ImportOutbox {
    ImportOutbox {
        webhook: Some(ImportWebhook {
            url: "https://hooks.example.com/".to_owned(),
            secret: Some(WebhookSecret::parse(SECRET).unwrap()),
        }),
        subscriptions: EventKind::ALL.map(|kind| (Target::Webhook, kind)).to_vec(),
    }
}

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Two businesses that must never see each other's rows.
pub(crate) async fn two_businesses(db: &Database) -> [BusinessId; 2] {
    [business(db, "locks", "+97231111111").await, business(db, "clinic", "+97232222222").await]
}

pub(crate) async fn lead(db: &Database, business: BusinessId, number: &str) -> LeadId {
    let number = phone(number);
    let id = LeadId(new_id());
    ensure_for_call(db, business, Caller::Known(&number), &call_sid(0), id, noon())
        .await
        .unwrap()
        .record
        .id
}

pub(crate) fn inbound(n: u32) -> NewCall {
    NewCall {
        call_sid: call_sid(n),
        direction: CallDirection::Inbound,
        status: CallStatus::Ringing,
        from_number: Some(phone("+972501234567")),
        to_number: phone("+97231111111"),
        lead_id: None,
        prompt_version: 1,
        started_at: noon(),
        is_test: false,
    }
}

pub(crate) async fn call(db: &Database, business: BusinessId, n: u32) -> CallSid {
    insert_started(db, business, inbound(n)).await.unwrap().record.call_sid
}
