//! What Twilio tells of a call by its status callbacks: they can be lost, doubled and out of order,
//! and come whether or not anything of the call runs here (CALL-5, CALL-7).

use std::time::Duration;

use actors::call::records::row_status;
use actors::messages::JournalEntry;
use actors::messages::SupervisorEvent;
use protocol::call::{EndReason, EndedBy, Ending};
use protocol::ids::BusinessId;
use protocol::twilio::forms::{CallStatus, Form, StatusForm, VoiceForm};

use super::twilio::TwilioSide;

/// Takes in one status callback. A terminal status closes everything of the call; what nobody
/// here can take in is written down.
pub(super) async fn on_status(side: &TwilioSide, form: &Form) {
    let status = match StatusForm::read(form) {
        Ok(status) => status,
        Err(error) => {
            tracing::warn!(%error, "a status callback could not be read");
            return;
        }
    };
    let event =
        SupervisorEvent::Status { status: status.status, duration_secs: status.duration_secs };
    let told = match side.calls.find(status.call_sid.clone()).await {
        Some(handle) => handle.tell(event).is_ok(),
        None => false,
    };
    // A call that runs here writes its end down itself.
    if told && status.status.is_terminal() {
        return;
    }
    if let Some(business) = business_of(side, form).await {
        let _ = side.services.journal.send(entry(side, business, &status)).await;
    }
}

/// The status callback names the two ends as the voice webhook does, and no business.
async fn business_of(side: &TwilioSide, form: &Form) -> Option<BusinessId> {
    let voice = VoiceForm::read(form).ok()?;
    let db = &side.services.database;
    let (number, now) = (voice.business_number()?, side.services.clock.wall());
    let found = entities::businesses::find_for_voice(db, number, None, now).await;
    Some(found.ok()??.business.id)
}

fn entry(side: &TwilioSide, business: BusinessId, status: &StatusForm) -> JournalEntry {
    let (call, now) = (status.call_sid.clone(), side.services.clock.wall());
    let row = row_status(status.status);
    if !status.status.is_terminal() {
        return JournalEntry::progress(business, call, row, now);
    }
    let duration = status.duration_secs.map(|secs| Duration::from_secs(secs.into()));
    JournalEntry::ended(business, call, ending(status.status), Some((row, duration)), now)
}

/// Why a call ended, if its terminal status is all that is known of it.
pub(crate) fn ending(status: CallStatus) -> Ending {
    let reason = match status {
        CallStatus::Busy | CallStatus::NoAnswer | CallStatus::Failed | CallStatus::Canceled => {
            EndReason::NotConnected
        }
        CallStatus::Completed
        | CallStatus::Queued
        | CallStatus::Initiated
        | CallStatus::Ringing
        | CallStatus::InProgress => EndReason::CallerHungUp,
    };
    Ending { reason, by: EndedBy::Caller }
}
