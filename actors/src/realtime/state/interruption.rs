//! Interruption, on OpenAI's side: the running response is cancelled, and what was not heard is
//! removed from the conversation (BARGE-3). TwilioIoActor decides when, and cuts the downlink.
//! CallActor reports what was heard.

use std::time::Instant;

use protocol::call::Interruption;
use protocol::openai::client_event::ClientEvent;

use super::spoken::Correction;
use super::{SessionAction, SessionState};

impl SessionState {
    /// Cancels the running response if the downlink was cut since the last look. Comes before
    /// everything else, so that nothing is requested in ignorance of a cut.
    pub(super) fn notice_cut(&mut self, now: Instant) {
        let cuts = self.downlink.cuts();
        if cuts > self.cuts {
            self.cuts = cuts;
            self.gate.cancel(now);
        }
    }

    /// Removes from the conversation what the caller did not hear. The cancel is sent first.
    pub(super) fn interrupt(&mut self, interruption: &Interruption) -> SessionAction {
        let action = self.run_gate();
        let corrections = self.spoken.interrupted(interruption);
        self.send_corrections(corrections);
        action
    }

    pub(super) fn send_corrections(&mut self, corrections: Vec<Correction>) {
        let event = |correction| match correction {
            Correction::Truncate(item_id, heard_ms) => ClientEvent::ItemTruncate {
                event_id: format!("truncate-{item_id}"),
                item_id,
                audio_end_ms: heard_ms.into(),
            },
            Correction::Delete(item_id) => {
                ClientEvent::ItemDelete { event_id: format!("delete-{item_id}"), item_id }
            }
        };
        self.send(corrections.into_iter().map(|one| event(one).to_json()).collect());
    }
}
