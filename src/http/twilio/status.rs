//! Twilio's status callbacks (CALL-5, CALL-7). They can be lost, repeated or out of order, and they
//! come for calls that do not run here too.

use std::time::Duration;

use actors::call::records::row_status;
use actors::cluster::{Handed, Order};
use actors::messages::JournalEntry;
use actors::stored_call;
use actors::supervisor::{Reported, ReportedStatus};
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::BusinessId;
use protocol::twilio::forms::{CallStatus, Form, StatusForm, VoiceForm};

use super::lookup;
use super::state::TwilioState;

/// Handles one status callback. A running call is told, and ends on a terminal status. The status of
/// any other call goes into its row; a terminal one that comes before the row is kept for it (CALL-11).
pub(super) async fn on_status(state: &TwilioState, form: &Form) {
    let status = match StatusForm::read(form) {
        Ok(status) => status,
        Err(error) => {
            tracing::warn!(%error, "a status callback could not be read");
            return;
        }
    };
    if status.status.is_terminal() {
        state.door_transfers.end(&status.call_sid);
    }
    let reported = ReportedStatus {
        call: status.call_sid.clone(),
        status: status.status,
        duration_secs: status.duration_secs,
    };
    let known = state.calls.report(reported).await;
    // A running call writes its own end.
    if known == Reported::Runs && status.status.is_terminal() {
        return;
    }
    if known == Reported::Unknown && is_handed_on(state, &status).await {
        return;
    }
    // Side by side: Twilio waits.
    let (finished, business) =
        tokio::join!(finish_stored(state, known, &status), business_of(state, form));
    if !finished && let Some(business) = business {
        if known == Reported::Unknown && never_connected(status.status) {
            state.services.metrics.ended(EndReason::NotConnected);
        }
        state.services.journal.record(entry(state, business, &status));
    }
}

/// Whether another node has the call, and writes what follows from the status. If the database does not say,
/// the status waits in the journal like that of a call that nobody has. While no other node is alive, none is
/// looked for: Twilio waits.
async fn is_handed_on(state: &TwilioState, status: &StatusForm) -> bool {
    if !state.services.node.another_lives() {
        return false;
    }
    let order = Order::Status { status: status.status, duration_secs: status.duration_secs };
    let handing = state.services.node.hand_on(&status.call_sid, None, &order);
    match tokio::time::timeout(lookup::PATIENCE, handing).await {
        Ok(Ok(handed)) => handed == Handed::On,
        Ok(Err(error)) => {
            tracing::error!(%error, "a status could not be handed on");
            false
        }
        Err(_) => false,
    }
}

/// A call that another process began and that is over is brought to its end from its snapshot (RES-4).
/// Returns whether it was.
async fn finish_stored(state: &TwilioState, known: Reported, status: &StatusForm) -> bool {
    if known != Reported::Unknown || !status.status.is_terminal() {
        return false;
    }
    let call = &status.call_sid;
    let reported = Some((status.status, status.duration_secs));
    let finished = stored_call::finish(&state.services, &state.calls, call, reported).await;
    finished.unwrap_or_else(|error| {
        tracing::error!(%error, %call, "a call's snapshot could not be read");
        false
    })
}

/// Found by the two numbers: a status callback names no business.
async fn business_of(state: &TwilioState, form: &Form) -> Option<BusinessId> {
    let voice = VoiceForm::read(form).ok()?;
    lookup::business(state, voice.business_number()?).await
}

fn entry(state: &TwilioState, business: BusinessId, status: &StatusForm) -> JournalEntry {
    let (call, now) = (status.call_sid.clone(), state.services.clock.wall());
    let row = row_status(status.status);
    if !status.status.is_terminal() {
        return JournalEntry::progress(business, call, row, now);
    }
    let duration = status.duration_secs.map(|secs| Duration::from_secs(secs.into()));
    JournalEntry::ended(business, call, ending(status.status), Some((row, duration)), now)
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
