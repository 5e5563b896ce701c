//! A request to the calendar, and the promise that it is answered: a job that is dropped unanswered,
//! because the actor or its task has died, goes back to the door for the successor, and after its last
//! attempt answers that it failed. Doing one twice books once: the tool call's id is the key (CAL-4).

use std::sync::Arc;

use protocol::business::Language;
use protocol::calendar::{CalendarError, CalendarOutcome, error_reply};
use protocol::call::{Event, ToolOutcome};
use protocol::ids::BusinessId;
use supervision::Inbox;
use supervision::inbox::MAX_ATTEMPTS;

use crate::messages::{Answer, AnswerTo, CalendarRequest, ToolUse};

impl CalendarRequest {
    fn event(&self, outcome: ToolOutcome) -> Event {
        Event::ToolFinished { call: self.used.call.call.clone(), outcome }
    }

    /// Answers without waiting; a call whose inbox is full hears its own time limit instead.
    fn answer_now(&self, answer: Answer) {
        let heard = match &self.to {
            AnswerTo::Call(call) => call.try_send(self.event(answer.told)).is_ok(),
            AnswerTo::Asker(asker) => asker.try_send(answer).is_ok(),
        };
        if !heard {
            tracing::debug!("nobody waits for the calendar's answer any more");
        }
    }
}

impl Answer {
    /// Nothing was done, for a reason that has to do with no date.
    pub(super) fn refused(language: &Language, error: &CalendarError) -> Self {
        let told = error_reply(language, error);
        Self { done: CalendarOutcome::Refused(error.clone(), None), told }
    }
}

/// A request that somebody works on, or will.
pub(super) struct Job {
    /// Gone once it is answered.
    request: Option<CalendarRequest>,
    used: Arc<ToolUse>,
    door: Inbox<CalendarRequest>,
}

impl Job {
    pub(super) fn new(request: CalendarRequest, door: Inbox<CalendarRequest>) -> Self {
        Self { used: Arc::clone(&request.used), request: Some(request), door }
    }

    pub(super) fn business(&self) -> BusinessId {
        self.used.business
    }

    pub(super) fn used(&self) -> &ToolUse {
        &self.used
    }

    /// One more attempt at it.
    pub(super) fn begun(&mut self) {
        if let Some(request) = &mut self.request {
            request.attempts += 1;
        }
    }

    /// Answers; cancelled while it waits for room, it has not.
    pub(super) async fn answer(mut self, answer: Answer) {
        let Some(request) = &self.request else { return };
        // Whoever asked may have gone: a call that is over, a request that was given up.
        match &request.to {
            AnswerTo::Call(call) => drop(call.send(request.event(answer.told)).await),
            AnswerTo::Asker(asker) => drop(asker.send(answer).await),
        }
        self.request = None;
    }

    /// Answers that nothing was done.
    pub(super) fn refuse(mut self, error: &CalendarError) {
        if let Some(request) = self.request.take() {
            request.answer_now(Answer::refused(&self.used.settings.language, error));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Some(request) = self.request.take() else { return };
        let again = request.attempts < MAX_ATTEMPTS;
        if again && self.door.try_send(request.clone()).is_ok() {
            return;
        }
        tracing::error!(tool = self.used.tool.name(), "the calendar gave up on a request");
        request.answer_now(Answer::refused(&self.used.settings.language, &CalendarError::Failed));
    }
}
