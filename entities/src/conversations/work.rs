//! The work on a conversation: claimed by a lease, stored step by step under its fence.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    UpdateMany,
};
use uuid::Uuid;

use super::{ConversationId, ConversationRecord};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::messages::{
    self, MessageAuthor, MessageDirection, MessageId, MessageKind, MessageRecord, MessageStatus,
};
use crate::privacy;
use crate::tables::conversations::{Column, Entity};
use crate::tables::messages as message_table;
use crate::tables::{appointments, calls, lead_changes};

/// A call's row counts as live for so long: Twilio ends every call after 4 h. A row whose end was never
/// written must not silence a conversation for ever.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);

/// Who works on a conversation, and by which right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub business: BusinessId,
    pub conversation: ConversationId,
    /// The owner's: a claim is renewed by the same one only.
    pub owner: Uuid,
    /// Raised by each claim.
    pub fence: i64,
}

/// A conversation that is worked on.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    pub claim: Claim,
    pub record: ConversationRecord,
    /// As it was stored last; `None` at the beginning.
    pub state: Option<serde_json::Value>,
    /// What the person has written and is not handled, oldest first.
    pub owed: Vec<MessageRecord>,
    /// An operator's messages that Twilio does not have, oldest first.
    pub by_hand: Vec<MessageRecord>,
}

/// What one step has decided. All of it is stored, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub state: serde_json::Value,
    /// Whether something is owed still.
    pub due: bool,
    pub lease_until: Timestamp,
    pub lead: Option<LeadId>,
    /// A new conversation has begun then.
    pub began: Option<Timestamp>,
    pub closed: Option<ClosedWith>,
    pub notes: Option<String>,
    pub opted_out: Option<bool>,
    pub needs_person: Option<&'static str>,
    pub messages: Vec<MessageChange>,
}

/// The end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedWith {
    pub reason: String,
}

/// A change of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageChange {
    /// Incoming ones are handled.
    Handled(Vec<MessageId>),
    /// An outgoing one is about to be sent, or held. With the same id it is the same message, and its text
    /// is the new one as long as Twilio does not have it.
    Stored { id: MessageId, body: String, answers: Option<MessageId>, status: MessageStatus },
    /// Twilio has an outgoing one.
    Sent { id: MessageId, provider_sid: String },
    /// It is not tried any more to send an outgoing one.
    GivenUp(MessageId),
    /// Twilio has refused an outgoing one.
    Failed { id: MessageId, error_code: Option<u32> },
}

/// Claims a conversation. `None` if another owner works on it, or this business has none such.
pub async fn claim(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    owner: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> Result<Option<Claimed>, RecordsError> {
    let person = person.clone();
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let free = Condition::any()
            .add(Column::LeaseUntil.is_null())
            .add(Column::LeaseUntil.lt(column::from_instant(now)))
            .add(Column::LeaseOwner.eq(owner));
        let claimed = Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(owner))
            .col_expr(Column::LeaseUntil, Expr::value(column::from_instant(until)))
            .col_expr(Column::LeaseFence, Expr::col(Column::LeaseFence).add(1))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .filter(free)
            .exec(&transaction)
            .await?;
        if claimed.rows_affected == 0 {
            return Ok(None);
        }
        let row = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .one(&transaction)
            .await?
            .ok_or(RecordsError::NotFound)?;
        let (state, fence) = (row.state.clone(), row.lease_fence);
        let owed = messages::owed(&transaction, business, person.as_str()).await?;
        let by_hand = messages::unsent_by_hand(&transaction, business, person.as_str()).await?;
        transaction.commit().await?;
        let conversation = ConversationId(row.id);
        let claim = Claim { business, conversation, owner, fence };
        Ok(Some(Claimed { claim, record: row.try_into()?, state, owed, by_hand }))
    })
    .await
}

/// What waits in a conversation: what the person has written, and what an operator has.
pub async fn waiting(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<(Vec<MessageRecord>, Vec<MessageRecord>), RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let owed = messages::owed(&db, business, person.as_str()).await?;
        Ok((owed, messages::unsent_by_hand(&db, business, person.as_str()).await?))
    })
    .await
}

/// Keeps a claim until then. `false` if it is lost.
pub async fn renew(db: &Database, claim: Claim, until: Timestamp) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let renewed = under(claim)
            .col_expr(Column::LeaseUntil, Expr::value(column::from_instant(until)))
            .exec(&db)
            .await?;
        Ok(renewed.rows_affected > 0)
    })
    .await
}

/// A message did not reach the person: a person of the business is needed. With `opted_out` nothing more
/// is sent by itself.
pub async fn mark_undelivered(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    why: &'static str,
    opted_out: bool,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let (person, key) = (person.clone(), db.person_key());
    db.write(move |db| async move {
        let mut update = Entity::update_many()
            .col_expr(Column::NeedsPerson, Expr::value(why))
            .col_expr(Column::NeedsPersonSince, Expr::value(column::from_instant(now)))
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()));
        if opted_out {
            update = update.col_expr(Column::OptedOut, Expr::value(true));
        }
        let transaction = begin_write(&db).await?;
        update.exec(&transaction).await?;
        if let Some(key) = key.filter(|_| opted_out) {
            privacy::note_opt_out(&transaction, &key, business, &person, true, now).await?;
        }
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Ends a claim. What has come since the last step stays due.
pub async fn release(db: &Database, claim: Claim) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        under(claim)
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// Stores a step. `false` if the claim is lost: then nothing is stored.
///
/// `due` stays as it is while a message waits that the step did not know.
pub async fn store(
    db: &Database,
    claim: Claim,
    person: &PhoneNumber,
    step: Step,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let (person, key) = (person.clone(), db.person_key());
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let changes = step.messages.clone();
        let (due, opted_out) = (step.due, step.opted_out);
        let stored = changed(claim, step, now).exec(&transaction).await?;
        if stored.rows_affected == 0 {
            return Ok(false);
        }
        if let (Some(key), Some(out)) = (key, opted_out) {
            privacy::note_opt_out(&transaction, &key, claim.business, &person, out, now).await?;
        }
        for change in changes {
            change_message(&transaction, claim.business, &person, change, now).await?;
        }
        let due = due || something_waits(&transaction, claim.business, &person).await?;
        let noted = under(claim).col_expr(Column::Due, Expr::value(due));
        noted.exec(&transaction).await?;
        transaction.commit().await?;
        Ok(true)
    })
    .await
}

fn under(claim: Claim) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Id.eq(claim.conversation.0))
        .filter(Column::BusinessId.eq(claim.business.0))
        .filter(Column::LeaseOwner.eq(claim.owner))
        .filter(Column::LeaseFence.eq(claim.fence))
}

fn changed(claim: Claim, step: Step, now: Timestamp) -> UpdateMany<Entity> {
    let at = column::from_instant(now);
    let mut update = under(claim)
        .col_expr(Column::State, Expr::value(step.state))
        .col_expr(Column::LeaseUntil, Expr::value(column::from_instant(step.lease_until)));
    if let Some(lead) = step.lead {
        update = update.col_expr(Column::LeadId, Expr::value(lead.0));
    }
    if !step.messages.is_empty() {
        update = update.col_expr(Column::ActiveAt, Expr::value(at));
    }
    if let Some(began) = step.began {
        update = update
            .col_expr(Column::BeganAt, Expr::value(column::from_instant(began)))
            .col_expr(Column::ClosedAt, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::CloseReason, Expr::value(None::<String>));
    }
    if let Some(closed) = step.closed {
        update = update
            .col_expr(Column::ClosedAt, Expr::value(at))
            .col_expr(Column::CloseReason, Expr::value(closed.reason));
    }
    if let Some(notes) = step.notes {
        update = update.col_expr(Column::Notes, Expr::value(notes));
    }
    if let Some(opted_out) = step.opted_out {
        update = update.col_expr(Column::OptedOut, Expr::value(opted_out));
    }
    if let Some(why) = step.needs_person {
        update = update
            .col_expr(Column::NeedsPerson, Expr::value(why))
            .col_expr(Column::NeedsPersonSince, Expr::value(at));
    }
    update
}

async fn change_message(
    db: &DatabaseTransaction,
    business: BusinessId,
    person: &PhoneNumber,
    change: MessageChange,
    now: Timestamp,
) -> Result<(), RecordsError> {
    use message_table::Column as Message;
    let of = |id: MessageId| {
        let of_business =
            message_table::Entity::update_many().filter(Message::BusinessId.eq(business.0));
        of_business.filter(Message::Id.eq(id.0))
    };
    match change {
        MessageChange::Handled(ids) => {
            message_table::Entity::update_many()
                .col_expr(Message::Handled, Expr::value(true))
                .filter(Message::BusinessId.eq(business.0))
                .filter(Message::Id.is_in(ids.into_iter().map(|id| id.0)))
                .exec(db)
                .await?;
        }
        MessageChange::Stored { id, body, answers, status } => {
            let row = message_table::ActiveModel {
                id: Set(id.0),
                business_id: Set(business.0),
                person: Set(person.to_string()),
                direction: Set(MessageDirection::Outgoing),
                provider_sid: Set(None),
                body: Set(body.clone()),
                status: Set(status),
                created_at: Set(column::from_instant(now)),
                in_reply_to: Set(answers.map(|question| question.0)),
                kind: Set(MessageKind::Text),
                media: Set(None),
                handled: Set(true),
                author: Set(Some(MessageAuthor::Agent)),
                error_code: Set(None),
            };
            let stays = || OnConflict::new().do_nothing().to_owned();
            let insert = message_table::Entity::insert(row.clone()).on_conflict(stays());
            if insert.exec_without_returning(db).await? > 0 {
                return Ok(());
            }
            let held = status == MessageStatus::Held;
            let mut update = of(id)
                .col_expr(Message::Body, Expr::value(body))
                .col_expr(Message::Status, Expr::value(status))
                .filter(Message::ProviderSid.is_null());
            if held {
                update = update.col_expr(Message::Handled, Expr::value(true));
            }
            if update.exec(db).await?.rows_affected == 0 {
                // Another message answers the same text, from a state that was lost.
                let row = message_table::ActiveModel { in_reply_to: Set(None), ..row };
                let insert = message_table::Entity::insert(row).on_conflict(stays());
                insert.exec_without_returning(db).await?;
            }
        }
        MessageChange::Sent { id, provider_sid } => {
            of(id)
                .col_expr(Message::ProviderSid, Expr::value(provider_sid))
                .col_expr(Message::Handled, Expr::value(true))
                .exec(db)
                .await?;
        }
        MessageChange::GivenUp(id) => {
            of(id).col_expr(Message::Handled, Expr::value(true)).exec(db).await?;
        }
        MessageChange::Failed { id, error_code } => {
            of(id)
                .col_expr(Message::Status, Expr::value(MessageStatus::Failed))
                .col_expr(Message::ErrorCode, Expr::value(error_code.map(i64::from)))
                .col_expr(Message::Handled, Expr::value(true))
                .exec(db)
                .await?;
        }
    }
    Ok(())
}

async fn something_waits(
    db: &DatabaseTransaction,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<bool, RecordsError> {
    let waiting = message_table::Entity::find()
        .filter(message_table::Column::BusinessId.eq(business.0))
        .filter(message_table::Column::Person.eq(person.as_str()))
        .filter(message_table::Column::Handled.eq(false));
    Ok(waiting.one(db).await?.is_some())
}

/// Whether the person is on the telephone with the business, on whatever node (WA-3).
pub async fn is_on_call(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let since = column::from_instant(now - LONGEST_CALL);
        let theirs = Condition::any()
            .add(calls::Column::FromNumber.eq(person.as_str()))
            .add(calls::Column::ToNumber.eq(person.as_str()));
        let live = calls::Entity::find()
            .filter(calls::Column::BusinessId.eq(business.0))
            .filter(calls::Column::EndedAt.is_null())
            .filter(calls::Column::StartedAt.gt(since))
            .filter(theirs);
        Ok(live.count(&db).await? > 0)
    })
    .await
}

/// Whether a call has told something for the lead, and whether it holds an appointment.
pub async fn after_call_facts(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    call: &CallSid,
) -> Result<(bool, bool), RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let told = lead_changes::Entity::find()
            .filter(lead_changes::Column::BusinessId.eq(business.0))
            .filter(lead_changes::Column::LeadId.eq(lead.0))
            .filter(lead_changes::Column::CallSid.eq(call.as_str()))
            // A lead that the call has only made tells nothing.
            .filter(lead_changes::Column::Field.is_not_in(["status", "phone"]));
        let booked = appointments::Entity::find()
            .filter(appointments::Column::BusinessId.eq(business.0))
            .filter(appointments::Column::LeadId.eq(lead.0))
            .filter(appointments::Column::CallSid.eq(call.as_str()));
        Ok((told.count(&db).await? > 0, booked.count(&db).await? > 0))
    })
    .await
}
