//! Written conversations: one row for each business and person, and who works on it.
//!
//! A row is worked on by one owner at a time, by a lease with an end. Each claim raises the fence, and
//! what an older one writes is refused: a node that was slow or cut off changes nothing.

mod claimant;
mod facts;
mod steps;
mod taking;
mod work;

use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId, PhoneNumber};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::conversations::{Column, Entity, Model};

pub use claimant::Claimant;
pub use facts::{OnTelephone, after_call_facts, on_telephone};
pub use steps::{ClosedWith, MessageChange, Step, store};
pub use taking::{ByHand, TakenIn, mark_handled, take_in, write_by_hand};
pub use work::{
    Claim, Claimed, claim, mark_undelivered, release, release_all, release_of, renew, waiting,
};

/// A UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConversationId(pub Uuid);

/// A conversation, without its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRecord {
    pub id: ConversationId,
    pub business_id: BusinessId,
    pub person: PhoneNumber,
    /// `None` until the lead is known.
    pub lead_id: Option<LeadId>,
    /// When it last began anew. Older messages are not part of it.
    pub began_at: Timestamp,
    /// When it last moved.
    pub active_at: Timestamp,
    /// When the person last wrote. The window of 24 h begins there.
    pub last_came_at: Option<Timestamp>,
    /// `None` while it goes on.
    pub closed_at: Option<Timestamp>,
    pub close_reason: Option<String>,
    /// The model's last remark for the business.
    pub notes: Option<String>,
    /// The person wants no messages by themselves.
    pub opted_out: bool,
    /// Why a person of the business is needed.
    pub needs_person: Option<String>,
    pub needs_person_since: Option<Timestamp>,
}

pub async fn get(
    db: &Database,
    business: BusinessId,
    conversation: ConversationId,
) -> Result<Option<ConversationRecord>, RecordsError> {
    db.read(move |db| async move {
        let found = find(&db, business, conversation).await?;
        found.map(ConversationRecord::try_from).transpose()
    })
    .await
}

/// The conversation of a person; `None` if they have never written.
pub async fn of_person(
    db: &Database,
    business: BusinessId,
    person: &PhoneNumber,
) -> Result<Option<ConversationRecord>, RecordsError> {
    let person = person.clone();
    db.read(move |db| async move {
        let found = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::Person.eq(person.as_str()))
            .one(&db)
            .await?;
        found.map(ConversationRecord::try_from).transpose()
    })
    .await
}

/// The key of the last row of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    pub active_at: Timestamp,
    pub id: ConversationId,
}

/// A page of a business's conversations, the one that moved last first, that begins behind `after`.
/// With `needs_person` only those that need a person.
pub async fn list(
    db: &Database,
    business: BusinessId,
    needs_person: bool,
    after: Option<After>,
    limit: u32,
) -> Result<Page<ConversationRecord, After>, RecordsError> {
    db.read(move |db| async move {
        let behind = after.map(|after| {
            let at = column::from_instant(after.active_at);
            let same = Condition::all().add(Column::ActiveAt.eq(at)).add(Column::Id.lt(after.id.0));
            Condition::any().add(Column::ActiveAt.lt(at)).add(same)
        });
        let filter = Condition::all()
            .add(Column::BusinessId.eq(business.0))
            .add_option(needs_person.then(|| Column::NeedsPerson.is_not_null()))
            .add_option(behind);
        let query = Entity::find()
            .filter(filter)
            .order_by_desc(Column::ActiveAt)
            .order_by_desc(Column::Id)
            .limit(rows_for(limit));
        let rows = query.all(&db).await?;
        let rows = rows.into_iter().map(ConversationRecord::try_from).collect::<Result<_, _>>()?;
        let key = |row: &ConversationRecord| After { active_at: row.active_at, id: row.id };
        Ok(Page::of(rows, limit, key))
    })
    .await
}

/// How many conversations need a person.
pub async fn count_needy(db: &Database, business: BusinessId) -> Result<u64, RecordsError> {
    db.read(move |db| async move {
        let needy = Entity::find()
            .filter(Column::BusinessId.eq(business.0))
            .filter(Column::NeedsPerson.is_not_null());
        Ok(needy.count(&db).await?)
    })
    .await
}

/// Conversations of all businesses in which something is owed and on which nobody works. What the owners of
/// `passed_over` have claimed counts as free.
pub async fn due_of_all(
    db: &Database,
    now: Timestamp,
    passed_over: &[Uuid],
    limit: u32,
) -> Result<Vec<(BusinessId, PhoneNumber)>, RecordsError> {
    let passed_over = passed_over.to_vec();
    db.read(move |db| async move {
        let found: Vec<(Uuid, String)> = Entity::find()
            .select_only()
            .column(Column::BusinessId)
            .column(Column::Person)
            // As the partial index has it: a comparison with a parameter would not use it.
            .filter(Expr::col((Entity, Column::Due)))
            .filter(claimant::is_free(now, passed_over))
            .filter(Expr::exists(business_at_rest()).not())
            .order_by_asc(Column::ActiveAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&db)
            .await?;
        let read = |(business, person): (Uuid, String)| {
            Ok((BusinessId(business), column::id("conversations.person", &person)?))
        };
        found.into_iter().map(read).collect()
    })
    .await
}

/// A conversation's business, if it is paused or removed: what is owed there waits. Looked up by its key for each of the
/// few conversations that are due.
fn business_at_rest() -> SelectStatement {
    use crate::tables::businesses;
    let at_rest = Condition::any()
        .add(businesses::Column::PausedAt.is_not_null())
        .add(businesses::Column::RemovedAt.is_not_null());
    Query::select()
        .expr(Expr::value(1))
        .from(businesses::Entity)
        .cond_where(
            Expr::col((businesses::Entity, businesses::Column::Id))
                .equals((Entity, Column::BusinessId)),
        )
        .cond_where(at_rest)
        .take()
}

async fn find(
    db: &impl ConnectionTrait,
    business: BusinessId,
    conversation: ConversationId,
) -> Result<Option<Model>, RecordsError> {
    let of_business = Entity::find_by_id(conversation.0).filter(Column::BusinessId.eq(business.0));
    Ok(of_business.one(db).await?)
}

impl TryFrom<Model> for ConversationRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        let instant = |column, value| column::optional_instant(column, value);
        Ok(Self {
            id: ConversationId(row.id),
            business_id: BusinessId(row.business_id),
            person: column::id("conversations.person", &row.person)?,
            lead_id: row.lead_id.map(LeadId),
            began_at: column::instant("conversations.began_at", row.began_at)?,
            active_at: column::instant("conversations.active_at", row.active_at)?,
            last_came_at: instant("conversations.last_came_at", row.last_came_at)?,
            closed_at: instant("conversations.closed_at", row.closed_at)?,
            close_reason: row.close_reason,
            notes: row.notes,
            opted_out: row.opted_out,
            needs_person: row.needs_person,
            needs_person_since: instant(
                "conversations.needs_person_since",
                row.needs_person_since,
            )?,
        })
    }
}
