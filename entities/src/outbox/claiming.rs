//! Who sends an event: claimed by a lease, and settled under it. The number of tries is the fence.

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId};
use protocol::webhooks::Target;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};
use serde_json::Value;
use uuid::Uuid;

use super::{OutboxRecord, OutboxState};
use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::tables::outbox::{Column, Entity, Model};

/// Businesses that are looked at in one look.
const MOST_BUSINESSES: u64 = 256;
/// The longest cause that is kept, in characters.
const LONGEST_ERROR: usize = 300;

/// An event that is being sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// `tries` counts this one too.
    pub record: OutboxRecord,
    pub(super) owner: Uuid,
    pub(super) lead: Option<LeadId>,
    pub(super) data: Option<Value>,
    pub(super) is_prepared: bool,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// It is tried again then.
    Again {
        at: Timestamp,
        error: String,
    },
    /// It is tried no more.
    Dead {
        error: String,
    },
}

/// Whose events are due and nobody sends them, of all businesses; and when the next one is.
pub async fn due(
    db: &Database,
    now: Timestamp,
) -> Result<(Vec<(BusinessId, Target)>, Option<Timestamp>), RecordsError> {
    db.read(move |db| async move {
        let found: Vec<(Uuid, String)> = Entity::find()
            .select_only()
            .columns([Column::BusinessId, Column::Target])
            .distinct()
            .filter(may_be_sent(now))
            .limit(MOST_BUSINESSES)
            .into_tuple()
            .all(&db)
            .await?;
        let lane =
            |(business, name): (Uuid, String)| Ok((BusinessId(business), super::target(&name)?));
        let lanes = found.into_iter().map(lane).collect::<Result<_, RecordsError>>()?;
        let next: Option<DateTimeUtc> = Entity::find()
            .select_only()
            .column(Column::DueAt)
            .filter(waiting())
            .filter(Column::DueAt.gt(column::from_instant(now)))
            .order_by_asc(Column::DueAt)
            .into_tuple()
            .one(&db)
            .await?;
        Ok((lanes, column::optional_instant("outbox.due_at", next)?))
    })
    .await
}

/// Claims at most `most` due events of a business, the earliest first. A claim that nobody settles is
/// over at `until`.
pub async fn claim(
    db: &Database,
    (business, target): (BusinessId, Target),
    owner: Uuid,
    most: u32,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Claimed>, RecordsError> {
    db.write(move |db| async move {
        let found: Vec<i64> = Entity::find()
            .select_only()
            .column(Column::Number)
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Target.eq(target.as_str()))
            .filter(may_be_sent(now))
            .order_by_asc(Column::Number)
            .limit(u64::from(most))
            .into_tuple()
            .all(&db)
            .await?;
        let (at, until) = (column::from_instant(now), column::from_instant(until));
        let mut claimed = Vec::new();
        for number in found {
            let first = Func::coalesce([Expr::col(Column::FirstTriedAt), Expr::val(at)]);
            let rows = Entity::update_many()
                .col_expr(Column::LeaseOwner, Expr::value(owner))
                .col_expr(Column::LeaseUntil, Expr::value(until))
                .col_expr(Column::DueAt, Expr::value(until))
                .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
                .col_expr(Column::FirstTriedAt, first.into())
                .filter(Column::Number.eq(number))
                .filter(waiting())
                // Another node may have been faster.
                .filter(is_free(at))
                .exec_with_returning(&db)
                .await?;
            for row in rows {
                claimed.push(Claimed::of(row, owner)?);
            }
        }
        Ok(claimed)
    })
    .await
}

impl Claimed {
    fn of(row: Model, owner: Uuid) -> Result<Self, RecordsError> {
        let (lead, data, is_prepared) = (row.lead_id.map(LeadId), row.data.clone(), row.prepared);
        Ok(Self { record: row.try_into()?, owner, lead, data, is_prepared })
    }
}

/// Writes how a try ended. `false` if the claim is lost: somebody else has sent it meanwhile.
pub async fn settle(
    db: &Database,
    claimed: &Claimed,
    outcome: Outcome,
    now: Timestamp,
) -> Result<bool, RecordsError> {
    let claimed = claimed.clone();
    db.write(move |db| async move {
        let now = column::from_instant(now);
        let update = under(&claimed)
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>));
        let short = |error: String| error.chars().take(LONGEST_ERROR).collect::<String>();
        let update = match outcome {
            // What was sent is not kept.
            Outcome::Sent => update
                .col_expr(Column::State, Expr::value(OutboxState::Sent))
                .col_expr(Column::SentAt, Expr::value(now))
                .col_expr(Column::Data, Expr::value(None::<Value>))
                .col_expr(Column::Person, Expr::value(None::<String>))
                .col_expr(Column::LastError, Expr::value(None::<String>)),
            Outcome::Again { at, error } => update
                .col_expr(Column::DueAt, Expr::value(column::from_instant(at)))
                .col_expr(Column::LastError, Expr::value(short(error))),
            Outcome::Dead { error } => update
                .col_expr(Column::State, Expr::value(OutboxState::Dead))
                .col_expr(Column::LastError, Expr::value(short(error))),
        };
        Ok(update.exec(&db).await?.rows_affected > 0)
    })
    .await
}

/// Ends the claims of owners whose tasks have ended, or that have died.
pub async fn release(db: &Database, owners: Vec<Uuid>, now: Timestamp) -> Result<(), RecordsError> {
    free(db, Column::LeaseOwner.is_in(owners), now).await
}

/// Ends the claims of all owners. For a daemon that has the database for itself, before it claims anything.
pub async fn release_all(db: &Database, now: Timestamp) -> Result<(), RecordsError> {
    free(db, Column::LeaseOwner.is_not_null(), now).await
}

async fn free(db: &Database, which: Expr, now: Timestamp) -> Result<(), RecordsError> {
    db.write(move |db| async move {
        Entity::update_many()
            .col_expr(Column::LeaseOwner, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<DateTimeUtc>))
            .col_expr(Column::DueAt, Expr::value(column::from_instant(now)))
            .filter(waiting())
            .filter(which)
            .exec(&db)
            .await?;
        Ok(())
    })
    .await
}

/// The row, as long as the claim is right.
pub(super) fn under(claimed: &Claimed) -> UpdateMany<Entity> {
    Entity::update_many()
        .filter(Column::Number.eq(claimed.record.number.0))
        .filter(Column::State.eq(OutboxState::Waiting))
        .filter(Column::LeaseOwner.eq(claimed.owner))
        .filter(Column::Tries.eq(i64::from(claimed.record.tries)))
}

/// As the partial indexes have it: a comparison with a parameter would not use them.
pub(super) fn waiting() -> Expr {
    Expr::cust("outbox.state = 'waiting'")
}

fn is_free(now: DateTimeUtc) -> Condition {
    Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now))
}

/// Due, free, and behind no other one of its series.
fn may_be_sent(now: Timestamp) -> Condition {
    let now = column::from_instant(now);
    let earlier = |column: Column| Expr::col(("earlier", column));
    let here = |column: Column| Expr::col((Entity, column));
    let same = [Column::BusinessId, Column::Target, Column::Series];
    let mut before = Query::select();
    before.expr(Expr::val(1)).from_as(Entity, "earlier");
    for column in same {
        before.and_where(earlier(column).eq(here(column)));
    }
    before
        .and_where(earlier(Column::Number).lt(here(Column::Number)))
        .and_where(Expr::cust("earlier.state = 'waiting'"));
    Condition::all()
        .add(waiting())
        .add(here(Column::DueAt).lte(now))
        .add(is_free(now))
        .add(Expr::exists(before).not())
}
