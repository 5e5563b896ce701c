//! What the session's state makes of OpenAI's events: the session's way to being live, turns, responses
//! and errors.

use std::sync::Arc;
use std::time::Instant;

use protocol::call::{Entry, Event, FunctionCall, SessionFault};
use protocol::ids::ItemId;
use protocol::openai::client_event::ClientEvent;
use protocol::openai::fault::{ErrorClass, ErrorEvent};
use protocol::openai::item::{ItemKind, Role};
use protocol::openai::response_done::{ResponseDone, ResponseStatus};
use protocol::openai::server_event::ServerEvent;
use protocol::openai::usage::TranscriptionUsage;
use protocol::response_gate::Outcome;

use super::connection::Stage;
use super::wire::{CONFIGURE, REQUEST, create, outcome, request};
use super::{RENEW_AFTER, SessionAction, SessionState};
use crate::realtime::history::history;
use crate::realtime::session::Outgoing;

impl SessionState {
    pub(super) fn on_event(&mut self, event: ServerEvent<'_>, now: Instant) -> SessionAction {
        match event {
            ServerEvent::SessionCreated { .. } => self.configure(),
            ServerEvent::SessionUpdated { session, .. } => return self.on_updated(&session),
            ServerEvent::Error(error) => return self.on_error(&error, now),
            ServerEvent::SpeechStarted { audio_start_ms, item_id } => {
                self.hears_caller = true;
                self.gate.caller_speaks(true, now);
                self.uplink.speech_started(&item_id, audio_start_ms);
                self.reports.push(Event::SpeechStarted);
            }
            ServerEvent::SpeechStopped { audio_end_ms, item_id } => {
                self.hears_caller = false;
                self.gate.caller_speaks(false, now);
                self.uplink.speech_stopped(&item_id, audio_end_ms);
                self.reports.push(Event::SpeechStopped);
            }
            ServerEvent::Committed { item_id: item, .. } => {
                self.gate.turn_committed(item.clone());
                self.uplink.committed(&item);
                self.reports.push(Event::TurnCommitted { item });
            }
            ServerEvent::TranscriptionCompleted { item_id, transcript, usage } => {
                self.billed(usage);
                self.transcribed(item_id, Some(transcript.into_owned()));
            }
            ServerEvent::TranscriptionFailed { item_id, error } => {
                tracing::warn!(code = error.code, "a turn could not be transcribed");
                self.transcribed(item_id, None);
            }
            ServerEvent::ResponseCreated { response_id, metadata } => {
                self.gate.created(response_id, request(&metadata), now);
            }
            ServerEvent::ResponseDone(done) => self.on_done(*done, now),
            ServerEvent::OutputItemAdded { response_id, item } => {
                if let ItemKind::Message { role: Role::Assistant, .. } = item.kind {
                    let (response, item) = (response_id, item.id);
                    self.spoken.made(&response, &item);
                    self.reports.push(Event::AgentItem { response, item });
                }
            }
            ServerEvent::FunctionCallArgumentsDone { response_id, name, arguments, .. } => {
                // Without a name there is nothing to be known before the response is over.
                let arguments = arguments.into_owned();
                let response = response_id;
                self.reports.extend(name.map(|name| Event::CallMade { response, name, arguments }));
            }
            ServerEvent::AudioDone { item_id: item, .. } => {
                self.reports.push(Event::AgentAudioDone { item });
            }
            ServerEvent::AudioTranscriptDelta { item_id: item, delta, .. } => {
                self.reports.push(Event::AgentText { item, delta: delta.into_owned() });
            }
            ServerEvent::AudioTranscriptDone { item_id: item, transcript, .. } => {
                let text = transcript.into_owned();
                self.reports.push(Event::AgentTextDone { item, text });
            }
            ServerEvent::Unknown { event_type } => {
                self.unknown_events += 1;
                tracing::debug!(%event_type, "an unknown event of OpenAI");
            }
            // Audio went down without passing here; the rest has no use in a call.
            ServerEvent::AudioDelta { .. }
            | ServerEvent::ItemAdded { .. }
            | ServerEvent::ItemDone { .. }
            | ServerEvent::ItemDeleted { .. }
            | ServerEvent::ItemTruncated { .. }
            | ServerEvent::TranscriptionDelta { .. }
            | ServerEvent::OutputItemDone { .. }
            | ServerEvent::RateLimits(_)
            | ServerEvent::Ignored => {}
        }
        self.run_gate()
    }

    fn configure(&mut self) {
        self.connection.advance(|stage| match stage {
            Stage::Opening { since } => Some(Stage::Configuring { since }),
            Stage::Configuring { .. } | Stage::Configured | Stage::Live { .. } => None,
        });
        let update = ClientEvent::SessionUpdate {
            event_id: CONFIGURE.to_owned(),
            session: Box::new(self.settings.clone()),
        };
        self.send(vec![update.to_json()]);
    }

    fn on_updated(&mut self, effective: &serde_json::Value) -> SessionAction {
        if let Err(mismatch) = self.settings.verify(effective) {
            tracing::error!(%mismatch, "OpenAI did not set the session as it was asked to");
            return SessionAction::End(SessionFault::Passing);
        }
        let configured = self.connection.advance(|stage| match stage {
            Stage::Configuring { .. } => Some(Stage::Configured),
            Stage::Opening { .. } | Stage::Configured | Stage::Live { .. } => None,
        });
        if configured {
            tracing::info!(session = self.number, "session configured");
            self.reports.push(Event::SessionConfigured { session: self.number });
        }
        SessionAction::None
    }

    pub(super) fn go_live(&mut self, entries: &[Arc<Entry>], now: Instant) -> SessionAction {
        let live = self.connection.advance(|stage| match stage {
            Stage::Configured => Some(Stage::Live { renew_at: now + RENEW_AFTER }),
            Stage::Opening { .. } | Stage::Configuring { .. } | Stage::Live { .. } => None,
        });
        if !live {
            return SessionAction::None;
        }
        self.failures = 0;
        let audio = self.uplink.begin_session();
        let told = history(entries, audio);
        let events = (1..).zip(told).map(|(number, item)| create(item, number)).collect();
        self.send(events);
        self.push(Outgoing::GoLive);
        self.run_gate()
    }

    fn on_error(&mut self, error: &ErrorEvent, now: Instant) -> SessionAction {
        let ours = error.event_id.as_deref().unwrap_or_default();
        let about_create = ours.starts_with(REQUEST);
        tracing::warn!(
            code = error.code,
            param = error.param,
            about = ours,
            message = error.message,
            "OpenAI reports an error"
        );
        match error.class() {
            ErrorClass::Fatal(_) => return SessionAction::End(SessionFault::Lasting),
            ErrorClass::SessionExpired => return SessionAction::End(SessionFault::Passing),
            ErrorClass::Rejected if ours == CONFIGURE => {
                return SessionAction::End(SessionFault::Lasting);
            }
            ErrorClass::AlreadyActive { response_id } => {
                self.gate.refused_as_active(response_id, now);
            }
            ErrorClass::CancelNotActive => self.gate.nothing_to_cancel(now),
            ErrorClass::RateLimited | ErrorClass::ServerFault | ErrorClass::Other
                if about_create =>
            {
                self.gate.refused(Outcome::FailedForNow, now);
            }
            ErrorClass::Rejected if about_create => {
                self.gate.refused(Outcome::FailedForGood, now);
            }
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

    fn on_done(&mut self, done: ResponseDone, now: Instant) {
        if let ResponseStatus::Incomplete(reason) = &done.status {
            tracing::warn!(?reason, "an answer was cut short");
        }
        let calls: Vec<FunctionCall> = (done.runnable_calls())
            .map(|call| FunctionCall {
                call: call.call_id.clone(),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            })
            .collect();
        if !calls.is_empty() && self.gate.running() == Some(&done.id) {
            self.gate.tools_began();
        }
        for item in &done.output {
            if let ItemKind::Message { role: Role::Assistant, .. } = item.kind {
                self.spoken.made(&done.id, &item.id);
            }
        }
        self.done = Some((done.id.clone(), calls, done.usage));
        self.gate.done(&done.id, request(&done.metadata), outcome(&done.status), now);
    }

    /// A transcription that says nothing of what it cost is not counted.
    pub(super) fn billed(&mut self, usage: Option<TranscriptionUsage>) {
        let billed = usage.map(|usage| Event::TurnBilled { length: usage.length() });
        self.reports.extend(billed);
    }

    pub(super) fn transcribed(&mut self, item: ItemId, text: Option<String>) {
        self.uplink.transcribed(&item);
        self.reports.push(Event::TurnTranscribed { item, text });
    }
}
