//! The one read of a voice webhook.

use std::time::Duration;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, PhoneNumber};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition, Order, Query};
use sea_orm::{
    ColumnTrait, DbErr, DerivePartialModel, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef, Select, SelectModel, Selector,
};
use tokio::time::timeout;

use super::BusinessRecord;
use crate::appointments::{AppointmentRecord, AppointmentStatus};
use crate::calls::{CallLease, lease_of};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::leads::LeadRecord;
use crate::messages::MessageRecord;
use crate::tables::{
    appointments, business_numbers, businesses, call_snapshots, calls, early_statuses, leads,
    messages, prompts,
};

/// Bounds the part of the prompt that lists a person's appointments.
const MAX_APPOINTMENTS: usize = 10;
/// The newest written messages of the person, for the prompt.
const MAX_MESSAGES: u64 = 6;

/// What answering a call needs, in one read (CALL-1).
#[derive(Debug, Clone, PartialEq)]
pub struct VoiceLookup {
    pub business: BusinessRecord,
    /// The version of the newest prompt.
    pub prompt_version: i32,
    pub prompt_text: String,
    /// `None` if the person is new, or withholds the number.
    pub lead: Option<LeadRecord>,
    /// The lead's booked appointments that have not ended, the next one first; at most ten.
    pub appointments: Vec<AppointmentRecord>,
    /// How the call has ended; `None` if it goes on or is new.
    pub ended: Option<EndedCall>,
    /// Which node has the call; `None` if it is over, or nobody has answered it yet.
    pub running: Option<RunningCall>,
    /// The newest written messages between the two, oldest first; at most six (WA-7).
    pub messages: Vec<MessageRecord>,
    /// Whether the call can go on from a snapshot (RES-4).
    pub has_snapshot: bool,
}

/// A call that a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunningCall {
    pub lease: CallLease,
    /// Whether a stream has opened.
    pub is_answered: bool,
}

/// The end of a call, in its row or reported before it had one (CALL-11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedCall {
    pub at: Timestamp,
    /// END-1.
    pub reason: String,
    /// Whether the call has a row.
    pub is_stored: bool,
    /// Whether Twilio has reported the end. A call that was turned away at the door may go on there.
    pub is_terminal: bool,
}

/// A call, as its webhook names it.
#[derive(Debug, Clone, Copy)]
pub struct CallKey<'a> {
    pub our_number: &'a PhoneNumber,
    /// `None` if it is withheld.
    pub their_number: Option<&'a PhoneNumber>,
    /// `None` if there is no call yet.
    pub call: Option<&'a CallSid>,
}

/// Finds a business by one of its numbers. The same statement reads its newest prompt, the person's
/// lead, the lead's appointments that end after `now`, and how the call ended if it is over.
pub async fn find_for_voice(
    db: &Database,
    key: CallKey<'_>,
    now: Timestamp,
) -> Result<Option<VoiceLookup>, RecordsError> {
    let (our_number, their_number) = (key.our_number.clone(), key.their_number.cloned());
    let call = key.call.cloned();
    db.read_first(move |db| async move {
        let rows = rows_for(their_number.as_ref(), call.as_ref(), now);
        collect_lookup(with_number(rows, our_number.as_str()).all(&db).await?)
    })
    .await
}

/// The same for a written conversation, in which no call is asked for and the messages are read apart.
pub async fn find_for_text(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    now: Timestamp,
) -> Result<Option<VoiceLookup>, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let rows = rows_for(Some(&person), None, now).filter(businesses::Column::Id.eq(business.0));
        collect_lookup(of_rows(rows).all(&db).await?)
    })
    .await
}

/// Whether the read of a voice webhook succeeds within `limit`: it is made for a number that nobody has.
pub async fn try_find_for_voice(
    db: &Database,
    limit: Duration,
    now: Timestamp,
) -> Result<(), RecordsError> {
    db.read_first(move |db| async move {
        let none = with_number(rows_for(None, None, now), "");
        match timeout(limit, none.all(&db)).await {
            Ok(read) => Ok(read.map(drop)?),
            // Dropped: it keeps no connection from a webhook.
            Err(_) => Err(RecordsError::Database(DbErr::Custom(format!("no answer in {limit:?}")))),
        }
    })
    .await
}

fn with_number(
    rows: Select<businesses::Entity>,
    our_number: &str,
) -> Selector<SelectModel<VoiceRow>> {
    let number = business_numbers::Column::Number.eq(our_number);
    of_rows(rows.join(JoinType::InnerJoin, join_numbers()).filter(number))
}

/// One row for each pair of an appointment and a message.
fn of_rows(rows: Select<businesses::Entity>) -> Selector<SelectModel<VoiceRow>> {
    rows.order_by_asc(appointments::Column::StartsAt)
        .order_by_asc(appointments::Column::Id)
        .limit(MAX_APPOINTMENTS as u64 * MAX_MESSAGES)
        .into_partial_model::<VoiceRow>()
}

fn rows_for(
    their_number: Option<&PhoneNumber>,
    call: Option<&CallSid>,
    now: Timestamp,
) -> Select<businesses::Entity> {
    businesses::Entity::find()
        .join(JoinType::InnerJoin, join_newest_prompt())
        .join(JoinType::LeftJoin, join_lead_with(their_number))
        .join(JoinType::LeftJoin, join_booked_after(now))
        .join(JoinType::LeftJoin, join_call(call))
        .join(JoinType::LeftJoin, join_early_status(call))
        .join(JoinType::LeftJoin, join_newest_messages(their_number))
        .join(JoinType::LeftJoin, join_snapshot(call))
}

/// The newest messages of the person. A comparison with null is never true.
fn join_newest_messages(person: Option<&PhoneNumber>) -> RelationDef {
    let person = person.map(|number| number.as_str().to_owned());
    businesses::Entity::has_many(messages::Entity)
        .on_condition(move |business, message| {
            let newest = Query::select()
                .column(("newest_messages", messages::Column::Id))
                .from_as(messages::Entity, "newest_messages")
                .and_where(
                    Expr::col(("newest_messages", messages::Column::BusinessId))
                        .equals((business, businesses::Column::Id)),
                )
                .and_where(
                    Expr::col(("newest_messages", messages::Column::Person))
                        .eq(Expr::val(person.clone())),
                )
                .order_by(("newest_messages", messages::Column::CreatedAt), Order::Desc)
                .order_by(("newest_messages", messages::Column::Id), Order::Desc)
                .limit(MAX_MESSAGES)
                .take();
            Expr::col((message, messages::Column::Id)).in_subquery(newest).into_condition()
        })
        .into()
}

fn join_numbers() -> RelationDef {
    businesses::Entity::has_many(business_numbers::Entity).into()
}

fn join_newest_prompt() -> RelationDef {
    businesses::Entity::has_many(prompts::Entity)
        .on_condition(|business, prompt| {
            let newest = Query::select()
                .expr(Expr::col(("newest", prompts::Column::Version)).max())
                .from_as(prompts::Entity, "newest")
                .and_where(
                    Expr::col(("newest", prompts::Column::BusinessId))
                        .equals((business, businesses::Column::Id)),
                )
                .take();
            Expr::col((prompt, prompts::Column::Version)).eq(newest).into_condition()
        })
        .into()
}

fn join_lead_with(phone: Option<&PhoneNumber>) -> RelationDef {
    // A comparison with null is never true: a withheld number finds no lead.
    let phone = phone.map(|number| number.as_str().to_owned());
    businesses::Entity::has_many(leads::Entity)
        .on_condition(move |_, lead| {
            Expr::col((lead, leads::Column::Phone)).eq(Expr::val(phone.clone())).into_condition()
        })
        .into()
}

fn join_booked_after(now: Timestamp) -> RelationDef {
    leads::Entity::has_many(appointments::Entity)
        .on_condition(move |_, appointment| {
            let column_of = |column: appointments::Column| Expr::col((appointment.clone(), column));
            column_of(appointments::Column::Status)
                .eq(AppointmentStatus::Booked)
                .and(column_of(appointments::Column::EndsAt).gt(column::from_instant(now)))
                .into_condition()
        })
        .into()
}

// A comparison with null is never true: a call that there is not yet finds nothing.
fn join_call(call: Option<&CallSid>) -> RelationDef {
    let call = call.map(ToString::to_string);
    businesses::Entity::has_many(calls::Entity)
        .on_condition(move |_, row| {
            Expr::col((row, calls::Column::CallSid)).eq(Expr::val(call.clone())).into_condition()
        })
        .into()
}

fn join_early_status(call: Option<&CallSid>) -> RelationDef {
    let call = call.map(ToString::to_string);
    businesses::Entity::has_many(early_statuses::Entity)
        .on_condition(move |_, row| {
            let column = Expr::col((row, early_statuses::Column::CallSid));
            column.eq(Expr::val(call.clone())).into_condition()
        })
        .into()
}

fn join_snapshot(call: Option<&CallSid>) -> RelationDef {
    let call = call.map(ToString::to_string);
    businesses::Entity::has_many(call_snapshots::Entity)
        .on_condition(move |_, row| {
            let column = Expr::col((row, call_snapshots::Column::CallSid));
            column.eq(Expr::val(call.clone())).into_condition()
        })
        .into()
}

/// One row of the join. There is one per pair of an appointment of the lead and a message.
#[derive(DerivePartialModel)]
#[sea_orm(entity = "businesses::Entity")]
struct VoiceRow {
    #[sea_orm(nested)]
    business: businesses::Model,
    #[sea_orm(nested)]
    prompt: prompts::Model,
    #[sea_orm(nested)]
    lead: Option<leads::Model>,
    #[sea_orm(nested)]
    appointment: Option<appointments::Model>,
    #[sea_orm(nested)]
    call: Option<calls::EndRow>,
    #[sea_orm(nested)]
    early: Option<early_statuses::Model>,
    #[sea_orm(nested)]
    message: Option<messages::Model>,
    #[sea_orm(nested)]
    snapshot: Option<call_snapshots::Presence>,
}

fn collect_lookup(rows: Vec<VoiceRow>) -> Result<Option<VoiceLookup>, RecordsError> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Ok(None) };
    let running = running(first.call.as_ref())?;
    let ended = ended(first.call, first.early)?;
    let has_snapshot = first.snapshot.is_some_and(|snapshot| !snapshot.call_sid.is_empty());
    let (mut booked, mut written) = (Vec::new(), Vec::new());
    let pairs = rows.map(|row| (row.appointment, row.message));
    for (appointment, message) in std::iter::once((first.appointment, first.message)).chain(pairs) {
        let is_new = |one: &appointments::Model| {
            !booked.iter().any(|it: &appointments::Model| it.id == one.id)
        };
        if let Some(appointment) = appointment.filter(is_new) {
            booked.push(appointment);
        }
        let is_new =
            |one: &messages::Model| !written.iter().any(|it: &messages::Model| it.id == one.id);
        if let Some(message) = message.filter(is_new) {
            written.push(message);
        }
    }
    booked.truncate(MAX_APPOINTMENTS);
    written.sort_by_key(|message| (message.created_at, message.id));
    Ok(Some(VoiceLookup {
        business: first.business.try_into()?,
        prompt_version: first.prompt.version,
        prompt_text: first.prompt.text,
        lead: first.lead.map(LeadRecord::try_from).transpose()?,
        appointments: booked
            .into_iter()
            .map(AppointmentRecord::try_from)
            .collect::<Result<_, _>>()?,
        running: running.filter(|_| ended.is_none()),
        ended,
        messages: written.into_iter().map(MessageRecord::try_from).collect::<Result<_, _>>()?,
        has_snapshot,
    }))
}

fn running(call: Option<&calls::EndRow>) -> Result<Option<RunningCall>, RecordsError> {
    let Some(call) = call else { return Ok(None) };
    let (lease, is_answered) = (lease_of(call.node_id, call.fence)?, call.answered_at.is_some());
    Ok(lease.map(|lease| RunningCall { lease, is_answered }))
}

fn ended(
    call: Option<calls::EndRow>,
    early: Option<early_statuses::Model>,
) -> Result<Option<EndedCall>, RecordsError> {
    let stored = call.and_then(|call| {
        let reason = call.end_reason.unwrap_or_default();
        Some((call.ended_at?, reason, call.status.is_terminal()))
    });
    let is_stored = stored.is_some();
    let found = stored.or(early.map(|early| (early.ended_at, early.end_reason, true)));
    let read = |(at, reason, is_terminal)| {
        let at = column::instant("calls.ended_at", at)?;
        Ok(EndedCall { at, reason, is_stored, is_terminal })
    };
    found.map(read).transpose()
}
