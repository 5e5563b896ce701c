//! Completes what is sent, at the first try: a call's record is read then, and an appointment gets its lead.
//! From then on every try sends the same.

use protocol::ids::{BusinessId, CallSid, LeadId};
use protocol::webhooks::EventKind;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;
use serde_json::Value;

use super::claiming::{Claimed, under};
use super::data::{CallData, LeadData};
use crate::calls;
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::leads::{self, LeadRecord};
use crate::tables::outbox::Column;

/// The longest words of a call that are sent with it, in bytes.
const MOST_WORDS: usize = 512 * 1024;

/// What is sent. `None`: the claim is lost, or what it tells of is gone.
///
/// # Errors
/// The database failed.
pub async fn prepare(db: &Database, claimed: &Claimed) -> Result<Option<Value>, RecordsError> {
    if claimed.is_prepared {
        return Ok(claimed.data.clone());
    }
    let claimed = claimed.clone();
    db.write(move |db| async move {
        let business = claimed.record.business_id;
        let data = match claimed.record.kind {
            EventKind::CallEnded => call(&db, &claimed, true).await?,
            EventKind::CallFailed => call(&db, &claimed, false).await?,
            EventKind::AppointmentBooked
            | EventKind::AppointmentMoved
            | EventKind::AppointmentCancelled => {
                let lead = lead(&db, business, claimed.lead).await?;
                claimed.data.clone().map(|data| with_lead(data, lead))
            }
            EventKind::LeadCreated
            | EventKind::LeadUpdated
            | EventKind::MessageReceived
            | EventKind::MessageNeedsPerson => claimed.data.clone(),
        };
        let Some(data) = data else { return Ok(None) };
        let kept = under(&claimed)
            .col_expr(Column::Data, Expr::value(data.clone()))
            .col_expr(Column::Prepared, Expr::value(true))
            .exec(&db)
            .await?;
        Ok((kept.rows_affected > 0).then_some(data))
    })
    .await
}

async fn call(
    db: &impl ConnectionTrait,
    claimed: &Claimed,
    whole: bool,
) -> Result<Option<Value>, RecordsError> {
    let business = claimed.record.business_id;
    let Some(sid) = &claimed.record.call_sid else { return Ok(None) };
    let sid: CallSid = column::id("outbox.call_sid", sid)?;
    let Some(record) = calls::find_record(db, business, &sid).await? else { return Ok(None) };
    let lead = lead(db, business, record.lead_id).await?;
    let data = CallData::of(record);
    let data = match whole {
        true => data.with_turns(db, business, MOST_WORDS).await?,
        false => data.in_short(),
    };
    Ok(serde_json::to_value(data).ok().map(|data| with_lead(data, lead)))
}

async fn lead(
    db: &impl ConnectionTrait,
    business: BusinessId,
    lead: Option<LeadId>,
) -> Result<Option<LeadData>, RecordsError> {
    let Some(lead) = lead else { return Ok(None) };
    let row = leads::row_of(db, business, lead).await?;
    Ok(row.map(LeadRecord::try_from).transpose()?.as_ref().map(LeadData::from))
}

fn with_lead(mut data: Value, lead: Option<LeadData>) -> Value {
    if let Value::Object(keys) = &mut data {
        keys.insert("lead".to_owned(), serde_json::to_value(lead).unwrap_or_default());
    }
    data
}
