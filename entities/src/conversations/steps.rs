//! The steps of the work on a conversation, each stored whole under the claim's fence.

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany};

use super::work::{Claim, under};
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::messages::{
    MessageAuthor, MessageCost, MessageDirection, MessageId, MessageKind, MessageStatus,
};
use crate::outbox;
use crate::privacy;
use crate::tables::conversations::{Column, Entity};
use crate::tables::messages as message_table;

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
    Stored {
        id: MessageId,
        body: String,
        answers: Option<MessageId>,
        status: MessageStatus,
        cost: Option<MessageCost>,
    },
    /// Twilio has an outgoing one.
    Sent { id: MessageId, provider_sid: String },
    /// It is not tried any more to send an outgoing one.
    GivenUp(MessageId),
    /// Twilio has refused an outgoing one.
    Failed { id: MessageId, error_code: Option<u32> },
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
    let (person, key, told) = (person.clone(), db.person_key(), db.told());
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let changes = step.messages.clone();
        let (due, opted_out, need) = (step.due, step.opted_out, step.needs_person);
        let stored = changed(claim, step, now).exec(&transaction).await?;
        if stored.rows_affected == 0 {
            return Ok(false);
        }
        if let (Some(key), Some(out)) = (key, opted_out) {
            privacy::note_opt_out(&transaction, &key, claim.business, &person, out, now).await?;
        }
        if let Some(why) = need {
            let (business, of) = (claim.business, (claim.conversation.0, &person));
            outbox::tell_of_need(&transaction, &told, business, of, why, now).await?;
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
        MessageChange::Stored { id, body, answers, status, cost } => {
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
                cost: Set(cost.clone()),
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
            if let Some(cost) = cost {
                update = update.col_expr(Message::Cost, Expr::value(cost));
            }
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
