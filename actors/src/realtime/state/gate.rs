//! How the session's state performs what the response gate puts out.

use std::time::Instant;

use protocol::call::{Event, SessionFault};
use protocol::ids::ResponseId;
use protocol::openai::client_event::ClientEvent;
use protocol::response_gate::{Ask, AskNumber, GateOutput, Outcome};

use super::spoken::Correction;
use super::wire::response_create;
use super::{Done, SessionAction, SessionState};

impl SessionState {
    /// The only path to a response (PIPE-3).
    pub(super) fn trigger_response(&mut self, ask: Ask, now: Instant) {
        self.gate.trigger(ask, now);
    }

    pub(super) fn run_gate(&mut self) -> SessionAction {
        while let Some(output) = self.gate.poll_output() {
            match output {
                GateOutput::Create { request, line, manner } => {
                    // Invariant 10: nothing else ends a cut.
                    self.downlink.open(self.cuts);
                    let event = response_create(request, line, manner, &self.settings.instructions);
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
                    self.response_ended(response, asks, outcome);
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

    fn response_ended(
        &mut self,
        response: Option<ResponseId>,
        asks: Vec<AskNumber>,
        outcome: Outcome,
    ) {
        let done = self.done.take().filter(|done| Some(&done.response) == response.as_ref());
        let (calls, unwanted, usage) = done
            .map(|Done { calls, unwanted, usage, .. }| (calls, unwanted, usage))
            .unwrap_or_default();
        let mut corrections: Vec<_> = unwanted.into_iter().map(Correction::Delete).collect();
        if let Some(response) = &response {
            corrections.extend(self.spoken.response_done(response));
            if outcome.served_nothing() {
                corrections.extend(self.spoken.unspoken(response));
            }
        }
        self.send_corrections(corrections);
        if matches!(outcome, Outcome::Completed | Outcome::Incomplete) {
            (self.failures, self.spoke) = (0, true);
        }
        self.reports.push(Event::ResponseEnded { response, asks, outcome, calls, usage });
    }
}
