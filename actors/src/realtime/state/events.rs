//! How the session's state handles OpenAI's events: setup, turns, responses, errors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::call::{Entry, Event, FunctionCall, SessionFault};
use protocol::ids::ItemId;
use protocol::openai::client_event::ClientEvent;
use protocol::openai::fault::{ErrorClass, ErrorEvent, FailureClass};
use protocol::openai::item::{ConversationItem, ItemKind, Role};
use protocol::openai::response_done::{ResponseDone, ResponseStatus};
use protocol::openai::server_event::ServerEvent;
use protocol::response_gate::RequestNumber;

use super::connection::Stage;
use super::wire::{
    COMMIT, CONFIGURE, item_create, outcome, request_named, request_number, settings_named,
};
use super::{Done, SessionAction, SessionState};
use crate::realtime::history::history;
use crate::realtime::session::Outgoing;

impl SessionState {
    pub(super) fn on_event(&mut self, event: &ServerEvent, now: Instant) -> SessionAction {
        match event {
            ServerEvent::SessionCreated => self.configure(),
            ServerEvent::SessionUpdated { session } => return self.on_updated(session),
            ServerEvent::Error(error) => return self.on_error(error, now),
            ServerEvent::SpeechStarted { audio_start_ms, item_id } => {
                self.speech_started(item_id, *audio_start_ms, now);
            }
            ServerEvent::SpeechStopped { audio_end_ms, item_id } => {
                self.speech_stopped(item_id, *audio_end_ms, now);
            }
            ServerEvent::Committed { item_id } => self.committed(item_id, now),
            ServerEvent::TranscriptionCompleted { item_id, transcript, billed } => {
                self.billed(*billed);
                self.transcribed(item_id, Some(transcript.clone()));
            }
            ServerEvent::TranscriptionFailed { item_id, error } => {
                tracing::warn!(code = error.code, "OpenAI did not transcribe a turn");
                self.transcribed(item_id, None);
            }
            ServerEvent::ResponseCreated { response_id, metadata } => {
                self.gate.created(response_id.clone(), request_number(metadata), now);
            }
            ServerEvent::ResponseDone(done) => return self.on_done(done, now),
            ServerEvent::OutputItemAdded { response_id, item } => {
                if let ItemKind::Message { role: Role::Assistant } = item.kind {
                    self.spoken.item_created(response_id, &item.id);
                    let (response, item) = (response_id.clone(), item.id.clone());
                    self.reports.push(Event::AgentItem { response, item });
                }
            }
            ServerEvent::FunctionCallArgumentsDone { response_id, name, arguments } => {
                // Without a name the call is reported with the end of its response only.
                let name = name.clone().filter(|_| self.gate.offers_tools(response_id, None));
                self.reports.extend(name.map(|name| Event::CallMade {
                    response: response_id.clone(),
                    name,
                    arguments: arguments.clone(),
                }));
            }
            ServerEvent::AudioDone { item_id, .. } => {
                let came_ms = self.downlink.length_ms(item_id);
                self.reports.push(Event::AgentAudioDone { item: item_id.clone(), came_ms });
            }
            ServerEvent::AudioTranscriptDelta { item_id, delta } => {
                let (item, delta) = (item_id.clone(), delta.clone());
                self.reports.push(Event::AgentText { item, delta });
            }
            ServerEvent::AudioTranscriptDone { item_id, transcript } => {
                let (item, text) = (item_id.clone(), transcript.clone());
                self.reports.push(Event::AgentTextDone { item, text });
            }
            ServerEvent::Unknown { event_type } => {
                self.unknown_events += 1;
                tracing::debug!(%event_type, "an unknown event from OpenAI");
            }
            ServerEvent::Ignored => {}
        }
        self.run_gate()
    }

    fn configure(&mut self) {
        self.connection.advance(|stage| match stage {
            Stage::Opening { since } => Some(Stage::Configuring { since }),
            Stage::Configuring { .. } | Stage::Configured | Stage::Live => None,
        });
        self.send_settings();
    }

    pub(super) fn send_settings(&mut self) {
        self.settings_sent += 1;
        let update = ClientEvent::SessionUpdate {
            event_id: format!("{CONFIGURE}-{}", self.settings_sent),
            session: Box::new(self.settings.clone()),
        };
        self.send(vec![update.to_json()]);
    }

    fn on_updated(&mut self, effective: &serde_json::Value) -> SessionAction {
        if let Err(mismatch) = self.settings.verify(effective) {
            tracing::error!(%mismatch, "OpenAI configured the session differently");
            return SessionAction::End(SessionFault::Passing);
        }
        let configured = self.connection.advance(|stage| match stage {
            Stage::Configuring { .. } => Some(Stage::Configured),
            Stage::Opening { .. } | Stage::Configured | Stage::Live => None,
        });
        if configured {
            self.transcription_accepted();
            tracing::info!(session = self.number, "session configured");
            self.reports.push(Event::SessionConfigured { session: self.number });
        }
        SessionAction::None
    }

    pub(super) fn go_live(&mut self, entries: &[Arc<Entry>]) -> SessionAction {
        let live = self.connection.advance(|stage| match stage {
            Stage::Configured => Some(Stage::Live),
            Stage::Opening { .. } | Stage::Configuring { .. } | Stage::Live => None,
        });
        if !live {
            return SessionAction::None;
        }
        let audio = self.uplink.begin_session();
        let items = history(entries, audio);
        let events = (1..).zip(items).map(|(number, item)| item_create(item, number)).collect();
        self.send(events);
        self.push(Outgoing::GoLive);
        self.run_gate()
    }

    fn on_error(&mut self, error: &ErrorEvent, now: Instant) -> SessionAction {
        let event_id = error.event_id.as_deref().unwrap_or_default();
        let request = request_named(event_id);
        tracing::warn!(
            code = error.code,
            param = error.param,
            event_id,
            message = error.message,
            "OpenAI reports an error"
        );
        let settings = settings_named(event_id);
        if settings.is_some_and(|number| number != self.settings_sent) {
            // Others were sent since. An actor that crashed meanwhile gets the error again.
            return SessionAction::None;
        }
        match error.class() {
            ErrorClass::Fatal(cause) => return SessionAction::End(SessionFault::Lasting(cause)),
            ErrorClass::SessionExpired => return SessionAction::End(SessionFault::Passing),
            _ if settings.is_some() && error.is_about_transcription() => {
                return self.on_transcription_refused();
            }
            ErrorClass::Rejected if settings.is_some() => {
                return SessionAction::End(SessionFault::Lasting(error.settings_refused()));
            }
            ErrorClass::AlreadyActive { response_id } => {
                self.gate.refused_as_active(response_id, request, now);
            }
            ErrorClass::CancelNotActive => self.gate.nothing_to_cancel(now),
            ErrorClass::RateLimited
            | ErrorClass::ServerFault
            | ErrorClass::Rejected
            | ErrorClass::Other
                if request.is_some() =>
            {
                self.gate.refused(request, now);
            }
            // All events of ours but audio have ids, which errors about them name. So it is about what
            // OpenAI does by itself, and that is the response.
            ErrorClass::RateLimited | ErrorClass::ServerFault | ErrorClass::Other
                if error.event_id.is_none() =>
            {
                self.gate.refused_unnamed(now);
            }
            ErrorClass::CommitEmpty if event_id.starts_with(COMMIT) => self.nothing_to_commit(now),
            ErrorClass::CommitEmpty
            | ErrorClass::RateLimited
            | ErrorClass::ServerFault
            | ErrorClass::TruncateTooLong
            | ErrorClass::NotTruncatable
            | ErrorClass::UnknownItem
            | ErrorClass::Rejected
            | ErrorClass::Other => {}
        }
        self.run_gate()
    }

    fn on_done(&mut self, done: &ResponseDone, now: Instant) -> SessionAction {
        match &done.status {
            ResponseStatus::Incomplete(reason) => {
                tracing::warn!(?reason, "a response is incomplete");
            }
            ResponseStatus::Failed(failure) => {
                let (kind, code, message) = (&failure.kind, &failure.code, &failure.message);
                tracing::warn!(kind, code, message, "a response failed");
                if let FailureClass::Fatal(cause) = failure.class() {
                    return SessionAction::End(SessionFault::Lasting(cause));
                }
            }
            ResponseStatus::Completed
            | ResponseStatus::Cancelled(_)
            | ResponseStatus::Unknown(_) => {}
        }
        let request = request_number(&done.metadata);
        let (calls, called) = self.calls_to_run(done, request);
        if !calls.is_empty() && self.gate.running() == Some(&done.id) {
            self.gate.tools_began();
        }
        for item in &done.output {
            if let ItemKind::Message { role: Role::Assistant } = item.kind {
                self.spoken.item_created(&done.id, &item.id);
            }
        }
        let is_call = |item: &&ConversationItem| matches!(item.kind, ItemKind::FunctionCall(_));
        let made = done.output.iter().filter(|_| calls.is_empty()).filter(is_call);
        let unwanted = made.map(|item| item.id.clone()).collect();
        let (response, usage) = (done.id.clone(), done.usage);
        self.done = Some(Done { response, calls, unwanted, usage });
        self.gate.done(&done.id, request, outcome(&done.status, called), now);
        self.run_gate()
    }

    /// The tool calls of a response that are to be run, and whether one is of a tool that it was
    /// offered. Calls of other tools are answered too, unless there is nothing else (PIPE-9,
    /// PIPE-12).
    fn calls_to_run(
        &self,
        done: &ResponseDone,
        request: Option<RequestNumber>,
    ) -> (Vec<FunctionCall>, bool) {
        if !self.gate.offers_tools(&done.id, request) {
            return (Vec::new(), false);
        }
        let offered = |name: &str| self.settings.offers(name);
        let called = done.runnable_calls().any(|call| offered(&call.name));
        if !called && !self.gate.has_spoken() {
            return (Vec::new(), false);
        }
        let calls = done.runnable_calls().map(|call| FunctionCall {
            call: call.call_id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        });
        (calls.collect(), called)
    }

    /// A transcription without usage is not counted.
    pub(super) fn billed(&mut self, length: Option<Duration>) {
        self.reports.extend(length.map(|length| Event::TurnBilled { length }));
    }

    pub(super) fn transcribed(&mut self, item: &ItemId, text: Option<String>) {
        self.uplink.transcribed(item);
        self.reports.push(Event::TurnTranscribed { item: item.clone(), text });
    }
}
