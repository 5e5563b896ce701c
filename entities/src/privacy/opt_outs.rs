//! Who wants no messages by themselves, as keyed hashes: the conversation that says so may be gone.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::person_key::PersonKey;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::column;
use crate::error::RecordsError;
use crate::tables::opt_outs::{ActiveModel, Column, Entity};

/// Writes that a person wants messages, or wants none, from now on.
pub(crate) async fn note_opt_out(
    db: &impl ConnectionTrait,
    key: &PersonKey,
    business: BusinessId,
    person: &PhoneNumber,
    opted_out: bool,
    now: Timestamp,
) -> Result<(), RecordsError> {
    let row = ActiveModel {
        business_id: Set(business.0),
        person: Set(key.of_number(business, person).0),
        key_id: Set(key.id().to_owned()),
        opted_out: Set(opted_out),
        at: Set(column::from_instant(now)),
    };
    let again = OnConflict::columns([Column::BusinessId, Column::Person])
        .update_columns([Column::OptedOut, Column::KeyId, Column::At])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

pub(crate) async fn is_opted_out(
    db: &impl ConnectionTrait,
    key: &PersonKey,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<bool, RecordsError> {
    let hash = key.of_number(business, person).0;
    let found = Entity::find_by_id((business.0, hash)).one(db).await?;
    Ok(found.is_some_and(|found| found.opted_out))
}
