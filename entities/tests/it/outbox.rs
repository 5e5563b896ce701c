//! The outbox (OPS-13): what is written with what. Who claims it, and in which order it goes: `claims`.

mod claims;

use entities::appointments::{
    AppointmentId, Authority, NewAppointment, NewTimes, Selector, book, cancel, move_to,
};
use entities::businesses::{ImportBusiness, ImportError, import};
use entities::calls::{RefusedCall, insert_refused, record_end, report_end};
use entities::conversations::{ConversationId, mark_undelivered, take_in};
use entities::leads::{
    Caller, ChangedBy, LeadChanges, ensure_for_call, ensure_for_message, ensure_for_operator,
    merge_details,
};
use entities::messages::{IncomingMessage, MessageId, MessageKind};
use entities::outbox::{
    Claimed, ImportOutbox, ImportWebhook, Number, OutboxFilter, OutboxRecord, OutboxState, Outcome,
    Which, backlog, claim, due, has_secret, list, prepare, receiver, release, resend, settle,
};
use entities::retention::{Old, delete_old};
use entities::{Database, RecordsError};
use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId};
use protocol::webhooks::{EventKind, Target};
use uuid::Uuid;

use crate::support::{
    SECRET, at, call, call_sid, file, hung_up, inbound, lead, new_id, noon, on_each, phone, slug,
    told,
};

const ME: Uuid = Uuid::from_u128(1);
const SOMEBODY: Uuid = Uuid::from_u128(2);

/// The events of a business, the oldest first.
async fn events(db: &Database, business: BusinessId) -> Vec<OutboxRecord> {
    let mut found = list(db, business, OutboxFilter::default(), None, 100).await.unwrap().items;
    found.reverse();
    found
}

async fn kinds(db: &Database, business: BusinessId) -> Vec<&'static str> {
    events(db, business).await.iter().map(|event| event.kind.as_str()).collect()
}

async fn claimed(db: &Database, business: BusinessId, owner: Uuid, now: Timestamp) -> Vec<Claimed> {
    let until = now + SignedDuration::from_secs(90);
    claim(db, (business, Target::Webhook), owner, 10, now, until).await.unwrap()
}

/// Long after everything is due.
fn later() -> Timestamp {
    noon() + SignedDuration::from_mins(1)
}

fn appointment(lead: LeadId, start: &str) -> NewAppointment {
    let starts_at = at(start);
    let ends_at = starts_at + SignedDuration::from_mins(30);
    NewAppointment {
        id: AppointmentId(new_id()),
        lead_id: lead,
        call_sid: Some(call_sid(1)),
        starts_at,
        ends_at,
        busy_until: ends_at,
        notes: None,
        idempotency_key: None,
        additional: true,
    }
}

fn message() -> IncomingMessage {
    IncomingMessage {
        id: MessageId(new_id()),
        person: phone("+972501234567"),
        provider_sid: "SM1".to_owned(),
        body: "שלום".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    }
}

#[tokio::test]
async fn ops_13_each_thing_that_is_written_is_told_once_and_a_repetition_is_not() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let call = call(db, locks, 1).await;
        let (number, caller_is) = (phone("+972501234567"), |n| Caller::Known(n));
        let by = || ChangedBy::Call { call_sid: call_sid(1) };
        for _ in 0..2 {
            let id = LeadId(new_id());
            ensure_for_call(db, locks, caller_is(&number), &call, id, noon()).await.unwrap();
        }
        let lead = ensure_for_message(db, locks, &number, LeadId(new_id()), noon()).await.unwrap();
        let lead = lead.record.id;
        for _ in 0..2 {
            let told =
                LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
            merge_details(db, locks, lead, told, None, by(), noon()).await.unwrap();
        }
        let wanted = appointment(lead, "2026-11-25T10:00:00Z");
        let id = wanted.id;
        for _ in 0..2 {
            book(db, locks, wanted.clone(), noon()).await.unwrap();
        }
        let (starts_at, ends_at) = (at("2026-11-25T11:00:00Z"), at("2026-11-25T11:30:00Z"));
        let times = NewTimes { starts_at, ends_at, busy_until: ends_at };
        for _ in 0..2 {
            move_to(db, locks, lead, id, times, noon()).await.unwrap();
        }
        for _ in 0..2 {
            cancel(db, locks, Authority::Lead(lead), Selector::Id(id), noon()).await.unwrap();
        }
        for _ in 0..2 {
            take_in(db, locks, message(), ConversationId(new_id()), noon()).await.unwrap();
        }
        mark_undelivered(db, locks, &number, "undelivered", false, noon()).await.unwrap();
        for _ in 0..2 {
            report_end(db, locks, &call, hung_up()).await.unwrap();
            record_end(db, locks, &call, hung_up()).await.unwrap();
        }
        let expected = [
            "lead.created",
            "lead.updated",
            "appointment.booked",
            "appointment.moved",
            "appointment.cancelled",
            "message.received",
            "message.needs_person",
            "call.ended",
        ];
        assert_eq!(kinds(db, locks).await, expected);
    })
    .await;
}

#[tokio::test]
async fn ops_13_a_failed_call_is_told_of_behind_its_end_however_it_was_refused() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let failed = |reason: &str| entities::calls::EndOfCall {
            end_reason: reason.to_owned(),
            ..hung_up()
        };
        // Its end comes before its row.
        report_end(db, locks, &call_sid(1), failed("upstream_failed")).await.unwrap();
        assert_eq!(kinds(db, locks).await, [""; 0]);
        call(db, locks, 1).await;
        assert_eq!(kinds(db, locks).await, ["call.ended", "call.failed"]);
        let new = inbound(2);
        let refused = RefusedCall {
            call_sid: new.call_sid,
            direction: new.direction,
            from_number: new.from_number,
            to_number: new.to_number,
            started_at: noon(),
            end: failed("refused"),
        };
        for _ in 0..2 {
            insert_refused(db, locks, refused.clone()).await.unwrap();
        }
        assert_eq!(
            kinds(db, locks).await,
            ["call.ended", "call.failed", "call.ended", "call.failed"]
        );
        for event in events(db, locks).await {
            assert!(event.call_sid.is_some(), "{event:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn ops_13_an_event_is_written_with_what_it_tells_or_not_at_all_and_for_who_wants_it() {
    on_each(async |db| {
        let nobody = crate::support::business(db, "nobody", "+97233333333").await;
        lead(db, nobody, "+972501234567").await;
        assert_eq!(kinds(db, nobody).await, [""; 0]);
        let subscriptions =
            vec![(Target::Webhook, EventKind::LeadCreated), (Target::Sms, EventKind::LeadCreated)];
        let outbox = ImportOutbox { webhook: None, subscriptions };
        let file = ImportBusiness { outbox, ..file("clinic", "+97232222222") };
        let clinic = import(db, file, noon()).await.unwrap().id;
        lead(db, clinic, "+972501234567").await;
        let targets: Vec<_> =
            events(db, clinic).await.iter().map(|event| event.target.as_str()).collect();
        assert_eq!(targets.len(), 2);
        assert!(targets.contains(&"sms") && targets.contains(&"webhook"), "{targets:?}");
        // In a batch that is given up, nothing is told.
        let given_up = db.write_batch(async move |batch| {
            let number = phone("+972509999999");
            let caller = Caller::Known(&number);
            let id = LeadId(new_id());
            ensure_for_call(&batch, clinic, caller, &call_sid(9), id, noon()).await?;
            Err(RecordsError::NotFound)
        });
        given_up.await.unwrap_err();
        assert_eq!(events(db, clinic).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn ops_13_the_bell_rings_when_an_event_can_be_read_and_not_without_one() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let rings = async || {
            let ring = db.bell().rung();
            tokio::time::timeout(std::time::Duration::from_millis(20), ring).await.is_ok()
        };
        let first = lead(db, locks, "+972501234567").await;
        assert!(rings().await, "a new lead");
        assert_eq!(lead(db, locks, "+972501234567").await, first);
        assert!(!rings().await, "nothing is new");
        let done = db.write_batch(async move |batch| {
            let number = phone("+972509999999");
            let caller = Caller::Known(&number);
            let id = LeadId(new_id());
            ensure_for_call(&batch, locks, caller, &call_sid(9), id, noon()).await?;
            Ok(batch)
        });
        done.await.unwrap();
        assert!(rings().await, "a new lead in a batch");
        assert_eq!(events(db, locks).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn ops_13_a_secret_stays_until_another_is_given_and_there_must_be_one() {
    on_each(async |db| {
        let webhook = |url: &str, secret: Option<&str>| ImportBusiness {
            outbox: ImportOutbox {
                webhook: Some(ImportWebhook {
                    url: url.to_owned(),
                    secret: secret.map(|text| text.parse().unwrap()),
                }),
                subscriptions: vec![(Target::Webhook, EventKind::CallEnded)],
            },
            ..file("locks", "+97231111111")
        };
        let refused = import(db, webhook("https://a.example/", None), noon()).await;
        assert!(matches!(refused, Err(ImportError::NoWebhookSecret)), "{refused:?}");
        assert!(!has_secret(db, &slug("locks")).await.unwrap());
        let first = webhook("https://a.example/", Some(SECRET));
        let locks = import(db, first, noon()).await.unwrap().id;
        import(db, webhook("https://b.example/", None), noon()).await.unwrap();
        let known = receiver(db, locks).await.unwrap();
        let (url, secret) = known.webhook.clone().unwrap();
        assert_eq!((url.as_str(), secret.expose().as_str()), ("https://b.example/", SECRET));
        assert!(!format!("{known:?}").contains("MfKQ"));
        assert!(has_secret(db, &slug("locks")).await.unwrap());
        import(db, file("locks", "+97231111111"), noon()).await.unwrap();
        assert!(receiver(db, locks).await.unwrap().webhook.is_none());
        assert!(!has_secret(db, &slug("locks")).await.unwrap());
    })
    .await;
}
