//! Twilio's status callbacks (CALL-5, CALL-7). They can be lost, repeated or out of order, and they
//! come for calls that do not run here too.

use actors::reported;
use actors::supervisor::ReportedStatus;
use protocol::ids::BusinessId;
use protocol::twilio::forms::{Form, StatusForm, VoiceForm};

use super::lookup;
use super::state::TwilioState;

/// Handles one status callback. A running call is told, and ends on a terminal status. The status of
/// any other call goes to the node that has it, or into its row; a terminal one that comes before the row is kept
/// for it (CALL-11).
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
        call: status.call_sid,
        status: status.status,
        duration_secs: status.duration_secs,
    };
    let passing = reported::pass_on(&state.services, &state.calls, &reported);
    // Side by side: Twilio waits.
    let (rest, business) = tokio::join!(passing, business_of(state, form));
    if let Some(business) = business {
        reported::write(&state.services, business, &reported, rest);
    }
}

/// Found by the two numbers: a status callback names no business.
async fn business_of(state: &TwilioState, form: &Form) -> Option<BusinessId> {
    let voice = VoiceForm::read(form).ok()?;
    lookup::business(state, voice.business_number()?).await
}
