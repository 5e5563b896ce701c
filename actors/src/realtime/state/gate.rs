//! How the session's state performs what the response gate puts out.

use std::time::Instant;

use protocol::call::{Event, SessionFault};
use protocol::openai::client_event::ClientEvent;
use protocol::response_gate::{Ask, GateOutput};

use super::wire::response_create;
use super::{SessionAction, SessionState};

impl SessionState {
    /// The only path to a response (PIPE-3).
    pub(super) fn trigger_response(&mut self, ask: Ask, now: Instant) {
        self.gate.trigger(ask, now);
    }

    pub(super) fn run_gate(&mut self) -> SessionAction {
        while let Some(output) = self.gate.poll_output() {
            match output {
                GateOutput::Create { request, line } => {
                    // Invariant 10: nothing else ends a cut.
                    self.downlink.open(self.cuts);
                    let event = response_create(request, line);
                    self.send(vec![event]);
                }
                GateOutput::Cancel(response) => {
                    self.spoken.cancelled(&response, self.cuts);
                    let event_id = format!("cancel-{response}");
                    let cancel = ClientEvent::ResponseCancel { event_id, response_id: response };
                    self.send(vec![cancel.to_json()]);
                }
                GateOutput::Started { response, asks } => {
                    self.reports.push(Event::ResponseStarted { response, asks });
                }
                GateOutput::Covered { ask, response } => {
                    self.reports.push(Event::AskCovered { ask, response });
                }
                GateOutput::Ended { response, asks, outcome } => {
                    if let Some(response) = &response {
                        let corrections = self.spoken.response_done(response);
                        self.send_corrections(corrections);
                    }
                    let done = self.done.take().filter(|(id, ..)| Some(id) == response.as_ref());
                    let (calls, usage) =
                        done.map(|(_, calls, usage)| (calls, usage)).unwrap_or_default();
                    let ended = Event::ResponseEnded { response, asks, outcome, calls, usage };
                    self.reports.push(ended);
                }
                GateOutput::Dropped(ask) => {
                    tracing::warn!(ask = ask.0, "a response was asked for while one is under way");
                    self.reports.push(Event::AskDropped { ask });
                }
                GateOutput::Stalled => {
                    tracing::warn!("OpenAI sends nothing for a requested response: new session");
                    return SessionAction::End(SessionFault::Passing);
                }
            }
        }
        SessionAction::None
    }
}
