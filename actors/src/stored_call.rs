//! Calls whose process has died (RES-4): they go on from their snapshot in the database, or are brought to
//! their end.
//!
//! [`restore`] is for whoever hears of a call that does not run here, most often a webhook. [`finish`] is for
//! whoever knows that a call is over at Twilio.

use std::sync::Arc;
use std::time::Duration;

use entities::RecordsError;
use entities::call_snapshots::{self, StoredSnapshot};
use entities::calls::{self, CallLease, LeasedCall};
use protocol::business::BusinessSettings;
use protocol::call::snapshot::{CallSnapshot, SnapshotError};
use protocol::call::{AtTwilio, Call, CallSetup, Event};
use protocol::ids::CallSid;
use protocol::twilio::forms::CallStatus;
use thiserror::Error;

use crate::call_parts::{CallParts, Services};
use crate::call_supervisor::{CallHandle, finish_stored_call};
use crate::messages::SupervisorEvent;
use crate::saved::{StoredCall, may_resume};
use crate::supervisor::{CallRefused, Calls};

/// How long the records that an earlier process left on disk are waited for: the snapshot may be among them.
const BACKLOG_PATIENCE: Duration = Duration::from_millis(1500);
/// How long the database may take for all of it. A webhook waits, and Twilio hears from it within 3 s.
const PATIENCE: Duration = Duration::from_millis(1200);
/// How often it is looked whether those records are written.
const BACKLOG_CHECK: Duration = Duration::from_millis(20);

/// Why a call does not go on.
#[derive(Debug, Error)]
pub enum NotRestored {
    /// It has neither a row nor a snapshot.
    #[error("nothing is known of the call")]
    Unknown,
    /// It goes on, and its process died before a snapshot of it was kept. It is this node's from now on.
    #[error("no snapshot of the call was kept")]
    NoSnapshot,
    /// Its record has its end.
    #[error("the call is over")]
    Over,
    /// It was resumed five times within a minute (CALL-1).
    #[error("the call was resumed too often")]
    TooOften(Box<BusinessSettings>),
    /// The snapshot can't be used. The settings are there unless it is they that can't be read.
    #[error("{error}")]
    Unreadable { error: SnapshotError, settings: Option<Box<BusinessSettings>> },
    /// The daemon takes no call.
    #[error(transparent)]
    Refused(#[from] CallRefused),
    #[error("the database did not answer within {PATIENCE:?}")]
    TooSlow,
    #[error(transparent)]
    Records(#[from] RecordsError),
}

/// Finds the call, or goes on with it from its snapshot. However many ask at once, one tree is started.
/// Counts as a resume if the call did not run here. Answers within 3 s.
///
/// # Errors
/// [`NotRestored`] says what the caller is to hear.
pub async fn restore(
    services: &Services,
    calls: &Calls,
    call: &CallSid,
    at_twilio: AtTwilio,
) -> Result<CallHandle, NotRestored> {
    if let Some(handle) = calls.find(call.clone()).await {
        return Ok(handle);
    }
    let restoring = async {
        if let Some(handle) = calls.find(call.clone()).await {
            return Ok(handle);
        }
        calls.may_run(call.clone()).await?;
        await_backlog(services).await;
        let now = services.clock.wall();
        let taking = async {
            // First: what the former node writes after this is refused, so nothing newer is missed.
            let lease = take_over(services, call).await?;
            Ok((lease, call_snapshots::resume(&services.database, call, now).await?))
        };
        let (lease, found) = within_patience(taking).await?;
        let Some(mut found) = found else {
            let why = if lease.is_some() { NotRestored::NoSnapshot } else { NotRestored::Unknown };
            return Err(why);
        };
        if found.is_over {
            return Err(NotRestored::Over);
        }
        let setup = CallSetup::from_json(&found.setup);
        let setup = setup.map_err(|error| NotRestored::Unreadable { error, settings: None })?;
        let settings = || Box::new(BusinessSettings::clone(&setup.settings));
        if !may_resume(&mut found.resumes, now) {
            return Err(NotRestored::TooOften(settings()));
        }
        let unreadable = |error| NotRestored::Unreadable { error, settings: Some(settings()) };
        let snapshot = snapshot(&found).map_err(unreadable)?;
        if *snapshot.call_sid() != setup.call_sid {
            let call_sid = snapshot.call_sid().clone();
            return Err(unreadable(SnapshotError::OtherCall { call_sid }));
        }
        let lease = lease.unwrap_or_else(|| services.node.first_lease());
        let resumes = found.resumes;
        let stored = StoredCall { setup, snapshot, resumes, at_twilio, lease };
        Ok(calls.resume(stored).await?)
    };
    calls.locks().alone(call, restoring).await
}

/// Brings a call to its end that is over at Twilio and does not run here: its record, and what is to be
/// written of its lead. `live` is its lease, if its record has no end yet; it must be for this node to end it
/// ([`Node::keeper_of`](crate::cluster::Node::keeper_of)). `reported` is Twilio's terminal status, with the
/// call's length in seconds; without it the reason is `internal`, unless an ending had begun. Returns `false` if
/// there is no snapshot, or the call runs here.
///
/// # Errors
/// [`NotRestored`] if the database fails, or another node was faster. Then nothing has happened.
pub async fn finish(
    services: &Services,
    calls: &Calls,
    call: &CallSid,
    live: Option<LeasedCall>,
    reported: Option<(CallStatus, Option<u32>)>,
) -> Result<bool, NotRestored> {
    let finishing = async {
        if calls.find(call.clone()).await.is_some() {
            return Ok(false);
        }
        await_backlog(services).await;
        let reading = call_snapshots::of_any_business(&services.database, call);
        let Ok(found) = tokio::time::timeout(PATIENCE, reading).await else {
            return Err(NotRestored::TooSlow);
        };
        let Some(found) = found? else { return Ok(false) };
        let lease = match live {
            Some(live) => within_patience(take_from(services, call, live)).await?,
            // Its record has its end, and nobody has it.
            None => services.node.first_lease(),
        };
        let Ok(stored) = stored(&found, lease) else {
            // The plain end of the record is all that can be written.
            return Ok(false);
        };
        let end = |setup: Arc<CallSetup>, snapshot: CallSnapshot, now| {
            let mut call = Call::restore_to_end(setup, snapshot, now)?;
            if let Some((status, duration_secs)) = reported {
                call.handle(Event::StatusReported { status, duration_secs }, now);
            }
            Ok(call)
        };
        let Ok(parts) = CallParts::stored(stored, services.clone(), end) else { return Ok(false) };
        parts.span().in_scope(|| finish_stored_call(&parts));
        Ok(true)
    };
    calls.locks().alone(call, finishing).await
}

/// Ends a call for an operator that goes on at Twilio and is for this node to see to: the call goes on here from its
/// snapshot, and hangs up.
///
/// # Errors
/// [`NotRestored`] if it could not go on.
pub async fn hang_up(
    services: &Services,
    calls: &Calls,
    call: &CallSid,
) -> Result<(), NotRestored> {
    let handle = restore(services, calls, call, AtTwilio::GoesOn).await?;
    // Its inbox is closed only when it is over.
    handle.tell(SupervisorEvent::OperatorHangUp).map_err(|_| NotRestored::Over)
}

/// The call is this node's from now on: Twilio has told that its stream has ended, or that it is over (RES-9).
/// `None` if it has no row, or has ended.
async fn take_over(services: &Services, call: &CallSid) -> Result<Option<CallLease>, NotRestored> {
    let Some(live) = calls::lease_of_live(&services.database, call).await? else {
        return Ok(None);
    };
    take_from(services, call, live).await.map(Some)
}

async fn take_from(
    services: &Services,
    call: &CallSid,
    live: LeasedCall,
) -> Result<CallLease, NotRestored> {
    let taken = services.node.take_over(live.business, call, live.lease).await?;
    // Another node was faster.
    taken.ok_or(NotRestored::Refused(CallRefused::Failed))
}

async fn within_patience<T>(
    asking: impl Future<Output = Result<T, NotRestored>>,
) -> Result<T, NotRestored> {
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Err(NotRestored::TooSlow))
}

fn stored(found: &StoredSnapshot, lease: CallLease) -> Result<StoredCall, SnapshotError> {
    Ok(StoredCall {
        setup: CallSetup::from_json(&found.setup)?,
        snapshot: snapshot(found)?,
        resumes: found.resumes.clone(),
        at_twilio: AtTwilio::GoesOn,
        lease,
    })
}

fn snapshot(found: &StoredSnapshot) -> Result<CallSnapshot, SnapshotError> {
    CallSnapshot::from_parts(&found.state, found.entries.iter().map(String::as_str))
}

/// The journal may hold a newer snapshot than the database, on disk or in memory.
async fn await_backlog(services: &Services) {
    let journal = &services.journal;
    let written = async {
        while journal.disk().waiting() > 0 {
            tokio::time::sleep(BACKLOG_CHECK).await;
        }
    };
    // After that the database has what it has.
    let _ = tokio::time::timeout(BACKLOG_PATIENCE, written).await;
}
