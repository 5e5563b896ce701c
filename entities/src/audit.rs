//! Who has changed what (CON-2): the audit log of all businesses.
//!
//! An entry can tell of a person. It names them by their lead, their number or their call, so that it is
//! given out and emptied with everything else of them (LEAD-5).

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{
    Expr, ExprTrait, Func, IntoColumnRef, LikeExpr, LockType, Query, SelectStatement,
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use crate::column;
use crate::connection::begin_write;
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::tables::audit_log::{ActiveModel, Column, Entity, Model};
use crate::tables::{businesses, users};

/// How long entries are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);
/// A name, an object or an address is cut to so many characters.
const LONGEST_TEXT: usize = 200;
/// Words of a search that are looked for.
const MOST_WORDS: usize = 8;

/// An entry that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// A UUID of version 7: entries are listed in the order of their ids.
    pub id: Uuid,
    pub at: Timestamp,
    pub by: Author,
    /// In words of ours, as in `settings.publish`.
    pub action: &'static str,
    /// `None`: it concerns no business.
    pub business: Option<BusinessId>,
    /// What it was done to, for a reader.
    pub object: Option<String>,
    /// Before and after, without secrets.
    pub detail: Option<Value>,
    pub about: About,
}

/// Who has done it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// `None`: not a user of the console.
    pub user: Option<Uuid>,
    /// As it is now: the user can be removed.
    pub name: String,
    /// Where the request came from.
    pub address: Option<String>,
}

/// The person that an entry tells of. An erasure must not name a number: it would be written after the
/// number was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    pub person: Option<PhoneNumber>,
    pub lead: Option<LeadId>,
    pub call: Option<CallSid>,
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryRecord {
    pub id: Uuid,
    pub at: Timestamp,
    pub by: Author,
    pub action: String,
    pub business: Option<BusinessId>,
    pub object: Option<String>,
    pub detail: Option<Value>,
}

/// Which entries are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    pub business: Option<BusinessId>,
    pub user: Option<Uuid>,
    /// Each of its words must be in the user's name, the action, the object, the
    /// address, or the business's name or slug.
    pub search: Option<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// Writes an entry by itself. What changes and writes its entry in one transaction takes the entry as an
/// argument.
pub async fn write(db: &Database, entry: NewEntry) -> Result<(), RecordsError> {
    db.write(move |db| async move { insert(&db, entry).await }).await
}

/// Writes an entry, in the transaction of what it tells.
pub(crate) async fn insert(db: &impl ConnectionTrait, entry: NewEntry) -> Result<(), RecordsError> {
    let row = ActiveModel {
        id: Set(entry.id),
        at: Set(column::from_instant(entry.at)),
        user_id: Set(entry.by.user),
        user_name: Set(cut(entry.by.name)),
        action: Set(entry.action.to_owned()),
        business_id: Set(entry.business.map(|business| business.0)),
        object: Set(entry.object.map(cut)),
        address: Set(entry.by.address.map(cut)),
        detail: Set(entry.detail),
        person: Set(entry.about.person.map(|person| person.to_string())),
        lead_id: Set(entry.about.lead.map(|lead| lead.0)),
        call_sid: Set(entry.about.call.map(|call| call.to_string())),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Writes an entry of a user who has made fewer than `most` such entries since then. `false`: they have made as many,
/// and nothing is written. Of two at once, one waits for the other.
pub async fn write_within(
    db: &Database,
    entry: NewEntry,
    since: Timestamp,
    most: u64,
) -> Result<bool, RecordsError> {
    db.write(move |db| async move {
        let transaction = begin_write(&db).await?;
        let Some(user) = entry.by.user else { return Ok(false) };
        users::Entity::find_by_id(user).lock(LockType::Update).one(&transaction).await?;
        if count(&transaction, user, entry.action, since).await? >= most {
            return Ok(false);
        }
        insert(&transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    })
    .await
}

/// How many entries of a kind a user has made since then.
pub async fn count_of_user(
    db: &Database,
    user: Uuid,
    action: &'static str,
    since: Timestamp,
) -> Result<u64, RecordsError> {
    db.read(move |db| async move { Ok(count(&db, user, action, since).await?) }).await
}

async fn count(
    db: &impl ConnectionTrait,
    user: Uuid,
    action: &str,
    since: Timestamp,
) -> Result<u64, DbErr> {
    Entity::find()
        .filter(Column::UserId.eq(user))
        .filter(Column::Action.eq(action))
        .filter(Column::At.gte(column::from_instant(since)))
        .count(db)
        .await
}

/// A page of entries, the newest first, that begins behind `after`.
pub async fn list(
    db: &Database,
    filter: EntryFilter,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Page<EntryRecord, Uuid>, RecordsError> {
    db.read(move |db| async move {
        let mut wanted = Condition::all();
        if let Some(business) = filter.business {
            wanted = wanted.add(Column::BusinessId.eq(business.0));
        }
        if let Some(user) = filter.user {
            wanted = wanted.add(Column::UserId.eq(user));
        }
        if let Some(since) = filter.since {
            wanted = wanted.add(Column::At.gte(column::from_instant(since)));
        }
        if let Some(until) = filter.until {
            wanted = wanted.add(Column::At.lt(column::from_instant(until)));
        }
        let search = filter.search.unwrap_or_default();
        for word in search.split_whitespace().take(MOST_WORDS) {
            let found = [Column::UserName, Column::Action, Column::Object, Column::Address]
                .into_iter()
                .fold(Condition::any(), |any, column| any.add(contains(column, word)))
                .add(Column::BusinessId.in_subquery(named(word)));
            wanted = wanted.add(found);
        }
        if let Some(after) = after {
            wanted = wanted.add(Column::Id.lt(after));
        }
        let query = Entity::find().filter(wanted).order_by_desc(Column::Id);
        let rows = query.limit(rows_for(limit)).all(&db).await?;
        let rows = rows.into_iter().map(EntryRecord::try_from).collect::<Result<_, _>>()?;
        Ok(Page::of(rows, limit, |entry: &EntryRecord| entry.id))
    })
    .await
}

/// Whether the column has the word, whatever its case.
fn contains(column: impl IntoColumnRef, word: &str) -> Expr {
    let literal = word.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = LikeExpr::new(format!("%{literal}%")).escape('\\');
    Expr::expr(Func::lower(Expr::col(column))).like(pattern)
}

/// The businesses that a word names.
fn named(word: &str) -> SelectStatement {
    use businesses::Column;
    let by = Condition::any().add(contains(Column::Name, word)).add(contains(Column::Slug, word));
    Query::select().column(Column::Id).from(businesses::Entity).cond_where(by).take()
}

/// Deletes entries that are older than they are kept, at most `most`. Returns how many there were.
pub async fn delete_old(db: &Database, now: Timestamp, most: u32) -> Result<u64, RecordsError> {
    db.write(move |db| async move {
        let before = column::from_instant(now - KEPT);
        let old: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::At.lt(before))
            .order_by_asc(Column::Id)
            .limit(u64::from(most))
            .into_tuple()
            .all(&db)
            .await?;
        Ok(Entity::delete_many().filter(Column::Id.is_in(old)).exec(&db).await?.rows_affected)
    })
    .await
}

fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

impl TryFrom<Model> for EntryRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            id: row.id,
            at: column::instant("audit_log.at", row.at)?,
            by: Author { user: row.user_id, name: row.user_name, address: row.address },
            action: row.action,
            business: row.business_id.map(BusinessId),
            object: row.object,
            detail: row.detail,
        })
    }
}
