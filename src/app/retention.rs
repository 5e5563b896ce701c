//! Deletes what is older than a business's `retention` (OPS-7), by itself and on one daemon at a time.
//!
//! It works in small units with pauses between them, so that no call waits for it.

use std::time::Duration;

use actors::call_parts::Services;
use actors::cluster::Errand;
use entities::businesses::{self, BusinessRecord};
use entities::retention::{Old, delete_old};
use entities::{RecordsError, audit, sessions, sign_ins};
use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

/// From the start of the daemon, so that the calls that come back have the database for themselves.
const FIRST_AFTER: Duration = Duration::from_mins(10);
/// How often it is looked for old rows.
const EVERY: Duration = Duration::from_hours(1);
/// How many rows one unit of work takes, and the pause after it.
const ROWS_AT_ONCE: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// How many businesses are read at once.
const PAGE: u32 = 100;

/// Works for ever.
pub(super) async fn run(services: Services) {
    sleep(FIRST_AFTER).await;
    loop {
        match round(&services).await {
            Ok(0) => {}
            Ok(rows) => {
                tracing::info!(rows, "what was older than its business keeps it is deleted")
            }
            Err(error) => {
                tracing::warn!(%error, "old rows could not be deleted: tried again later")
            }
        }
        if let Err(error) = forget_refused(&services).await {
            tracing::debug!(%error, "old refused records are looked at later");
        }
        sleep(EVERY).await;
    }
}

/// Returns how many rows were deleted: none if another node is at work.
async fn round(services: &Services) -> Result<u64, RecordsError> {
    let Some(mut lock) = services.node.cluster().try_lock(Errand::Retention).await? else {
        return Ok(0);
    };
    let (mut rows, mut after) = (forget_sign_ins(services).await?, None);
    loop {
        let page = businesses::list(&services.database, after.as_ref(), PAGE).await?;
        for business in &page.items {
            let before = oldest_kept(business, services.clock.wall());
            for what in Old::all() {
                loop {
                    if !lock.is_held().await {
                        return Ok(rows);
                    }
                    let (db, now) = (&services.database, services.clock.wall());
                    let done = delete_old(db, business.id, what, before, ROWS_AT_ONCE, now).await?;
                    rows += done;
                    if done < u64::from(ROWS_AT_ONCE) {
                        break;
                    }
                    sleep(PAUSE).await;
                }
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// What is over of the console: sessions, links, failed sign-ins, and old entries of the audit log (CON-2).
async fn forget_sign_ins(services: &Services) -> Result<u64, RecordsError> {
    let (db, now) = (&services.database, services.clock.wall());
    let mut rows = sessions::delete_old(db, now).await? + sign_ins::delete_old(db, now).await?;
    loop {
        let done = audit::delete_old(db, now, ROWS_AT_ONCE).await?;
        rows += done;
        if done < u64::from(ROWS_AT_ONCE) {
            return Ok(rows);
        }
        sleep(PAUSE).await;
    }
}

/// The records that the database never takes are kept as long as those of the business that keeps them
/// longest. Each node has its own.
async fn forget_refused(services: &Services) -> Result<(), RecordsError> {
    let (mut longest, mut after) = (None, None);
    loop {
        let page = businesses::list(&services.database, after.as_ref(), PAGE).await?;
        longest = longest.max(page.items.iter().map(|business| business.retention).max());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let Some(kept) = longest else { return Ok(()) };
    let before = services.clock.wall().checked_sub(kept).unwrap_or(Timestamp::MIN);
    if let Err(error) = services.journal.disk().forget_refused_before(before.into()).await {
        tracing::warn!(%error, "old refused records stay on disk");
    }
    Ok(())
}

fn oldest_kept(business: &BusinessRecord, now: Timestamp) -> Timestamp {
    let kept = SignedDuration::try_from(business.retention).unwrap_or(SignedDuration::MAX);
    now.checked_sub(kept).unwrap_or(Timestamp::MIN)
}
