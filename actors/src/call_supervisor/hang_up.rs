//! The request that ends a call at Twilio.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use protocol::call::Event;
use supervision::TaskGroup;

use super::no_webhooks;
use crate::call_parts::CallParts;
use crate::mistake::planted;
use crate::trace::Source;
use crate::twilio_rest::Answer;

/// Sends the request once per call, however many ask for it (CALL-6). Clones are the same call's.
#[derive(Debug, Clone, Default)]
pub(super) struct HangUpOnce {
    sent: Arc<AtomicBool>,
}

impl HangUpOnce {
    /// Of a call that is over at Twilio.
    pub(super) fn not_needed() -> Self {
        Self { sent: Arc::new(AtomicBool::new(true)) }
    }

    /// Sends the request in a task of `requests`, unless it was sent before.
    pub(super) fn send(&self, parts: &Arc<CallParts>, requests: &TaskGroup) {
        if self.sent.swap(true, Ordering::SeqCst) {
            return;
        }
        let parts = Arc::clone(parts);
        let source = Source::of_call(&parts.setup.call_sid, "call_supervisor");
        let request = async move {
            if !parts.may_act().await {
                return;
            }
            let answer = tokio::select! {
                biased;
                () = parts.redirect.over() => Ok(Answer::Done),
                answer = parts.carrier.hang_up(&parts.setup.call_sid) => answer,
            };
            match answer {
                Ok(Answer::Done) => no_webhooks::line_ended(&parts, None),
                Ok(Answer::NotInProgress) => {}
                Err(error) => tracing::error!(%error, "hanging up at Twilio failed"),
            }
            let _ = parts.call.try_send(Event::HangUpAnswered);
        };
        let request = source.task("hang up", request);
        if planted!(LeakedTask) {
            drop(tokio::spawn(request));
        } else {
            requests.spawn("hang up", request);
        }
    }
}

#[cfg(test)]
#[cfg(feature = "mistakes")]
mod tests;
