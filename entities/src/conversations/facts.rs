//! What a conversation asks of the calls between the two.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter};

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{appointments, calls, lead_changes};

/// A call's row counts as live for so long: Twilio ends every call after 4 h. A row whose end was never
/// written must not silence a conversation for ever.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);

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
            .filter(calls::Column::IsTest.eq(false))
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
