//! What the session's state does when the caller talks over the agent: the response that runs is
//! cancelled, and what was not heard is taken out of the conversation (BARGE-3). When to do so is
//! decided by `twilio_io`, which cuts the downlink; what was heard comes from the call.

use std::time::Instant;

use protocol::call::Interruption;
use protocol::openai::client_event::ClientEvent;

use super::spoken::Undo;
use super::{SessionAction, SessionState};

impl SessionState {
    /// Cancels what runs if the downlink was cut since this was last asked. Comes before all else
    /// that is done, so that nothing is asked for in the belief that nobody interrupts.
    pub(super) fn notice_cut(&mut self, now: Instant) {
        let cuts = self.downlink.cuts();
        if cuts > self.cuts {
            self.cuts = cuts;
            self.gate.cancel(now);
        }
    }

    /// Takes out of the conversation what the caller did not hear; the cancel goes first.
    pub(super) fn interrupt(&mut self, interruption: &Interruption) -> SessionAction {
        let action = self.run_gate();
        let undone = self.spoken.interrupted(interruption);
        self.undo(undone);
        action
    }

    pub(super) fn undo(&mut self, undone: Vec<Undo>) {
        let event = |undo| match undo {
            Undo::Truncate(item_id, heard_ms) => ClientEvent::ItemTruncate {
                event_id: format!("truncate-{item_id}"),
                item_id,
                audio_end_ms: heard_ms.into(),
            },
            Undo::Delete(item_id) => {
                ClientEvent::ItemDelete { event_id: format!("delete-{item_id}"), item_id }
            }
        };
        self.send(undone.into_iter().map(|undo| event(undo).to_json()).collect());
    }
}
