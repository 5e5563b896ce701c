//! Writes events, in the transaction of what they tell.

use jiff::{SignedDuration, Timestamp};
use protocol::call::EndReason;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use protocol::webhooks::{EventKind, Target, event_id};
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr};
use serde_json::Value;
use uuid::Uuid;

use super::{NeedsPersonData, OutboxState};
use crate::column;
use crate::database::Told;
use crate::error::RecordsError;
use crate::tables::{calls, outbox, subscriptions};

/// How long the event of a call's end waits for Twilio's last word on it, the duration.
const SETTLES: SignedDuration = SignedDuration::from_secs(3);

/// How long the owner's line of a new lead waits: by then most people have said who they are, and what they want.
const LEAD_SETTLES: SignedDuration = SignedDuration::from_mins(2);

/// An event that is to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(crate) kind: EventKind,
    /// Tells it from others of its kind in the business.
    pub(crate) key: String,
    /// Events of one series are sent in their order.
    pub(crate) series: Option<String>,
    pub(crate) call: Option<CallSid>,
    pub(crate) lead: Option<LeadId>,
    pub(crate) person: Option<PhoneNumber>,
    pub(crate) data: Option<Value>,
    pub(crate) at: Timestamp,
}

impl NewEvent {
    pub(crate) fn new(kind: EventKind, key: String, at: Timestamp) -> Self {
        let (series, call, lead, person, data) = (None, None, None, None, None);
        Self { kind, key, series, call, lead, person, data, at }
    }

    /// Of this call, behind its earlier events.
    pub(crate) fn of_call(self, call: Option<CallSid>) -> Self {
        let series = call.as_ref().map(ToString::to_string);
        Self { series, call, ..self }
    }

    /// Of this conversation, behind its earlier events.
    pub(crate) fn of_conversation(self, conversation: Uuid, person: &PhoneNumber) -> Self {
        let (series, person) = (Some(conversation.to_string()), Some(person.clone()));
        Self { series, person, ..self }
    }

    pub(crate) fn of_lead(self, lead: LeadId) -> Self {
        Self { lead: Some(lead), ..self }
    }

    pub(crate) fn with(self, data: impl serde::Serialize) -> Self {
        Self { data: serde_json::to_value(data).ok(), ..self }
    }
}

/// Writes an event for each target that wants it: often none. `told` is held until the transaction is
/// over. An event that is written already is not written again.
pub(crate) async fn tell(
    db: &impl ConnectionTrait,
    told: &Told,
    business: BusinessId,
    event: NewEvent,
) -> Result<(), RecordsError> {
    let due_at = event.at;
    write(db, told, business, event, due_at, None).await
}

/// A call's end, as it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallEnd<'a> {
    pub(crate) at: Timestamp,
    pub(crate) reason: &'a str,
    /// Nothing more is to come of it.
    pub(crate) is_whole: bool,
}

/// Tells of a call's end. To be written before the end is, since only the first end is told; a call that is
/// `stored` with its end is told of afterwards.
pub(crate) async fn tell_end(
    db: &impl ConnectionTrait,
    told: &Told,
    business: BusinessId,
    call: &CallSid,
    end: CallEnd<'_>,
    stored: bool,
) -> Result<(), RecordsError> {
    let goes_on = Query::select()
        .expr(Expr::val(1))
        .from(calls::Entity)
        .and_where(calls::Column::CallSid.eq(call.as_str()))
        .and_where(calls::Column::BusinessId.eq(business.0))
        .and_where(calls::Column::EndedAt.is_null())
        // Nothing is told of a test (CON-5).
        .and_where(calls::Column::IsTest.eq(false))
        .take();
    let only_if = || (!stored).then(|| Expr::exists(goes_on.clone()));
    let wait = if end.is_whole { SignedDuration::ZERO } else { SETTLES };
    let due_at = end.at.checked_add(wait).unwrap_or(end.at);
    let event = |kind| NewEvent::new(kind, call.to_string(), end.at).of_call(Some(call.clone()));
    write(db, told, business, event(EventKind::CallEnded), due_at, only_if()).await?;
    if EndReason::names_failure(end.reason) {
        write(db, told, business, event(EventKind::CallFailed), due_at, only_if()).await?;
    }
    Ok(())
}

/// Tells that a conversation needs a person, in the transaction that marks it.
pub(crate) async fn tell_of_need(
    db: &impl ConnectionTrait,
    told: &Told,
    business: BusinessId,
    (conversation, person): (Uuid, &PhoneNumber),
    reason: &str,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let key = format!("{conversation}/{reason}/{}", now.as_microsecond());
    let data = NeedsPersonData { conversation_id: conversation, person, reason, since: now };
    let event = NewEvent::new(EventKind::MessageNeedsPerson, key, now);
    let event = event.of_conversation(conversation, person).with(data);
    tell(db, told, business, event).await
}

/// When the event is due, for the target of the row.
fn due(kind: EventKind, at: Timestamp) -> Expr {
    let at_once = Expr::val(column::from_instant(at));
    if kind != EventKind::LeadCreated {
        return at_once;
    }
    let later = at.checked_add(LEAD_SETTLES).unwrap_or(at);
    let is_line = subscriptions::Column::Target.ne(Target::Webhook.as_str());
    CaseStatement::new()
        .case(is_line, Expr::val(column::from_instant(later)))
        .finally(at_once)
        .into()
}

/// One statement: the rows are made from those of `subscriptions`.
async fn write(
    db: &impl ConnectionTrait,
    told: &Told,
    business: BusinessId,
    event: NewEvent,
    due_at: Timestamp,
    only_if: Option<Expr>,
) -> Result<(), RecordsError> {
    use outbox::Column;
    let kind = event.kind.as_str();
    let values = [
        (Column::Id, Expr::val(event_id(business, event.kind, &event.key))),
        (Column::BusinessId, Expr::val(business.0)),
        (Column::Event, Expr::val(kind)),
        (Column::Series, Expr::val(event.series)),
        (Column::CallSid, Expr::val(event.call.map(|call| call.to_string()))),
        (Column::LeadId, Expr::val(event.lead.map(|lead| lead.0))),
        (Column::Person, Expr::val(event.person.map(|person| person.to_string()))),
        (Column::Data, Expr::val(event.data)),
        (Column::Prepared, Expr::val(false)),
        (Column::State, Expr::val(OutboxState::Waiting)),
        (Column::CreatedAt, Expr::val(column::from_instant(event.at))),
        (Column::Tries, Expr::val(0_i64)),
    ];
    let mut wanted = Query::select();
    wanted.from(subscriptions::Entity).expr(Expr::col(subscriptions::Column::Target));
    let mut columns = vec![Column::Target];
    for (column, value) in values {
        columns.push(column);
        wanted.expr(value);
    }
    columns.push(Column::DueAt);
    wanted.expr(due(event.kind, due_at));
    wanted
        .and_where(subscriptions::Column::BusinessId.eq(business.0))
        .and_where(subscriptions::Column::Event.eq(kind));
    if let Some(condition) = only_if {
        wanted.and_where(condition);
    }
    let mut insert = Query::insert();
    insert.into_table(outbox::Entity).columns(columns);
    insert.select_from(wanted).map_err(|error| DbErr::Custom(error.to_string()))?;
    insert.on_conflict(OnConflict::new().do_nothing().to_owned());
    if db.execute(&insert).await?.rows_affected() > 0 {
        told.something();
    }
    Ok(())
}
