//! Calls that the database still has as live when the daemon starts: the previous run died with them.
//!
//! Most come back by themselves: Twilio asks to resume them. If Twilio says that a call is over, it is brought
//! to its end from its snapshot. The others are looked at again until they run or are over.

use std::time::Duration;

use actors::call::records::row_status;
use actors::call_parts::Services;
use actors::messages::JournalEntry;
use actors::stored_call;
use actors::supervisor::Calls;
use actors::twilio_rest::Known;
use entities::calls::CallRecord;
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::CallSid;
use protocol::twilio::forms::CallStatus;

/// Their real reason is not known.
const ENDING: Ending = Ending { reason: EndReason::Internal, by: EndedBy::Daemon };
/// How long calls that go on at Twilio are left alone between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Who can tell how a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Twilio,
    /// Nobody: calls of the practice account die with the process.
    Practice,
}

/// What the last run has left.
pub(super) struct Orphans {
    /// Calls without an end.
    pub(super) live: Vec<CallRecord>,
    /// Calls with an end, and with a snapshot: something of them was not finished.
    pub(super) unfinished: Vec<CallSid>,
}

/// What is known of an orphan.
enum Fate {
    /// It is over, perhaps with this status and duration.
    Over(Option<(CallStatus, Option<u32>)>),
    /// It goes on at Twilio, or Twilio could not say.
    Open,
    /// It runs here.
    Resumed,
}

/// Ends the calls of the last run that are over, until none is left.
pub(super) async fn end(services: Services, calls: Calls, orphans: Orphans, carrier: Carrier) {
    for call in &orphans.unfinished {
        if let Err(error) = stored_call::finish(&services, &calls, call, None).await {
            tracing::error!(%error, %call, "a call that is over could not be finished");
        }
    }
    let found = orphans.live.len();
    let mut waiting = orphans.live;
    let mut is_first = true;
    while !waiting.is_empty() {
        let mut open = Vec::new();
        let (mut ended, mut resumed) = (0_usize, 0_usize);
        for call in waiting {
            match fate(&services, &calls, &call, carrier).await {
                Fate::Over(last) => {
                    end_one(&services, &calls, &call, last).await;
                    ended += 1;
                }
                Fate::Open => open.push(call),
                Fate::Resumed => resumed += 1,
            }
        }
        if is_first || ended > 0 {
            let open = open.len();
            tracing::info!(found, ended, resumed, open, "calls of the previous run");
        }
        (waiting, is_first) = (open, false);
        if !waiting.is_empty() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

async fn end_one(
    services: &Services,
    calls: &Calls,
    call: &CallRecord,
    last: Option<(CallStatus, Option<u32>)>,
) {
    let (call_sid, business) = (&call.call_sid, call.business_id);
    match stored_call::finish(services, calls, call_sid, last).await {
        Ok(true) => return,
        Ok(false) if calls.find(call_sid.clone()).await.is_some() => return,
        Ok(false) => {}
        Err(error) => {
            tracing::error!(%error, call = %call_sid, %business, "a snapshot could not be read");
        }
    }
    let last = last.map(|(status, secs)| {
        (row_status(status), secs.map(|secs| Duration::from_secs(secs.into())))
    });
    let now = services.clock.wall();
    let entry = JournalEntry::ended(business, call_sid.clone(), ENDING, last, now);
    services.journal.record(entry);
    services.metrics.ended(ENDING.reason);
}

async fn fate(services: &Services, calls: &Calls, call: &CallRecord, carrier: Carrier) -> Fate {
    if calls.find(call.call_sid.clone()).await.is_some() {
        return Fate::Resumed;
    }
    if carrier == Carrier::Practice {
        return Fate::Over(None);
    }
    match services.twilio.look_up(&call.call_sid).await {
        Ok(Known::Call(known)) if !known.status.is_terminal() => Fate::Open,
        Ok(Known::Call(known)) => Fate::Over(Some((known.status, known.duration_secs))),
        Ok(Known::Nothing) => Fate::Over(None),
        Err(why) => {
            let (call, business) = (&call.call_sid, call.business_id);
            tracing::warn!(%call, %business, why, "Twilio could not say whether a call goes on");
            Fate::Open
        }
    }
}
