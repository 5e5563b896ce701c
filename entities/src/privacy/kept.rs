//! What a daemon keeps outside the database of erasures and opt-outs, so that a restored database does not
//! forget them. It is hashes alone.

use jiff::Timestamp;
use protocol::ids::{BusinessId, PhoneNumber};
use protocol::person_key::PersonHash;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::opt_outs::note_opt_out;
use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::{conversations, erasures, opt_outs};
use crate::values::AskedBy;

/// How many rows one statement writes.
const AT_ONCE: usize = 500;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub erasures: Vec<KeptErasure>,
    pub opt_outs: Vec<KeptOptOut>,
}

/// A person who was erased, or is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptErasure {
    pub id: Uuid,
    pub business: BusinessId,
    pub person: PersonHash,
    pub key_id: String,
    pub asked_by: AskedBy,
    pub asked_at: Timestamp,
    pub done_at: Option<Timestamp>,
}

/// A person who wants no messages by themselves, or wants them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOptOut {
    pub business: BusinessId,
    pub person: PersonHash,
    pub key_id: String,
    pub opted_out: bool,
    pub at: Timestamp,
}

/// All of it, in an order that depends on nothing else.
pub async fn kept(db: &Database) -> Result<Kept, RecordsError> {
    db.read(|db| async move {
        use erasures::Column as Erasure;
        use opt_outs::Column as OptOut;
        let rows = erasures::Entity::find().order_by_asc(Erasure::Id).all(&db).await?;
        let erasures = rows.into_iter().map(KeptErasure::try_from).collect::<Result<_, _>>()?;
        let rows = opt_outs::Entity::find()
            .order_by_asc(OptOut::BusinessId)
            .order_by_asc(OptOut::Person)
            .all(&db)
            .await?;
        let opt_outs = rows.into_iter().map(KeptOptOut::try_from).collect::<Result<_, _>>()?;
        Ok(Kept { erasures, opt_outs })
    })
    .await
}

/// Changes with each change of [`kept`], and costs little to read.
pub async fn changes(
    db: &Database,
) -> Result<(u64, u64, Option<Timestamp>, Option<Timestamp>), RecordsError> {
    db.read(|db| async move {
        let done = erasures::Entity::find()
            .filter(erasures::Column::DoneAt.is_not_null())
            .count(&db)
            .await?;
        let all = erasures::Entity::find().count(&db).await?;
        let newest = erasures::Entity::find()
            .select_only()
            .column_as(erasures::Column::AskedAt.max(), "newest")
            .into_tuple::<Option<sea_orm::prelude::DateTimeUtc>>()
            .one(&db)
            .await?
            .flatten();
        let opted = opt_outs::Entity::find()
            .select_only()
            .column_as(opt_outs::Column::At.max(), "newest")
            .into_tuple::<Option<sea_orm::prelude::DateTimeUtc>>()
            .one(&db)
            .await?
            .flatten();
        let newest = column::optional_instant("erasures.asked_at", newest)?;
        Ok((all, done, newest, column::optional_instant("opt_outs.at", opted)?))
    })
    .await
}

/// Writes what the database does not know. An erasure that it does not know was lost with a restore: it is
/// carried out again, on what is older than it. Returns how many those are.
pub async fn merge(db: &Database, kept: Kept) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let mut new = 0;
        for part in kept.erasures.chunks(AT_ONCE) {
            let rows = part.iter().map(|kept| erasures::ActiveModel {
                id: Set(kept.id),
                business_id: Set(kept.business.0),
                person: Set(kept.person.0.clone()),
                key_id: Set(kept.key_id.clone()),
                asked_by: Set(kept.asked_by),
                asked_at: Set(column::from_instant(kept.asked_at)),
                lead_id: Set(None),
                done_at: Set(kept.done_at.map(column::from_instant)),
            });
            let stays = OnConflict::column(erasures::Column::Id).do_nothing().to_owned();
            new += erasures::Entity::insert_many(rows)
                .on_conflict(stays)
                .exec_without_returning(&transaction)
                .await?;
        }
        for part in kept.opt_outs.chunks(AT_ONCE) {
            let rows = part.iter().map(|kept| opt_outs::ActiveModel {
                business_id: Set(kept.business.0),
                person: Set(kept.person.0.clone()),
                key_id: Set(kept.key_id.clone()),
                opted_out: Set(kept.opted_out),
                at: Set(column::from_instant(kept.at)),
            });
            let newer_wins =
                OnConflict::columns([opt_outs::Column::BusinessId, opt_outs::Column::Person])
                    .update_columns([
                        opt_outs::Column::OptedOut,
                        opt_outs::Column::KeyId,
                        opt_outs::Column::At,
                    ])
                    .action_and_where(
                        Expr::col((opt_outs::Entity, opt_outs::Column::At))
                            .lt(Expr::col(("excluded", opt_outs::Column::At))),
                    )
                    .to_owned();
            opt_outs::Entity::insert_many(rows)
                .on_conflict(newer_wins)
                .exec_without_returning(&transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(new)
    })
    .await
}

/// Brings the hashes of opt-outs and the conversations to the same: those of a conversation that was opted
/// out before there were hashes, and those that a restored conversation has forgotten.
pub async fn sync_opt_outs(db: &Database, now: Timestamp) -> Result<(), RecordsError> {
    let Some(key) = db.person_key() else { return Ok(()) };
    db.write(move |db| async move {
        use conversations::{Column, Entity};
        let transaction = begin_write(&db).await?;
        let all: Vec<opt_outs::Model> = opt_outs::Entity::find().all(&transaction).await?;
        let known: std::collections::BTreeMap<_, _> =
            all.into_iter().map(|row| ((row.business_id, row.person), row.opted_out)).collect();
        let rows: Vec<(Uuid, Uuid, String, bool)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::BusinessId, Column::Person, Column::OptedOut])
            .into_tuple()
            .all(&transaction)
            .await?;
        for (id, business, person, opted_out) in rows {
            let business = BusinessId(business);
            let Ok(number) = PhoneNumber::parse(&person) else { continue };
            let hash = key.of_number(business, &number);
            match known.get(&(business.0, hash.0)) {
                Some(wanted) if *wanted != opted_out => {
                    Entity::update_many()
                        .col_expr(Column::OptedOut, Expr::value(*wanted))
                        .filter(Column::Id.eq(id))
                        .exec(&transaction)
                        .await?;
                }
                None if opted_out => {
                    note_opt_out(&transaction, &key, business, &number, true, now).await?;
                }
                Some(_) | None => {}
            }
        }
        transaction.commit().await?;
        Ok(())
    })
    .await
}

impl TryFrom<erasures::Model> for KeptErasure {
    type Error = RecordsError;

    fn try_from(row: erasures::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: row.id,
            business: BusinessId(row.business_id),
            person: PersonHash(row.person),
            key_id: row.key_id,
            asked_by: row.asked_by,
            asked_at: column::instant("erasures.asked_at", row.asked_at)?,
            done_at: column::optional_instant("erasures.done_at", row.done_at)?,
        })
    }
}

impl TryFrom<opt_outs::Model> for KeptOptOut {
    type Error = RecordsError;

    fn try_from(row: opt_outs::Model) -> Result<Self, RecordsError> {
        Ok(Self {
            business: BusinessId(row.business_id),
            person: PersonHash(row.person),
            key_id: row.key_id,
            opted_out: row.opted_out,
            at: column::instant("opt_outs.at", row.at)?,
        })
    }
}
