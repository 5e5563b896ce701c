//! What Twilio's webhooks tell of a call that has ended there. Of a test call none comes, so that the call is told
//! here (CON-5).

use protocol::call::{Call, Event};
use protocol::twilio::forms::CallStatus;
use protocol::twilio::twiml::{Twiml, Verb};

use crate::call_parts::CallParts;
use crate::messages::SupervisorEvent;

/// The line has ended as the call asked: by a hang-up, or by this document.
pub(super) fn line_ended(parts: &CallParts, by: Option<&Twiml>) {
    if !parts.setup.is_test {
        return;
    }
    let dials = by.is_some_and(|document| matches!(document.verbs(), [Verb::Dial(_)]));
    // Nobody is rung, and the test is over as after a transfer that was answered.
    if dials {
        tell(parts, SupervisorEvent::TransferEnded { answered: true });
    }
    let duration_secs = Some(duration_secs(parts));
    tell(parts, SupervisorEvent::Status { status: CallStatus::Completed, duration_secs });
}

/// The call is over, whoever has ended it, and its record is about to be written.
pub(super) fn complete(parts: &CallParts, call: &mut Call) {
    if parts.setup.is_test && call.duration_secs().is_none() {
        let (status, duration_secs) = (CallStatus::Completed, Some(duration_secs(parts)));
        call.handle(Event::StatusReported { status, duration_secs }, parts.time.now());
    }
}

/// How long the call has lasted.
fn duration_secs(parts: &CallParts) -> u32 {
    let lasted = parts.time.now().at.since_beginning().as_secs();
    u32::try_from(lasted).unwrap_or(u32::MAX)
}

fn tell(parts: &CallParts, event: SupervisorEvent) {
    if let Err(error) = parts.supervisor.try_send(event) {
        tracing::error!(%error, "a test call was not told that its line has ended");
    }
}
