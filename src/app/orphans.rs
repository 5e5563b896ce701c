//! Calls that the database still has as live when the daemon starts: the previous run died with them.
//! If Twilio says that a call is over, or if it is a practice call, its row is ended.

use std::time::Duration;

use actors::call::records::row_status;
use actors::call_parts::Services;
use actors::messages::JournalEntry;
use actors::twilio_rest::Known;
use entities::calls::{CallRecord, CallStatus};
use protocol::call::{EndReason, EndedBy, Ending};

/// Their real reason is not known.
const ENDING: Ending = Ending { reason: EndReason::Internal, by: EndedBy::Daemon };

/// Who can tell how a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Twilio,
    /// Nobody: calls of the practice account die with the process.
    Practice,
}

/// What the carrier knows of an orphan.
enum Fate {
    /// It is over, perhaps with this status and duration.
    Over(Option<(CallStatus, Option<Duration>)>),
    /// It goes on at Twilio, or Twilio could not say. The next start looks again.
    Open,
}

/// Ends the rows of `orphans` whose calls are over.
pub(super) async fn end(services: Services, orphans: Vec<CallRecord>, carrier: Carrier) {
    let mut ended = 0_usize;
    for call in &orphans {
        let last = match carrier {
            Carrier::Practice => None,
            Carrier::Twilio => match fate(&services, call).await {
                Fate::Over(last) => last,
                Fate::Open => continue,
            },
        };
        let (call_sid, now) = (call.call_sid.clone(), services.clock.wall());
        let entry = JournalEntry::ended(call.business_id, call_sid, ENDING, last, now);
        services.journal.record(entry);
        services.metrics.ended(ENDING.reason);
        ended += 1;
    }
    if !orphans.is_empty() {
        tracing::info!(found = orphans.len(), ended, "ended calls of the previous run");
    }
}

async fn fate(services: &Services, call: &CallRecord) -> Fate {
    match services.twilio.look_up(&call.call_sid).await {
        Ok(Known::Call(known)) if !known.status.is_terminal() => Fate::Open,
        Ok(Known::Call(known)) => {
            let duration = known.duration_secs.map(|secs| Duration::from_secs(secs.into()));
            Fate::Over(Some((row_status(known.status), duration)))
        }
        Ok(Known::Nothing) => Fate::Over(None),
        Err(why) => {
            let (call, business) = (&call.call_sid, call.business_id);
            tracing::warn!(%call, %business, why, "Twilio could not say whether a call goes on");
            Fate::Open
        }
    }
}
