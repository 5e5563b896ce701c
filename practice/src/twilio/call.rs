//! One call's task: fetches documents and runs their verbs, until something ends the call.

mod documents;
mod interrupts;
mod placing;
mod ringing;
mod verbs;

use std::sync::Arc;

use tokio::sync::mpsc;

use self::documents::Documents;
use self::interrupts::{Interrupted, Interrupts};
use super::callbacks::{CallEvent, Callbacks};
use super::form::Form;
use super::line::{Interrupt, Line, Source};
use super::network::Network;
use super::twiml::{RejectReason, Verb};
use super::view::{CallStatus, CallView, EndedBy};

pub(super) use self::placing::{Detection, Placing, Until};

#[derive(Debug)]
pub(super) struct Call {
    network: Arc<Network>,
    line: Arc<Line>,
    interrupts: Interrupts,
    documents: Documents,
    callbacks: Callbacks,
}

/// Where a call goes after a document, a verb or an interrupt.
#[derive(Debug)]
enum Step {
    /// To the next verb.
    Next,
    /// To another document, requested with these additional parameters.
    Goto(Source, Form),
    End(EndedBy),
}

impl Call {
    pub(super) fn new(
        network: Arc<Network>,
        line: Arc<Line>,
        interrupts: mpsc::Receiver<Interrupt>,
        fallback: Option<String>,
        callbacks: Callbacks,
    ) -> Self {
        let interrupts = Interrupts::new(Arc::clone(&line), interrupts);
        let documents = Documents::new(Arc::clone(&network), Arc::clone(&line), fallback);
        Self { network, line, interrupts, documents, callbacks }
    }

    /// Runs the call from its first document to its end.
    pub(super) async fn run(mut self, first: Source) {
        let ended_by = self.run_documents(first).await;
        self.finish(ended_by).await;
    }

    /// Ends the call, and waits until its callbacks are sent.
    async fn finish(mut self, ended_by: EndedBy) {
        self.line.set_over();
        self.line.source().clear();
        self.line.close_sink();
        let ended_at = self.line.clock.elapsed();
        self.line.update(|view| {
            view.status = final_status(ended_by, view);
            view.ended_at = Some(ended_at);
            view.buffered = 0;
        });
        let (status, duration) = {
            let view = self.line.view.borrow();
            (view.status, view.duration().unwrap_or_default())
        };
        let seconds = duration.as_secs_f64().ceil() as u64;
        let mut form = self.documents.form();
        form.push(("CallDuration".to_owned(), seconds.to_string()));
        form.push(("Duration".to_owned(), seconds.div_ceil(60).to_string()));
        self.callbacks.report(CallEvent::Completed, status, form).await;
        self.callbacks.finish().await;
        self.line.update(|view| view.ended = Some(ended_by));
    }

    async fn run_documents(&mut self, first: Source) -> EndedBy {
        let mut next = (first, Form::new());
        loop {
            let (source, extra) = next;
            let step = match self.interrupts.race(self.documents.load(source, extra)).await {
                Ok(Some(document)) => self.run_document(document.verbs).await,
                Ok(None) => Step::End(EndedBy::ApplicationError),
                Err(interrupted) => interrupted.into(),
            };
            next = match step {
                Step::Goto(source, extra) => (source, extra),
                Step::Next => return EndedBy::DocumentEnd,
                Step::End(ended_by) => return ended_by,
            };
        }
    }

    async fn run_document(&mut self, verbs: Vec<Verb>) -> Step {
        if !matches!(verbs.first(), Some(Verb::Reject(_))) {
            self.line.answer();
        }
        for verb in verbs {
            match self.run_verb(verb).await {
                Step::Next => {}
                step @ (Step::Goto(..) | Step::End(_)) => return step,
            }
        }
        Step::Next
    }
}

fn final_status(ended_by: EndedBy, view: &CallView) -> CallStatus {
    match (ended_by, view.answered_at) {
        (EndedBy::Rejected(RejectReason::Busy), _) => CallStatus::Busy,
        (EndedBy::Rejected(RejectReason::Rejected), _) => CallStatus::NoAnswer,
        (EndedBy::NotAnswered, _) => view.status,
        (EndedBy::ApplicationError, None) => CallStatus::Failed,
        (_, None) => CallStatus::Canceled,
        (_, Some(_)) => CallStatus::Completed,
    }
}

impl From<Interrupted> for Step {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::Goto(source) => Self::Goto(source, Form::new()),
            Interrupted::End(ended_by) => Self::End(ended_by),
        }
    }
}
