//! A request that CalendarActor has accepted. A job that is dropped without an answer, by a crash
//! of the actor or its task, goes back to the inbox for the successor. After its last attempt it is
//! answered as failed. Carrying it out twice books once: the tool call's id is the idempotency key
//! (CAL-4).

use std::sync::Arc;

use protocol::business::Language;
use protocol::calendar::{CalendarError, CalendarOutcome, error_reply};
use protocol::call::{Event, ToolOutcome};
use protocol::ids::BusinessId;
use supervision::Inbox;
use supervision::inbox::MAX_ATTEMPTS;
use tracing::Span;

use crate::call_span::call_span;
use crate::messages::{Answer, CalendarRequest, ReplyTo, ToolUse};

impl CalendarRequest {
    fn event(&self, outcome: ToolOutcome) -> Event {
        Event::ToolFinished { call: self.tool_use.call.call.clone(), outcome }
    }

    /// Answers without waiting. If a call's inbox is full, the call's own time limit for tools
    /// applies.
    fn answer_now(&self, answer: Answer) {
        let sent = match &self.reply_to {
            ReplyTo::Call(call) => call.try_send(self.event(answer.reply)).is_ok(),
            ReplyTo::Channel(channel) => channel.try_send(answer).is_ok(),
        };
        if !sent {
            tracing::debug!("a calendar answer found no receiver");
        }
    }
}

impl Answer {
    /// An answer for an error that concerns no particular date.
    pub(super) fn error(language: &Language, error: &CalendarError) -> Self {
        let reply = error_reply(language, error);
        Self { outcome: CalendarOutcome::Refused(error.clone(), None), reply }
    }
}

/// A request that waits for a task, or is in work.
pub(super) struct Job {
    /// `None` once it is answered.
    request: Option<CalendarRequest>,
    tool_use: Arc<ToolUse>,
    inbox: Inbox<CalendarRequest>,
}

impl Job {
    pub(super) fn new(request: CalendarRequest, inbox: Inbox<CalendarRequest>) -> Self {
        Self { tool_use: Arc::clone(&request.tool_use), request: Some(request), inbox }
    }

    pub(super) fn business(&self) -> BusinessId {
        self.tool_use.business
    }

    /// The span of its call (OPS-8); none for the API's.
    pub(super) fn span(&self) -> Span {
        let ToolUse { call_sid, settings, .. } = &*self.tool_use;
        call_sid.as_ref().map_or_else(Span::none, |call| call_span(call, &settings.slug))
    }

    pub(super) fn tool_use(&self) -> &ToolUse {
        &self.tool_use
    }

    pub(super) fn start_attempt(&mut self) {
        if let Some(request) = &mut self.request {
            request.attempts += 1;
        }
    }

    /// Sends the answer. If this is cancelled while it waits for room, the job counts as
    /// unanswered.
    pub(super) async fn answer(mut self, answer: Answer) {
        let Some(request) = &self.request else { return };
        // The receiver may be gone: the call is over, or the API's client has disconnected.
        match &request.reply_to {
            ReplyTo::Call(call) => drop(call.send(request.event(answer.reply)).await),
            ReplyTo::Channel(channel) => drop(channel.send(answer).await),
        }
        self.request = None;
    }

    /// Answers with an error.
    pub(super) fn refuse(mut self, error: &CalendarError) {
        if let Some(request) = self.request.take() {
            request.answer_now(Answer::error(&self.tool_use.settings.language, error));
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Some(request) = self.request.take() else { return };
        let _span = self.span().entered();
        let retry = request.attempts < MAX_ATTEMPTS;
        if retry && self.inbox.try_send(request.clone()).is_ok() {
            return;
        }
        tracing::error!(tool = self.tool_use.tool.name(), "a calendar request failed too often");
        request.answer_now(Answer::error(&self.tool_use.settings.language, &CalendarError::Failed));
    }
}
