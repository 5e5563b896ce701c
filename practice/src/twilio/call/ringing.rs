//! An outbound call until its answer, and the detection of answering machines.

use std::time::Duration;

use super::placing::{Detection, Placing, Until};
use super::{Call, Step};
use crate::twilio::callbacks::{CallEvent, Callback};
use crate::twilio::form::form;
use crate::twilio::settings::Pickup;
use crate::twilio::view::{CallStatus, EndedBy, Webhook};

const DETECTION: Duration = Duration::from_millis(300);

impl Call {
    /// Rings, and runs the documents if somebody answers.
    pub(crate) async fn place(mut self, placing: Placing) {
        let ended_by = match self.ring(&placing).await {
            Ok(()) => self.run_documents(placing.first).await,
            Err(ended_by) => ended_by,
        };
        self.finish(ended_by).await;
    }

    async fn ring(&mut self, placing: &Placing) -> Result<(), EndedBy> {
        let form = self.line.form("initiated");
        self.callbacks.report(CallEvent::Initiated, CallStatus::Queued, form).await;
        self.line.update(|view| view.status = CallStatus::Ringing);
        self.report(CallEvent::Ringing, CallStatus::Ringing).await;
        let callee = self.network.callee(&self.line.view.borrow().to);
        let never = callee.then == Pickup::NoAnswer || callee.rings > placing.timeout;
        self.wait(if never { placing.timeout } else { callee.rings }).await?;
        let is_machine = match callee.then {
            _ if never => return Err(self.unanswered(CallStatus::NoAnswer)),
            Pickup::Busy => return Err(self.unanswered(CallStatus::Busy)),
            Pickup::NoAnswer => return Err(self.unanswered(CallStatus::NoAnswer)),
            Pickup::Unreachable => return Err(self.unanswered(CallStatus::Failed)),
            Pickup::Person { .. } => false,
            Pickup::Machine => true,
        };
        self.line.answer();
        self.report(CallEvent::Answered, CallStatus::InProgress).await;
        self.detect(&placing.detection, is_machine).await
    }

    async fn detect(&mut self, detection: &Detection, is_machine: bool) -> Result<(), EndedBy> {
        let answered_by = |until: &Until| if is_machine { until.machine() } else { "human" };
        match detection {
            Detection::None => {}
            Detection::Sync(until) => {
                self.wait(DETECTION).await?;
                self.line.add_parameter("AnsweredBy", answered_by(until));
            }
            Detection::Async(_, None) => {}
            Detection::Async(until, Some(target)) => {
                let form = form([
                    ("CallSid", self.line.sid.as_str()),
                    ("AccountSid", self.line.account_sid.as_str()),
                    ("AnsweredBy", answered_by(until)),
                    ("MachineDetectionDuration", &DETECTION.as_millis().to_string()),
                ]);
                let target = target.clone();
                self.callbacks.send(Callback { what: Webhook::Machine, target, form }).await;
            }
        }
        Ok(())
    }

    async fn report(&mut self, event: CallEvent, status: CallStatus) {
        let form = self.line.form(status.as_str());
        self.callbacks.report(event, status, form).await;
    }

    /// Waits while it rings. Until the answer the REST API refuses to replace the document.
    async fn wait(&mut self, length: Duration) -> Result<(), EndedBy> {
        match self.wait_for(length).await {
            Step::Next | Step::Goto(..) => Ok(()),
            Step::End(ended_by) => Err(ended_by),
        }
    }

    fn unanswered(&self, status: CallStatus) -> EndedBy {
        self.line.update(|view| view.status = status);
        EndedBy::NotAnswered
    }
}
