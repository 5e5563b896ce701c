//! The lease of a call: which node has it, and under which fencing number (RES-9). The lease is a part of
//! the call's row. It has no time of its own: nobody loses a call because a clock ran out.

use std::collections::BTreeMap;

use protocol::ids::{BusinessId, CallSid, Fence, NodeId};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::row::{NewCall, insert_new, row, update};
use super::{CallRecord, early, find, records};
use crate::column;
use crate::database::{Database, Writes};
use crate::error::RecordsError;
use crate::tables::calls::{ActiveModel, Column, Entity};
use sea_orm::ActiveValue::Set;

/// Who has a call. Of two leases of one call, the one with the higher fencing number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallLease {
    pub node: NodeId,
    pub fence: Fence,
}

/// A call that goes on, and who has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedCall {
    pub business: BusinessId,
    /// `None`: no node has answered it yet.
    pub lease: Option<CallLease>,
}

/// As [`insert_started`](super::insert_started), for the node that has answered the call: the row gets its
/// lease, unless it has one. If the call's end was reported before, the row gets the status and the duration: the node
/// knows how the call has ended, or whoever finds it dead ends it.
///
/// # Errors
/// [`RecordsError::Fenced`] if another node has the call.
pub async fn insert_leased(
    db: &impl Writes,
    business: BusinessId,
    call: NewCall,
    lease: CallLease,
) -> Result<(), RecordsError> {
    db.write_here(move |db| async move {
        let db = &*db;
        let call_sid = call.call_sid.clone();
        let leased = ActiveModel {
            node_id: Set(Some(lease.node.0)),
            fence: Set(as_column(lease.fence)),
            ..row(business, call)
        };
        if insert_new(db, leased).await? == 0 {
            // A placed call has a row before anybody answers it.
            update(business, &call_sid)
                .col_expr(Column::NodeId, Expr::val(lease.node.0))
                .col_expr(Column::Fence, Expr::val(as_column(lease.fence)))
                .filter(Column::Fence.eq(0))
                .exec(db)
                .await?;
            let found = lease_in(db, business, &call_sid).await?.ok_or(RecordsError::Conflict)?;
            if found.is_some_and(|found| found != lease) {
                return Err(RecordsError::Fenced);
            }
        }
        early::apply_status(db, business, &call_sid).await
    })
    .await
}

/// Refuses what carries an older fencing number than a call's row. Until the unit of work is done, nobody
/// takes these calls over.
///
/// # Errors
/// [`RecordsError::Fenced`] if another node has taken one of them over.
pub async fn check_fences(
    db: &impl Writes,
    leases: BTreeMap<CallSid, CallLease>,
) -> Result<(), RecordsError> {
    if leases.is_empty() {
        return Ok(());
    }
    db.write_here(move |db| async move {
        let calls = leases.keys().map(CallSid::as_str);
        let found = Entity::find()
            .select_only()
            .columns([Column::CallSid, Column::NodeId, Column::Fence])
            .filter(Column::CallSid.is_in(calls))
            .order_by_asc(Column::CallSid)
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<(String, Option<Uuid>, i32)>()
            .all(&*db)
            .await?;
        for (call, node, fence) in found {
            let stored = lease_of(node, fence)?;
            let ours = leases.iter().find(|(sid, _)| sid.as_str() == call).map(|(_, lease)| *lease);
            if let (Some(stored), Some(ours)) = (stored, ours)
                && is_newer(stored, ours)
            {
                return Err(RecordsError::Fenced);
            }
        }
        Ok(())
    })
    .await
}

/// A node takes a call over that another has, under the next fencing number. `None` if the call has ended
/// or its lease is no longer `from`: somebody else was first.
pub async fn take_over(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
    from: Option<CallLease>,
    node: NodeId,
) -> Result<Option<CallLease>, RecordsError> {
    let call = call.clone();
    db.write(move |db| async move {
        let before = from.map_or(0, |lease| as_column(lease.fence));
        let fence = from.map_or(Fence::FIRST, |lease| lease.fence.next());
        let taken = update(business, &call)
            .col_expr(Column::NodeId, Expr::val(node.0))
            .col_expr(Column::Fence, Expr::val(as_column(fence)))
            .filter(Column::Fence.eq(before))
            .filter(Column::EndedAt.is_null())
            .exec(&db)
            .await?;
        Ok((taken.rows_affected > 0).then_some(CallLease { node, fence }))
    })
    .await
}

/// Who has a call. `None` if the business has no such call, or it has ended.
pub async fn lease_of_live(
    db: &Database,
    call: &CallSid,
) -> Result<Option<LeasedCall>, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let found = Entity::find_by_id(call.as_str())
            .select_only()
            .columns([Column::BusinessId, Column::NodeId, Column::Fence])
            .filter(Column::EndedAt.is_null())
            .into_tuple::<(Uuid, Option<Uuid>, i32)>()
            .one(&db)
            .await?;
        let Some((business, node, fence)) = found else { return Ok(None) };
        let (business, lease) = (BusinessId(business), lease_of(node, fence)?);
        Ok(Some(LeasedCall { business, lease }))
    })
    .await
}

/// Whether nobody has taken the call over since `lease`. A call that has no row yet, or whose row has no
/// lease yet, is nobody else's.
pub async fn holds(
    db: &Database,
    business: BusinessId,
    call: &CallSid,
    lease: CallLease,
) -> Result<bool, RecordsError> {
    let call = call.clone();
    db.read(move |db| async move {
        let stored = lease_in(&db, business, &call).await?.flatten();
        Ok(stored.is_none_or(|stored| !is_newer(stored, lease)))
    })
    .await
}

/// The live calls that none of these nodes has, oldest first: theirs have died, or nobody answered them.
pub async fn live_beside(
    db: &Database,
    nodes: Vec<NodeId>,
) -> Result<Vec<CallRecord>, RecordsError> {
    db.read(move |db| async move {
        let elsewhere = Condition::any()
            .add(Column::NodeId.is_null())
            .add(Column::NodeId.is_not_in(nodes.into_iter().map(|node| node.0)));
        let query = Entity::find()
            .filter(Column::EndedAt.is_null())
            .filter(elsewhere)
            .order_by_asc(Column::StartedAt);
        records(&db, query).await
    })
    .await
}

/// Refuses a write of a call under an older lease than its row has.
pub(crate) async fn require_lease(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
    lease: CallLease,
) -> Result<(), RecordsError> {
    let found = find(business, call)
        .select_only()
        .columns([Column::NodeId, Column::Fence])
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<(Option<Uuid>, i32)>()
        .one(db)
        .await?;
    let stored = found.map(|(node, fence)| lease_of(node, fence)).transpose()?.flatten();
    if stored.is_some_and(|stored| is_newer(stored, lease)) {
        return Err(RecordsError::Fenced);
    }
    Ok(())
}

pub(crate) fn lease_of(node: Option<Uuid>, fence: i32) -> Result<Option<CallLease>, RecordsError> {
    let fence = Fence(column::number("calls.fence", fence.into())?);
    Ok(node.map(|node| CallLease { node: NodeId(node), fence }))
}

/// Two nodes that answered the same webhook have the same number; the first in the database counts.
fn is_newer(stored: CallLease, ours: CallLease) -> bool {
    stored.fence > ours.fence || (stored.fence == ours.fence && stored.node != ours.node)
}

async fn lease_in(
    db: &impl ConnectionTrait,
    business: BusinessId,
    call: &CallSid,
) -> Result<Option<Option<CallLease>>, RecordsError> {
    let found = find(business, call)
        .select_only()
        .columns([Column::NodeId, Column::Fence])
        .into_tuple::<(Option<Uuid>, i32)>()
        .one(db)
        .await?;
    found.map(|(node, fence)| lease_of(node, fence)).transpose()
}

fn as_column(fence: Fence) -> i32 {
    i32::try_from(fence.0).unwrap_or(i32::MAX)
}
