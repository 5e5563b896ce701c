//! Everything that is stored of a person, as it is stored.

use jiff::Timestamp;
use protocol::ids::BusinessId;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Subject;
use crate::database::Database;
use crate::error::RecordsError;
use crate::leads as lead_queries;
use crate::tables::{
    appointments, audit_log, call_snapshot_entries as entries, call_snapshots as snapshots,
    call_turns as turns, calls, conversations, lead_changes, leads, messages, outbox,
};
use crate::values::CallDirection;

/// The rows of each table, with all their columns.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Export {
    pub exported_at: Timestamp,
    #[schema(value_type = Vec<Object>)]
    pub leads: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub lead_changes: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub appointments: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub calls: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub call_turns: Vec<Value>,
    /// Of a call that goes on.
    #[schema(value_type = Vec<Object>)]
    pub call_snapshots: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub call_snapshot_entries: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub conversations: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    pub messages: Vec<Value>,
    /// Events for other systems that are not sent yet.
    #[schema(value_type = Vec<Object>)]
    pub outbox: Vec<Value>,
    /// What users of the console have done to these.
    #[schema(value_type = Vec<Object>)]
    pub audit_log: Vec<Value>,
}

/// All that a business has of a person.
///
/// # Errors
/// [`RecordsError::NotFound`] if this business has no such lead.
pub async fn export(
    db: &Database,
    business: BusinessId,
    subject: Subject,
    now: Timestamp,
) -> Result<Export, RecordsError> {
    db.read(move |db| async move {
        let db = &db;
        let (lead, number) = match subject {
            Subject::Number(number) => {
                (lead_queries::id_of(db, business, &number).await?, Some(number.to_string()))
            }
            Subject::Lead(lead) => {
                let row = lead_queries::row_of(db, business, lead).await?;
                (Some(lead), row.ok_or(RecordsError::NotFound)?.phone)
            }
        };
        let lead: Vec<Uuid> = lead.map(|lead| lead.0).into_iter().collect();
        let numbers: Vec<String> = number.into_iter().collect();
        let side = |direction: CallDirection, column: calls::Column| {
            let theirs = column.is_in(numbers.clone());
            Condition::all().add(calls::Column::Direction.eq(direction)).add(theirs)
        };
        let of_person = Condition::any()
            .add(calls::Column::LeadId.is_in(lead.clone()))
            .add(side(CallDirection::Inbound, calls::Column::FromNumber))
            .add(side(CallDirection::Outbound, calls::Column::ToNumber));
        let found = calls::Entity::find()
            .filter(calls::Column::BusinessId.eq(business.0))
            .filter(of_person)
            .order_by_asc(calls::Column::StartedAt)
            .all(db)
            .await?;
        let sids: Vec<String> = found.iter().map(|call| call.call_sid.clone()).collect();
        macro_rules! rows {
            ($table:ident, $column:ident in $values:expr, by $order:ident) => {
                as_json(
                    $table::Entity::find()
                        .filter($table::Column::BusinessId.eq(business.0))
                        .filter($table::Column::$column.is_in($values.clone()))
                        .order_by_asc($table::Column::$order)
                        .limit(MOST)
                        .all(db)
                        .await?,
                )
            };
        }
        Ok(Export {
            exported_at: now,
            leads: rows!(leads, Id in lead, by Id),
            lead_changes: rows!(lead_changes, LeadId in lead, by Seq),
            appointments: rows!(appointments, LeadId in lead, by StartsAt),
            call_turns: rows!(turns, CallSid in sids, by At),
            call_snapshots: rows!(snapshots, CallSid in sids, by CallSid),
            call_snapshot_entries: rows!(entries, CallSid in sids, by Number),
            conversations: rows!(conversations, Person in numbers, by BeganAt),
            messages: rows!(messages, Person in numbers, by CreatedAt),
            outbox: as_json(events(db, business, (&lead, &sids, &numbers)).await?),
            audit_log: as_json(entries_of(db, business, (&lead, &sids, &numbers)).await?),
            calls: as_json(found),
        })
    })
    .await
}

async fn events(
    db: &impl ConnectionTrait,
    business: BusinessId,
    (leads, calls, numbers): (&[Uuid], &[String], &[String]),
) -> Result<Vec<outbox::Model>, RecordsError> {
    use outbox::{Column, Entity};
    let theirs = Condition::any()
        .add(Column::Person.is_in(numbers.to_vec()))
        .add(Column::LeadId.is_in(leads.to_vec()))
        .add(Column::CallSid.is_in(calls.to_vec()));
    let rows = Entity::find().filter(Column::BusinessId.eq(business.0)).filter(theirs);
    Ok(rows.order_by_asc(Column::Number).limit(MOST).all(db).await?)
}

async fn entries_of(
    db: &impl ConnectionTrait,
    business: BusinessId,
    (leads, calls, numbers): (&[Uuid], &[String], &[String]),
) -> Result<Vec<audit_log::Model>, RecordsError> {
    use audit_log::{Column, Entity};
    let theirs = Condition::any()
        .add(Column::Person.is_in(numbers.to_vec()))
        .add(Column::LeadId.is_in(leads.to_vec()))
        .add(Column::CallSid.is_in(calls.to_vec()));
    let rows = Entity::find().filter(Column::BusinessId.eq(business.0)).filter(theirs);
    Ok(rows.order_by_asc(Column::Id).limit(MOST).all(db).await?)
}

/// Rows of one table that are given out.
const MOST: u64 = 100_000;

fn as_json(rows: Vec<impl Serialize>) -> Vec<Value> {
    rows.into_iter().map(|row| json!(row)).collect()
}
