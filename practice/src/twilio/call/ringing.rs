//! An outbound call until somebody answers, and the detection of answering machines.

use std::time::Duration;

use super::{Call, Step};
use crate::twilio::form::form;
use crate::twilio::line::Source;
use crate::twilio::settings::Pickup;
use crate::twilio::status::{CallEvent, Callback};
use crate::twilio::twiml::Target;
use crate::twilio::view::{CallStatus, EndedBy, Webhook};

/// What the REST API asked for when it placed a call.
#[derive(Debug)]
pub(in super::super) struct Placing {
    pub(in super::super) first: Source,
    /// How long it may ring.
    pub(in super::super) timeout: Duration,
    pub(in super::super) detection: Detection,
}

/// Whether and how an answering machine is looked for.
#[derive(Debug)]
pub(in super::super) enum Detection {
    None,
    /// The document is asked for when it is known.
    Sync(Until),
    /// The document is asked for at once; this is told when it is known.
    Async(Until, Option<Target>),
}

/// How long a machine is listened to.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Until {
    /// Until it is recognised.
    Recognised,
    /// Until its greeting has ended.
    GreetingEnds,
}

impl Until {
    fn machine(self) -> &'static str {
        match self {
            Self::Recognised => "machine_start",
            Self::GreetingEnds => "machine_end_beep",
        }
    }
}

/// How long the detection takes.
const DETECTION: Duration = Duration::from_millis(300);

impl Call {
    /// Rings, and runs the call if somebody answers.
    pub(in super::super) async fn place(mut self, placing: Placing) {
        let ended_by = match self.ring(&placing).await {
            Ok(()) => self.run_documents(placing.first).await,
            Err(ended_by) => ended_by,
        };
        self.finish(ended_by).await;
    }

    async fn ring(&mut self, placing: &Placing) -> Result<(), EndedBy> {
        let form = self.line.form("initiated");
        self.callbacks.tell(CallEvent::Initiated, CallStatus::Queued, form).await;
        self.line.see(|view| view.status = CallStatus::Ringing);
        self.tell(CallEvent::Ringing, CallStatus::Ringing).await;
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
        self.tell(CallEvent::Answered, CallStatus::InProgress).await;
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

    async fn tell(&mut self, event: CallEvent, status: CallStatus) {
        let form = self.line.form(status.as_str());
        self.callbacks.tell(event, status, form).await;
    }

    /// Waits while it rings. Another document is refused by the REST API until it is answered.
    async fn wait(&mut self, length: Duration) -> Result<(), EndedBy> {
        match self.pass(length).await {
            Step::On | Step::Goto(..) => Ok(()),
            Step::End(ended_by) => Err(ended_by),
        }
    }

    fn unanswered(&self, status: CallStatus) -> EndedBy {
        self.line.see(|view| view.status = status);
        EndedBy::NotAnswered
    }
}
