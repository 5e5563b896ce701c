//! Calls by what was said in them, who it was, and what came of it.
//!
//! A search reads the newest [`MOST_SEARCHED`] calls behind its cursor, and their turns; the next page goes on behind
//! them. So it costs the same however many calls there are.

use protocol::call::EndReason;
use protocol::ids::{BusinessId, CallSid};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::{CallFilter, CallRecord, behind, records};
use crate::database::Database;
use crate::error::RecordsError;
use crate::page::{Page, rows_for};
use crate::search::Words;
use crate::tables::calls::{Column, Entity};
use crate::tables::{appointments, call_turns, leads};
use crate::values::{CallDirection, LeadStatus, TurnRole};

/// Calls that one page of a search reads.
const MOST_SEARCHED: u64 = 1_000;

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// An appointment was booked in it.
    Booked,
    /// All details of its lead are known.
    Complete,
    /// It ended for a reason for which the caller was failed.
    Failed,
}

/// Which calls [`search`] returns.
#[derive(Debug, Clone, Default)]
pub struct CallSearch {
    pub filter: CallFilter,
    /// A name, a number, or words that were said; empty for any.
    pub words: String,
    pub outcome: Option<CallOutcome>,
}

/// A page of a business's calls that fit, newest first, that begins behind `after`. It may have fewer than `limit`
/// although more follow.
///
/// # Errors
/// [`RecordsError::NotFound`] if there is no such call `after`.
pub async fn search(
    db: &Database,
    business: BusinessId,
    search: CallSearch,
    after: Option<&CallSid>,
    limit: u32,
) -> Result<Page<CallRecord, CallSid>, RecordsError> {
    let after = after.cloned();
    db.read(move |db| async move {
        let of_business = Column::BusinessId.eq(business.0);
        let mut all = Entity::find().filter(of_business).filter(search.filter.condition());
        if let Some(after) = &after {
            all = all.filter(behind(&db, Some(business), after).await?);
        }
        let last = last_searched(&db, all.clone()).await?;
        let mut found = all;
        if let Some((last, _)) = &last {
            let older = behind(&db, Some(business), last).await?;
            found = found.filter(older.not());
        }
        let found = found
            .filter(words(&search.words))
            .filter(outcome(search.outcome))
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::CallSid)
            .limit(rows_for(limit));
        let rows = records(&db, found).await?;
        let mut page = Page::of(rows, limit, |call: &CallRecord| call.call_sid.clone());
        if page.next.is_none() {
            page.next = last.filter(|(_, more)| *more).map(|(last, _)| last);
        }
        Ok(page)
    })
    .await
}

/// The last call that is read, and whether there are more. `None` if all are read.
async fn last_searched(
    db: &sea_orm::DatabaseConnection,
    all: Select<Entity>,
) -> Result<Option<(CallSid, bool)>, RecordsError> {
    let found: Vec<String> = all
        .select_only()
        .column(Column::CallSid)
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::CallSid)
        .offset(MOST_SEARCHED - 1)
        .limit(2)
        .into_tuple()
        .all(db)
        .await?;
    let Some(last) = found.first() else { return Ok(None) };
    Ok(Some((crate::column::id("calls.call_sid", last)?, found.len() > 1)))
}

fn words(text: &str) -> Condition {
    let Some(words) = Words::of(text) else { return Condition::all() };
    let of_person = |direction: CallDirection, number: Column| {
        let has = words.are_digits_of(Expr::col((Entity, number)))?;
        Some(Condition::all().add(Column::Direction.eq(direction)).add(has))
    };
    let named = lead_with(words.are_in(Expr::col((leads::Entity, leads::Column::FullName))));
    let said = Query::select()
        .expr(Expr::val(1))
        .from(call_turns::Entity)
        .and_where(
            Expr::col((call_turns::Entity, call_turns::Column::CallSid))
                .equals((Entity, Column::CallSid)),
        )
        .and_where(call_turns::Column::Role.is_in([TurnRole::Caller, TurnRole::Agent]))
        .and_where(words.are_in(Expr::col((call_turns::Entity, call_turns::Column::Text))))
        .to_owned();
    Condition::any()
        .add_option(of_person(CallDirection::Inbound, Column::FromNumber))
        .add_option(of_person(CallDirection::Outbound, Column::ToNumber))
        .add(Expr::exists(named))
        .add(Expr::exists(said))
}

fn outcome(outcome: Option<CallOutcome>) -> Condition {
    let all = Condition::all();
    match outcome {
        None => all,
        Some(CallOutcome::Booked) => {
            let booked = Query::select()
                .expr(Expr::val(1))
                .from(appointments::Entity)
                .and_where(same(appointments::Column::BusinessId, Column::BusinessId))
                .and_where(same(appointments::Column::CallSid, Column::CallSid))
                .to_owned();
            all.add(Expr::exists(booked))
        }
        Some(CallOutcome::Complete) => {
            all.add(Expr::exists(lead_with(leads::Column::Status.eq(LeadStatus::Complete))))
        }
        Some(CallOutcome::Failed) => all.add(failed()),
    }
}

/// The caller was failed.
pub(super) fn failed() -> Expr {
    let failures = EndReason::ALL.into_iter().filter(|reason| reason.is_failure());
    Column::EndReason.is_in(failures.map(EndReason::as_str))
}

fn same(column: appointments::Column, of_call: Column) -> Expr {
    Expr::col((appointments::Entity, column)).equals((Entity, of_call))
}

/// The call's lead, if it is so.
fn lead_with(is_so: Expr) -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(leads::Entity)
        .and_where(Expr::col((leads::Entity, leads::Column::Id)).equals((Entity, Column::LeadId)))
        .and_where(is_so)
        .to_owned()
}
