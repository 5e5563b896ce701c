//! How often somebody has tried to sign in in vain, by name and by address (CON-2). All nodes count
//! together.
//!
//! A try counts as failed from its beginning, so that many at once are not more than one after the other.

use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::sign_in_failures::{ActiveModel, Column, Entity, Model};

/// After so many failures each further one waits.
pub const MOST_FAILURES: i64 = 10;
/// The first wait. Each one is twice as long as the one before.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(30);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Failures are forgotten when the last one is so old.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Names and addresses that are remembered. The one that failed longest ago is forgotten.
const MOST_SUBJECTS: u64 = 10_000;

/// Begins a try, which counts as failed until [`succeeded`]. `subjects` are hashes of the name and of the
/// address. `Some`: it must not be made, and not before then.
pub async fn begin(
    db: &Database,
    subjects: Vec<String>,
    now: Timestamp,
) -> Result<Option<Timestamp>, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let at = column::from_instant(now);
        let mut failed = Vec::new();
        // In one order, so that two transactions don't wait for each other.
        let mut subjects = subjects;
        subjects.sort_unstable();
        for subject in subjects {
            let new = ActiveModel {
                subject: Set(subject.clone()),
                failures: Set(0),
                failed_at: Set(at),
                blocked_until: Set(None),
            };
            let known = OnConflict::column(Column::Subject).do_nothing().to_owned();
            Entity::insert(new).on_conflict(known).exec_without_returning(&transaction).await?;
            let row = Entity::find_by_id(subject).lock(LockType::Update).one(&transaction).await?;
            failed.push(row.ok_or(RecordsError::NotFound)?);
        }
        let blocked = failed.iter().filter_map(|row| row.blocked_until).max();
        if let Some(until) = blocked.filter(|until| at < *until) {
            // Its rows were there before, or are of no use.
            return Ok(Some(column::instant("sign_in_failures.blocked_until", until)?));
        }
        for row in failed {
            let failures = 1 + if is_forgotten(&row, now) { 0 } else { row.failures };
            let until = wait_after(failures).map(|wait| at + wait.unsigned_abs());
            Entity::update_many()
                .col_expr(Column::Failures, Expr::value(failures))
                .col_expr(Column::FailedAt, Expr::value(at))
                .col_expr(Column::BlockedUntil, Expr::value(until))
                .filter(Column::Subject.eq(row.subject))
                .exec(&transaction)
                .await?;
        }
        forget_some(&transaction).await?;
        transaction.commit().await?;
        Ok(None)
    })
    .await
}

/// The try of this name was none that failed. Of an address others may have failed: one less.
pub async fn succeeded(
    db: &Database,
    name: String,
    address: Option<String>,
) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        Entity::delete_by_id(name).exec(&transaction).await?;
        let one_less = Expr::col(Column::Failures).sub(1);
        Entity::update_many()
            .col_expr(Column::Failures, one_less)
            .col_expr(Column::BlockedUntil, Expr::value(None::<sea_orm::prelude::DateTimeUtc>))
            .filter(Column::Subject.is_in(address))
            .filter(Column::Failures.gt(0))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    })
    .await
}

/// Forgets the failures of a name: an operator has set another password.
pub async fn forget(db: &Database, name: String) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        Entity::delete_by_id(name).exec(&db).await?;
        Ok(())
    })
    .await
}

/// Deletes what is forgotten. Returns how many rows there were.
pub async fn delete_old(db: &Database, now: Timestamp) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let before = column::from_instant(now - FORGOTTEN_AFTER);
        let old = Entity::delete_many().filter(Column::FailedAt.lt(before));
        Ok(old.exec(&db).await?.rows_affected)
    })
    .await
}

fn is_forgotten(row: &Model, now: Timestamp) -> bool {
    row.failed_at + FORGOTTEN_AFTER.unsigned_abs() < column::from_instant(now)
}

/// How long nobody may try after so many failures.
fn wait_after(failures: i64) -> Option<SignedDuration> {
    let doubled = u32::try_from(failures.checked_sub(MOST_FAILURES)?).ok()?;
    let wait = 2_i32.checked_pow(doubled).and_then(|times| FIRST_WAIT.checked_mul(times));
    Some(wait.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT))
}

async fn forget_some(transaction: &sea_orm::DatabaseTransaction) -> Result<(), RecordsError> {
    let count = Entity::find().count(transaction).await?;
    if count <= MOST_SUBJECTS {
        return Ok(());
    }
    let oldest: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Subject)
        .order_by_asc(Column::FailedAt)
        .limit(count - MOST_SUBJECTS)
        .into_tuple()
        .all(transaction)
        .await?;
    Entity::delete_many().filter(Column::Subject.is_in(oldest)).exec(transaction).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_2_waits_grow_and_have_an_end() {
        let seconds = |failures| wait_after(failures).map(|wait| wait.as_secs());
        assert_eq!((seconds(1), seconds(9)), (None, None));
        assert_eq!([10, 11, 12].map(seconds), [Some(30), Some(60), Some(120)]);
        assert_eq!([15, 40, 1_000_000].map(seconds), [Some(900), Some(900), Some(900)]);
    }
}
