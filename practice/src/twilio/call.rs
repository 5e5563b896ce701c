//! One call's task: documents are fetched and run, verb by verb, until something ends it.

mod breaks;
mod documents;
mod ringing;
mod verbs;

use std::sync::Arc;

use tokio::sync::mpsc;

use self::breaks::{Breaks, Broken};
use self::documents::Documents;
use super::form::Form;
use super::line::{Interrupt, Line, Source};
use super::network::Network;
use super::status::{CallEvent, Callbacks};
use super::twiml::{RejectReason, Verb};
use super::view::{CallStatus, CallView, EndedBy};

pub(super) use self::ringing::{Detection, Placing, Until};

/// A call that is answered by a document.
#[derive(Debug)]
pub(super) struct Call {
    network: Arc<Network>,
    line: Arc<Line>,
    breaks: Breaks,
    documents: Documents,
    callbacks: Callbacks,
}

/// Where a call goes after a document, a verb or an interruption.
#[derive(Debug)]
enum Step {
    /// To the next verb.
    On,
    /// To another document, asked for with these parameters more.
    Goto(Source, Form),
    /// Nowhere.
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
        let breaks = Breaks::new(Arc::clone(&line), interrupts);
        let documents = Documents::new(Arc::clone(&network), Arc::clone(&line), fallback);
        Self { network, line, breaks, documents, callbacks }
    }

    /// Runs the call from its first document to its end.
    pub(super) async fn run(mut self, first: Source) {
        let ended_by = self.run_documents(first).await;
        self.finish(ended_by).await;
    }

    /// Ends the call; what was asked to be told of its end is told before this returns.
    async fn finish(mut self, ended_by: EndedBy) {
        self.line.set_over();
        self.line.microphone().fall_silent();
        self.line.close_ear();
        let ended_at = self.line.clock.elapsed();
        self.line.see(|view| {
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
        self.callbacks.tell(CallEvent::Completed, status, form).await;
        self.callbacks.finish().await;
        self.line.see(|view| view.ended = Some(ended_by));
    }

    async fn run_documents(&mut self, first: Source) -> EndedBy {
        let mut next = (first, Form::new());
        loop {
            let (source, extra) = next;
            let step = match self.breaks.race(self.documents.load(source, extra)).await {
                Ok(Some(document)) => self.run_document(document.verbs).await,
                Ok(None) => Step::End(EndedBy::ApplicationError),
                Err(broken) => broken.into(),
            };
            next = match step {
                Step::Goto(source, extra) => (source, extra),
                Step::On => return EndedBy::DocumentEnd,
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
                Step::On => {}
                step @ (Step::Goto(..) | Step::End(_)) => return step,
            }
        }
        Step::On
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

impl From<Broken> for Step {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Goto(source) => Self::Goto(source, Form::new()),
            Broken::End(ended_by) => Self::End(ended_by),
        }
    }
}
