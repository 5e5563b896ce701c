//! Rows of a business, written directly to the database.

use entities::appointments::{AppointmentId, NewAppointment, book};
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall};
use entities::conversations::{self, ConversationId};
use entities::leads::{self, Caller};
use entities::messages::{IncomingMessage, MessageId, MessageKind};
use frontdesk::world::World;
use jiff::{Span, Timestamp};
use protocol::calendar::Calendar;
use protocol::ids::{BusinessId, CallSid, LeadId};
use serde_json::json;

use crate::support::number;

/// One row of each kind.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) lead: LeadId,
    pub(crate) appointment: AppointmentId,
    pub(crate) call: CallSid,
    pub(crate) conversation: ConversationId,
    /// A free slot.
    pub(crate) free: String,
    /// Another one, to which an appointment can be moved.
    pub(crate) later: String,
}

impl Rows {
    /// Creates the rows; `n` makes them differ from others'.
    pub(crate) async fn make(world: &World, business: BusinessId, n: u32) -> Self {
        let lead = lead(world, business, n).await;
        let slots = slots(world, 3);
        Self {
            lead,
            appointment: appointment(world, business, lead, slots[0]).await,
            call: call(world, business, n, Some(lead)).await,
            conversation: conversation(world, business, n).await,
            free: written(world, slots[4]),
            later: written(world, slots[6]),
        }
    }
}

/// The lead of number `n`.
pub(crate) async fn lead(world: &World, business: BusinessId, n: u32) -> LeadId {
    let services = world.app.services();
    let (id, now) = (LeadId(services.new_id()), services.clock.wall());
    let phone = number(n);
    let caller = Caller::Known(&phone);
    let db = &services.database;
    leads::ensure_for_call(db, business, caller, &sid(n), id, now).await.unwrap().record.id
}

/// Books an appointment of the lead that begins then.
pub(crate) async fn appointment(
    world: &World,
    business: BusinessId,
    lead: LeadId,
    start: Timestamp,
) -> AppointmentId {
    let services = world.app.services();
    let end = start + world.business.appointments.length;
    let wanted = NewAppointment {
        id: AppointmentId(services.new_id()),
        lead_id: lead,
        call_sid: None,
        starts_at: start,
        ends_at: end,
        busy_until: end,
        notes: Some("קומה שלישית".to_owned()),
        idempotency_key: None,
        additional: true,
    };
    book(&services.database, business, wanted, services.clock.wall()).await.unwrap().id
}

/// A call that has ended, with two turns.
pub(crate) async fn call(
    world: &World,
    business: BusinessId,
    n: u32,
    lead: Option<LeadId>,
) -> CallSid {
    let services = world.app.services();
    let (db, now) = (&services.database, services.clock.wall());
    let call = NewCall {
        call_sid: sid(n),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: Some(number(n)),
        to_number: world.business.phone_numbers[0].clone(),
        lead_id: lead,
        prompt_version: 1,
        started_at: now,
        is_test: false,
    };
    let call = calls::insert_started(db, business, call).await.unwrap().record.call_sid;
    let turn = |seq, role, text: &str| TurnRow {
        seq,
        role,
        item_id: None,
        text: Some(text.to_owned()),
        heard_ms: (role == TurnRole::Agent).then_some(900),
        cut: false,
        at: now,
        measures: entities::call_turns::TurnMeasures::default(),
    };
    let turns = [turn(1, TurnRole::Agent, "שלום"), turn(2, TurnRole::Caller, "בתל אביב")];
    call_turns::upsert_many(db, business, &call, &turns).await.unwrap();
    let end = EndOfCall {
        ended_at: now,
        end_reason: "user_goodbye".to_owned(),
        ended_by: "agent".to_owned(),
        status: Some(CallStatus::Completed),
        duration: Some(std::time::Duration::from_secs(40)),
        stats: Some(json!({ "age_ms": 40_000, "responses": 3, "cost_micro_usd": null })),
    };
    calls::record_end(db, business, &call, end).await.unwrap();
    call
}

/// A conversation in which a person has written, and wants no answer.
pub(crate) async fn conversation(world: &World, business: BusinessId, n: u32) -> ConversationId {
    let services = world.app.services();
    let (db, now) = (&services.database, services.clock.wall());
    let message = IncomingMessage {
        id: MessageId(services.new_id()),
        person: number(n),
        provider_sid: format!("SM{n:032x}"),
        body: "stop".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let id = ConversationId(services.new_id());
    conversations::take_in(db, business, message, id, now).await.unwrap().conversation
}

/// The slots of the first open day at least `days` ahead, as if nothing were booked.
pub(crate) fn slots(world: &World, days: i32) -> Vec<Timestamp> {
    let now = world.app.services().clock.wall();
    let calendar = Calendar::of(&world.business, now);
    let length = world.business.appointments.length;
    let ahead = |days| calendar.today().saturating_add(Span::new().days(days));
    (days..days + 7)
        .map(|days| calendar.free_on(ahead(days), length, &[]))
        .find(|slots| slots.len() > 8)
        .expect("an open day")
        .iter()
        .map(|slot| slot.start)
        .collect()
}

/// A slot in the API's format.
pub(crate) fn written(world: &World, start: Timestamp) -> String {
    Calendar::of(&world.business, start).rfc3339(start)
}

fn sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}
