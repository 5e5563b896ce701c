//! Something of one person in every table that can have something.

use entities::Database;
use entities::appointments::{AppointmentId, NewAppointment, book};
use entities::audit::{self, About, Author, NewEntry};
use entities::call_snapshots::{self, SnapshotChange};
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall, record_end};
use entities::conversations::{
    ConversationId, MessageChange, Step, claim, release, store, take_in,
};
use entities::leads::{Caller, ChangedBy, LeadChanges, LeadStatus, ensure_for_call, merge_details};
use entities::messages::{IncomingMessage, MediaItem, MessageId, MessageKind, MessageStatus};
use entities::nodes;
use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId, NodeId, PhoneNumber, ToolCallId};
use serde_json::json;
use uuid::Uuid;

use crate::support::{at, call_sid, hung_up, new_id, noon, phone};

pub(super) const NUMBER: &str = "+972507654321";
/// In each of the person's words.
pub(super) const WORD: &str = "zebra";
pub(super) const NAME: &str = "Dana Zebrowitz";

pub(super) fn person() -> PhoneNumber {
    phone(NUMBER)
}

pub(super) struct Filled {
    pub(super) lead: LeadId,
    pub(super) inbound: CallSid,
    pub(super) outbound: CallSid,
    pub(super) booked: AppointmentId,
    pub(super) to_come: AppointmentId,
}

async fn call(db: &Database, business: BusinessId, n: u32, direction: CallDirection) -> CallSid {
    let (ours, theirs) = (phone("+97231111111"), person());
    let (from, to) = match direction {
        CallDirection::Inbound => (theirs, ours),
        CallDirection::Outbound => (ours, theirs),
    };
    let call_sid = call_sid(n);
    let new = NewCall {
        call_sid: call_sid.clone(),
        direction,
        status: CallStatus::InProgress,
        from_number: Some(from),
        to_number: to,
        lead_id: None,
        prompt_version: 1,
        started_at: noon(),
        is_test: false,
    };
    calls::insert_started(db, business, new).await.unwrap();
    let turn = |seq| TurnRow {
        seq,
        role: TurnRole::Caller,
        item_id: None,
        text: Some(format!("my {WORD} is {NAME}, {NUMBER}")),
        heard_ms: None,
        cut: false,
        at: noon(),
        measures: entities::call_turns::TurnMeasures::default(),
    };
    call_turns::upsert_many(db, business, &call_sid, &[turn(1), turn(2)]).await.unwrap();
    let snapshot = SnapshotChange {
        taken_ms: 1,
        setup: Some(json!({ "caller": NUMBER }).to_string()),
        state: json!({ "said": WORD }).to_string(),
        resumes: Vec::new(),
        entries: vec![(1, json!({ "name": NAME }).to_string())],
    };
    call_snapshots::save(db, business, &call_sid, snapshot).await.unwrap();
    call_sid
}

pub(super) async fn finished(db: &Database, business: BusinessId, call: &CallSid) {
    let end = EndOfCall { stats: Some(json!({ "responses": 3 })), ..hung_up() };
    record_end(db, business, call, end).await.unwrap();
    call_snapshots::remove(db, business, call).await.unwrap();
}

async fn booked(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    starts_at: Timestamp,
) -> AppointmentId {
    let ends_at = starts_at + SignedDuration::from_mins(30);
    let wanted = NewAppointment {
        id: AppointmentId(new_id()),
        lead_id: lead,
        call_sid: Some(call_sid(1)),
        starts_at,
        ends_at,
        busy_until: ends_at,
        notes: Some(format!("brings a {WORD}")),
        idempotency_key: Some(ToolCallId::parse(&format!("{WORD}_{starts_at}")).unwrap()),
        additional: true,
    };
    book(db, business, wanted, noon()).await.unwrap().id
}

pub(super) async fn wrote(db: &Database, business: BusinessId, opted_out: bool, now: Timestamp) {
    let message = IncomingMessage {
        id: MessageId(new_id()),
        person: person(),
        provider_sid: format!("SM{}", new_id().simple()),
        body: format!("a {WORD} for {NAME}"),
        kind: MessageKind::Image,
        media: vec![MediaItem {
            url: format!("https://twilio.example/{WORD}"),
            content_type: "image/png".to_owned(),
        }],
    };
    let asked = message.id;
    take_in(db, business, message, ConversationId(new_id()), now).await.unwrap();
    let (owner, until) = (Uuid::from_u128(1), now + SignedDuration::from_mins(1));
    let claimed = claim(db, business, &person(), owner, until, now).await.unwrap().unwrap();
    let answer = MessageChange::Stored {
        id: MessageId(new_id()),
        body: format!("dear {NAME}"),
        answers: Some(asked),
        status: MessageStatus::Queued,
        cost: None,
    };
    let step = Step {
        state: json!({ "said": WORD }),
        due: false,
        lease_until: until,
        lead: None,
        began: None,
        closed: None,
        notes: Some(format!("wants a {WORD}")),
        opted_out: Some(opted_out),
        needs_person: None,
        messages: vec![MessageChange::Handled(vec![asked]), answer],
    };
    assert!(store(db, claimed.claim, &person(), step, now).await.unwrap());
    release(db, claimed.claim).await.unwrap();
}

/// Entries of the audit log that know the person by each of the three ways.
async fn changed_by_hand(db: &Database, business: BusinessId, lead: LeadId) {
    let of_lead = About { lead: Some(lead), ..About::default() };
    let of_number = About { person: Some(person()), ..About::default() };
    let of_call = About { call: Some(call_sid(1)), ..About::default() };
    for about in [of_lead, of_number, of_call] {
        let entry = NewEntry {
            id: new_id(),
            at: noon(),
            by: Author { user: None, name: "noam".to_owned(), address: None },
            action: "lead.edit",
            business: Some(business),
            object: Some(NAME.to_owned()),
            detail: Some(json!({ "before": WORD })),
            about,
        };
        audit::write(db, entry).await.unwrap();
    }
}

/// Something of the person in every table that may have something.
pub(super) async fn fill(db: &Database, business: BusinessId) -> Filled {
    let inbound = call(db, business, 1, CallDirection::Inbound).await;
    let outbound = call(db, business, 2, CallDirection::Outbound).await;
    let (number, new) = (person(), LeadId(new_id()));
    let caller = Caller::Known(&number);
    let lead = ensure_for_call(db, business, caller, &inbound, new, noon()).await.unwrap().record;
    let lead = lead.id;
    for call in [&inbound, &outbound] {
        calls::link_lead(db, business, call, lead).await.unwrap();
    }
    let told = LeadChanges {
        full_name: Some(NAME.to_owned()),
        email: Some(format!("{WORD}@example.com")),
        fields: [("animal".to_owned(), WORD.to_owned())].into(),
        ..LeadChanges::default()
    };
    let (by, status) = (ChangedBy::Api, Some(LeadStatus::Complete));
    merge_details(db, business, lead, told, status, by, noon()).await.unwrap();
    let booked_at = booked(db, business, lead, at("2026-11-20T10:00:00Z")).await;
    let to_come = booked(db, business, lead, at("2026-11-25T10:00:00Z")).await;
    wrote(db, business, true, noon()).await;
    let (node, asker) = (NodeId(new_id()), NodeId(new_id()));
    nodes::report(db, node, "calls", json!({ "from": NUMBER }), asker, noon()).await.unwrap();
    changed_by_hand(db, business, lead).await;
    Filled { lead, inbound, outbound, booked: booked_at, to_come }
}
