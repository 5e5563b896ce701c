//! LEAD-3: queries with another business's id neither read, write nor link a row.

use entities::appointments::{
    self, AppointmentFilter, AppointmentId, Authority, BookingError, NewAppointment, Selector,
};
use entities::call_snapshots::{self, SnapshotChange};
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallFilter, CallStatus, EndOfCall, NewCall, Progress};
use entities::leads::{self, Caller, ChangedBy, LeadChanges, LeadFilter, LeadStatus};
use entities::messages::{self, IncomingMessage, MessageId, MessageStatus, OutgoingMessage};
use entities::retention::{Old, delete_old};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, LeadId, ToolCallId};

use crate::support::{
    at, call, call_sid, inbound, lead, new_id, noon, on_each, phone, two_businesses,
};

fn refused<T: std::fmt::Debug>(answer: Result<T, RecordsError>) {
    assert!(matches!(answer, Err(RecordsError::NotFound)), "{answer:?}");
}

fn key() -> Option<ToolCallId> {
    Some(ToolCallId::parse("call_1").unwrap())
}

fn at_ten(lead_id: LeadId) -> NewAppointment {
    NewAppointment {
        id: AppointmentId(new_id()),
        lead_id,
        call_sid: None,
        starts_at: at("2026-11-25T10:00:00Z"),
        ends_at: at("2026-11-25T10:30:00Z"),
        busy_until: at("2026-11-25T10:30:00Z"),
        notes: None,
        idempotency_key: key(),
        additional: true,
    }
}

fn turn(text: &str) -> TurnRow {
    TurnRow {
        seq: 1,
        role: TurnRole::Caller,
        item_id: None,
        text: Some(text.to_owned()),
        heard_ms: None,
        cut: false,
        at: noon(),
        measures: entities::call_turns::TurnMeasures::default(),
    }
}

#[tokio::test]
async fn lead_3_another_business_cannot_read_or_change_a_lead() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let theirs = lead(db, locks, "+972501234567").await;
        let before = leads::get(db, locks, theirs).await.unwrap();
        let history = leads::history(db, locks, theirs, None, 9).await.unwrap().items;
        assert_eq!(leads::get(db, clinic, theirs).await.unwrap(), None);
        assert!(
            leads::list(db, clinic, LeadFilter::default(), None, 10)
                .await
                .unwrap()
                .items
                .is_empty()
        );
        let changes = LeadChanges { full_name: Some("X".to_owned()), ..LeadChanges::default() };
        let status = Some(LeadStatus::Declined);
        let by = ChangedBy::Api;
        refused(leads::merge_details(db, clinic, theirs, changes, status, by, noon()).await);
        assert_eq!(leads::history(db, clinic, theirs, None, 9).await.unwrap().items, []);
        assert_eq!(leads::history(db, locks, theirs, None, 9).await.unwrap().items, history);

        let number = phone("+972501234567");
        let caller = Caller::Known(&number);
        let id = LeadId(new_id());
        let own = leads::ensure_for_call(db, clinic, caller, &call_sid(1), id, noon()).await;
        assert_eq!(own.unwrap().record.id, id);
        assert_eq!(leads::get(db, locks, theirs).await.unwrap(), before);
        let nobody = BusinessId(new_id());
        let id = LeadId(new_id());
        refused(leads::ensure_for_call(db, nobody, caller, &call_sid(1), id, noon()).await);
        refused(leads::ensure_for_message(db, nobody, &number, id, noon()).await);
    })
    .await;
}

#[tokio::test]
async fn lead_3_another_business_cannot_read_or_change_an_appointment() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let lead = lead(db, locks, "+972501234567").await;
        let held = appointments::book(db, locks, at_ten(lead), noon()).await.unwrap();
        let (from, until) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        assert_eq!(appointments::get(db, clinic, held.id).await.unwrap(), None);
        assert_eq!(appointments::between(db, clinic, from, until).await.unwrap(), []);
        assert_eq!(appointments::of_lead_upcoming(db, clinic, lead, from).await.unwrap(), []);
        assert_eq!(
            appointments::list(db, clinic, AppointmentFilter::default(), None, 9)
                .await
                .unwrap()
                .items,
            []
        );
        for authority in [Authority::Business, Authority::Lead(lead)] {
            for which in [Selector::Id(held.id), Selector::StartsAt(held.starts_at)] {
                refused(appointments::cancel(db, clinic, authority, which, noon()).await);
            }
        }
        // With the other business's lead and even its key, nothing is returned and nothing is booked.
        for business in [clinic, BusinessId(new_id())] {
            let foreign = appointments::book(db, business, at_ten(lead), noon()).await;
            let expected = matches!(foreign, Err(BookingError::Records(RecordsError::NotFound)));
            assert!(expected, "{foreign:?}");
        }
        assert_eq!(appointments::get(db, locks, held.id).await.unwrap(), Some(held));
    })
    .await;
}

#[tokio::test]
async fn lead_3_another_business_cannot_read_or_change_a_call_its_state_or_its_turns() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let sid = call(db, locks, 1).await;
        call_snapshots::save(db, locks, &sid, snapshot("ours")).await.unwrap();
        call_turns::upsert_many(db, locks, &sid, &[turn("ours")]).await.unwrap();
        let before = calls::get(db, locks, &sid).await.unwrap();

        cannot_read_call(db, clinic).await;
        cannot_write_call(db, clinic).await;
        let foreign_lead = lead(db, clinic, "+972501234567").await;
        refused(calls::link_lead(db, locks, &sid, foreign_lead).await);
        let linked = NewCall { lead_id: Some(foreign_lead), ..inbound(2) };
        refused(calls::insert_started(db, locks, linked).await);

        assert_eq!(calls::get(db, locks, &sid).await.unwrap(), before);
        let stored = call_snapshots::of_any_business(db, &sid).await.unwrap().unwrap();
        assert_eq!((stored.business, stored.state.as_str()), (locks, "ours"));
        assert_eq!(stored.entries, ["ours"]);
        assert_eq!(call_turns::of_call(db, locks, &sid).await.unwrap(), [turn("ours")]);
    })
    .await;
}

fn snapshot(text: &str) -> SnapshotChange {
    SnapshotChange {
        taken_ms: 1,
        setup: Some(text.to_owned()),
        state: text.to_owned(),
        resumes: Vec::new(),
        entries: vec![(1, text.to_owned())],
    }
}

async fn cannot_read_call(db: &Database, clinic: BusinessId) {
    let sid = call_sid(1);
    assert_eq!(calls::get(db, clinic, &sid).await.unwrap(), None);
    assert_eq!(calls::list(db, clinic, CallFilter::default(), None, 9).await.unwrap().items, []);
    refused(calls::list(db, clinic, CallFilter::default(), Some(&sid), 9).await);
    assert_eq!(call_turns::of_call(db, clinic, &sid).await.unwrap(), []);
}

async fn cannot_write_call(db: &Database, clinic: BusinessId) {
    let sid = call_sid(1);
    let stolen = calls::insert_started(db, clinic, inbound(1)).await;
    assert!(matches!(stolen, Err(RecordsError::Conflict)), "{stolen:?}");
    let own = lead(db, clinic, "+972503333333").await;
    refused(calls::link_lead(db, clinic, &sid, own).await);
    let progress = Progress { status: CallStatus::Failed, answered_at: Some(noon()) };
    refused(calls::record_progress(db, clinic, &sid, progress).await);
    // Nothing is written: the row is another business's.
    call_snapshots::save(db, clinic, &sid, snapshot("theirs")).await.unwrap();
    let later = SnapshotChange { setup: None, ..snapshot("theirs") };
    call_snapshots::save(db, clinic, &sid, later).await.unwrap();
    call_snapshots::remove(db, clinic, &sid).await.unwrap();
    let end = EndOfCall {
        ended_at: noon(),
        end_reason: "operator".to_owned(),
        ended_by: "api".to_owned(),
        status: None,
        duration: None,
        stats: None,
    };
    refused(calls::record_end(db, clinic, &sid, end).await);
    // A turn that is stored, and one that is not.
    for seq in [1, 2] {
        let turn = TurnRow { seq, ..turn("theirs") };
        refused(call_turns::upsert_many(db, clinic, &sid, &[turn]).await);
    }
    let cutoff = at("2030-01-01T00:00:00Z");
    assert_eq!(delete_old(db, clinic, Old::Turns, cutoff, 9, noon()).await.unwrap(), 0);
    assert_eq!(delete_old(db, clinic, Old::Snapshots, cutoff, 9, noon()).await.unwrap(), 0);
}

#[tokio::test]
async fn lead_3_another_business_cannot_read_or_change_a_message() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let person = phone("+972501234567");
        let incoming = || IncomingMessage {
            id: MessageId(new_id()),
            person: person.clone(),
            provider_sid: "SM1".to_owned(),
            body: "hello".to_owned(),
            kind: messages::MessageKind::Text,
            media: Vec::new(),
        };
        let asked = messages::insert_incoming(db, locks, incoming(), noon()).await.unwrap().record;
        let answer = |in_reply_to| OutgoingMessage {
            id: MessageId(new_id()),
            person: person.clone(),
            body: "hi".to_owned(),
            in_reply_to,
        };
        let unsent = messages::insert_outgoing(db, locks, answer(None), noon()).await.unwrap();

        let stolen = messages::insert_incoming(db, clinic, incoming(), noon()).await;
        assert!(matches!(stolen, Err(RecordsError::Conflict)), "{stolen:?}");
        refused(messages::insert_outgoing(db, clinic, answer(Some(asked.id)), noon()).await);
        refused(messages::set_provider_sid(db, clinic, unsent.record.id, "SM2").await);
        refused(messages::set_status(db, clinic, "SM1", MessageStatus::Read).await);
        assert_eq!(messages::conversation(db, clinic, &person, 9).await.unwrap(), []);
        let cutoff = at("2030-01-01T00:00:00Z");
        assert_eq!(delete_old(db, clinic, Old::Messages, cutoff, 9, noon()).await.unwrap(), 0);
        let theirs = messages::conversation(db, locks, &person, 9).await.unwrap();
        assert_eq!(theirs, [asked, unsent.record]);
        refused(
            messages::insert_incoming(
                db,
                BusinessId(new_id()),
                IncomingMessage { provider_sid: "SM9".to_owned(), ..incoming() },
                noon(),
            )
            .await,
        );
    })
    .await;
}
