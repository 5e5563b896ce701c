//! What a conversation asks of the calls between the two.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Iterable, PaginatorTrait, QueryFilter, QuerySelect,
};

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{appointments, calls, lead_changes};
use crate::values::CallStatus;

/// A call's row counts for so long: Twilio ends every call after 4 h. A row that was never brought to its end must
/// not silence a conversation for ever.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);
/// How long after the end of a call's record Twilio's own word is waited for. Then Twilio is to be asked.
const STATUS_PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// Whether a person is on the telephone with a business, as far as the rows of calls tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnTelephone {
    No,
    Yes,
    /// The records of these calls have an end, and Twilio has not said that the calls are over: its status may be lost, or
    /// the caller still hears the apology, or talks with the person to whom they were transferred.
    AskTwilio(Vec<CallSid>),
}

/// Whether the person is on the telephone with the business, on whatever node (WA-3). A call lasts until Twilio's
/// terminal status is in its row.
pub async fn on_telephone(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
    now: Timestamp,
) -> Result<OnTelephone, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let theirs = Condition::any()
            .add(calls::Column::FromNumber.eq(person.as_str()))
            .add(calls::Column::ToNumber.eq(person.as_str()));
        let open = CallStatus::iter().filter(|status| !status.is_terminal());
        let open: Vec<(String, Option<DateTimeUtc>)> = calls::Entity::find()
            .select_only()
            .columns([calls::Column::CallSid, calls::Column::EndedAt])
            .filter(calls::Column::BusinessId.eq(business.0))
            .filter(calls::Column::IsTest.eq(false))
            .filter(calls::Column::Status.is_in(open))
            .filter(calls::Column::StartedAt.gt(column::from_instant(now - LONGEST_CALL)))
            .filter(theirs)
            .into_tuple()
            .all(&db)
            .await?;
        let told_by = column::from_instant(now - STATUS_PATIENCE);
        if open.is_empty() {
            return Ok(OnTelephone::No);
        }
        if open.iter().any(|(_, ended)| ended.is_none_or(|at| at > told_by)) {
            return Ok(OnTelephone::Yes);
        }
        let calls = open.iter().map(|(call, _)| column::id("calls.call_sid", call));
        calls.collect::<Result<_, _>>().map(OnTelephone::AskTwilio)
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
