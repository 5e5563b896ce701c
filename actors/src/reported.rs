//! What becomes of a status that Twilio reports, at whichever node it arrives (CALL-5, RES-9). It goes to the call, to
//! the node that has the call, or into the call's record.

use std::time::Duration;

use entities::calls::LeasedCall;
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::BusinessId;
use protocol::twilio::forms::CallStatus;

use crate::call::records::row_status;
use crate::call_parts::Services;
use crate::cluster::{Handed, Order};
use crate::messages::JournalEntry;
use crate::stored_call;
use crate::supervisor::{Calls, Reported, ReportedStatus};

/// How long the database may take to say which node has the call. Twilio waits.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What is left to write into the call's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    Nothing,
    /// The status. The end too, unless another node has the call.
    Status,
    /// The same, of a call that the database does not know: another node may have it that can't write.
    StatusOfUnknown,
    /// The status and the end: no node has the call.
    End,
}

/// Tells the call its status, here or at the node that has it. A terminal status ends a call that runs nowhere from its
/// snapshot (RES-4). If the call's node is silent, the status waits in the record until that node is back, or the
/// sweep finds it dead.
pub async fn pass_on(services: &Services, calls: &Calls, reported: &ReportedStatus) -> Rest {
    let is_terminal = reported.status.is_terminal();
    match calls.report(reported.clone()).await {
        // A running call writes its own end.
        Reported::Runs if is_terminal => Rest::Nothing,
        Reported::Runs | Reported::WasOver => Rest::Status,
        Reported::Unknown => {
            let rest = hand_on(services, calls, reported).await;
            let is_unknown = matches!(rest, Rest::End | Rest::StatusOfUnknown);
            if is_unknown && never_connected(reported.status) {
                services.metrics.ended(EndReason::NotConnected);
            }
            rest
        }
    }
}

async fn hand_on(services: &Services, calls: &Calls, reported: &ReportedStatus) -> Rest {
    let (node, call) = (&services.node, &reported.call);
    let is_terminal = reported.status.is_terminal();
    if !node.is_shared() && !is_terminal {
        return Rest::Status;
    }
    let ReportedStatus { status, duration_secs, .. } = *reported;
    let order = Order::Status { status, duration_secs };
    let handing = tokio::time::timeout(PATIENCE, node.hand_on(call, None, &order));
    let live: Option<LeasedCall> = match handing.await {
        Ok(Ok(Handed::On)) => return Rest::Nothing,
        Ok(Ok(Handed::Left)) => return Rest::Status,
        Ok(Ok(Handed::Back(live))) => live,
        Ok(Err(error)) => {
            tracing::error!(%error, %call, "the database does not say which node has a call");
            return unknown(node.is_shared());
        }
        Err(_) => return unknown(node.is_shared()),
    };
    if !is_terminal {
        return Rest::Status;
    }
    let nobody_has_it = !node.is_shared() || live.is_some();
    let finishing = stored_call::finish(services, calls, call, live, Some((status, duration_secs)));
    match finishing.await {
        Ok(true) => Rest::Nothing,
        Ok(false) if nobody_has_it => Rest::End,
        Ok(false) => Rest::StatusOfUnknown,
        Err(error) => {
            tracing::error!(%error, %call, "a call that is over could not be finished");
            unknown(node.is_shared())
        }
    }
}

/// What is left if the database fails. A node that is alone on it knows that no other has the call.
fn unknown(is_shared: bool) -> Rest {
    if is_shared { Rest::Status } else { Rest::End }
}

/// Writes what is left, behind what the call itself has written.
pub fn write(services: &Services, business: BusinessId, reported: &ReportedStatus, rest: Rest) {
    let (call, now) = (reported.call.clone(), services.clock.wall());
    let row = row_status(reported.status);
    let duration = reported.duration_secs.map(|secs| Duration::from_secs(secs.into()));
    let ending = ending(reported.status);
    let entry = match rest {
        Rest::Nothing => return,
        Rest::Status | Rest::StatusOfUnknown | Rest::End if !reported.status.is_terminal() => {
            JournalEntry::progress(business, call, row, now)
        }
        Rest::Status | Rest::StatusOfUnknown => {
            let node = services.node.id();
            JournalEntry::reported(business, call, ending, (row, duration), now, node)
        }
        Rest::End => JournalEntry::ended(business, call, ending, Some((row, duration)), now),
    };
    services.journal.record(entry);
}

/// The ending of a call of which only the terminal status is known.
fn ending(status: CallStatus) -> Ending {
    let reason = match never_connected(status) {
        true => EndReason::NotConnected,
        false => EndReason::CallerHungUp,
    };
    Ending { reason, by: EndedBy::Caller }
}

fn never_connected(status: CallStatus) -> bool {
    match status {
        CallStatus::Busy | CallStatus::NoAnswer | CallStatus::Failed | CallStatus::Canceled => true,
        CallStatus::Completed
        | CallStatus::Queued
        | CallStatus::Initiated
        | CallStatus::Ringing
        | CallStatus::InProgress => false,
    }
}
