//! A session of the server as a state machine without I/O.

mod handshake;
mod input;
mod items;
mod link;
mod output;
mod responses;
mod running;
mod state;
#[cfg(test)]
mod tests;
mod transcripts;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::behaviour::{Behaviour, ResponseFault};
use super::conversation::Conversation;
use super::events::{self, ClientEvent, Kind};
use super::input_buffer::InputBuffer;
use super::record::SeenEvent;
use super::settings::Settings;
use super::wire::{Ids, WireError};
use crate::trace;
use handshake::refusal;
use state::Phase;
use transcripts::Transcripts;

pub use handshake::Handshake;
pub(crate) use state::{Output, RealtimeSession, Setup};

impl RealtimeSession {
    /// Begins a session at `now`. A refused one only sends an error and closes.
    pub(crate) fn begin(setup: Setup, handshake: &Handshake, now: Duration) -> Self {
        let behaviour = setup.behaviour;
        let mut ids = Ids::new(setup.seed);
        let model = handshake.model.clone().unwrap_or_default();
        let expires_at = SOME_DAY + (now + behaviour.session_length).as_secs();
        let settings = Settings::live_defaults(&ids.next("sess_"), &model, expires_at);
        let mut session = Self {
            number: setup.number,
            brain: setup.brain,
            voice: setup.voice,
            log: setup.log,
            ids,
            settings,
            phase: Phase::Unconfigured,
            conversation: Conversation::default(),
            beside: Conversation::default(),
            input: InputBuffer::with_faults(&behaviour.speech),
            speaking_item: None,
            transcripts: Transcripts::default(),
            running: Vec::new(),
            faults: behaviour.responses.iter().cloned().collect(),
            responses_asked: setup.responses_asked,
            updates: VecDeque::new(),
            outputs: VecDeque::new(),
            last_due: now,
            next_ping: now + behaviour.ping_every,
            ends_at: now + behaviour.session_length,
            link_fails: behaviour.link_fails.map(|(after, fault)| (now + after, fault)),
            behaviour,
        };
        match refusal(handshake, setup.key.as_deref(), setup.refusal) {
            Some((error, code, reason)) => session.refuse(&error, code, reason, now),
            None => {
                let created = json!({"type": "session.created",
                    "session": session.settings.to_json()});
                session.emit_at(now, created);
            }
        }
        session
    }

    /// False once the session is refused or over.
    pub(crate) fn is_open(&self) -> bool {
        self.phase != Phase::Over
    }

    pub(crate) fn on_text(&mut self, text: &str, now: Duration) {
        trace::point("", "openai", self.number, format_args!("receives {}", trace::Event(text)));
        self.on_time(now);
        if self.phase == Phase::Over {
            return;
        }
        let Ok(event) = serde_json::from_str::<Value>(text) else {
            let error =
                WireError::new("invalid_json", "We could not parse the JSON body of the event.");
            return self.reject(&error, None, now);
        };
        let kind = event["type"].as_str().unwrap_or("?").to_owned();
        let body = if self.log.keeps(&kind) { event.clone() } else { Value::Null };
        let (session, bytes) = (self.number, text.len());
        self.log.saw(SeenEvent { session, at: now, kind, bytes, body });
        let event_id = events::event_id(&event).map(str::to_owned);
        match events::parse(event).and_then(|event| self.perform(event, now)) {
            Ok(()) => {}
            Err(error) if error.is_planned => self.emit(now, error.event(event_id.as_deref())),
            Err(error) => self.reject(&error, event_id.as_deref(), now),
        }
        self.on_time(now);
    }

    /// Answers a binary frame with an error.
    pub(crate) fn on_binary(&mut self, now: Duration) {
        let error = WireError::new("invalid_event", "Binary frames are not supported.");
        self.reject(&error, None, now);
    }

    /// Does what is due by `now`.
    pub(crate) fn on_time(&mut self, now: Duration) {
        if self.phase == Phase::Over {
            return;
        }
        while self.updates.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((due, event)) = self.updates.pop_front() {
                self.emit(due, event);
            }
        }
        self.advance_responses(now);
        self.fail_link_if_due(now);
        if self.phase == Phase::Over {
            return;
        }
        self.send_transcripts(now);
        if self.next_ping <= now {
            self.next_ping = now + self.behaviour.ping_every;
            self.outputs.push_back((now, Output::Ping));
        }
        if self.ends_at <= now {
            self.expire(now);
        }
    }

    pub(crate) fn fault_next_response(&mut self, fault: ResponseFault) {
        self.faults.push_back(fault);
    }

    pub(crate) fn behave(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// Sends any event as if the server had made it.
    pub(crate) fn inject(&mut self, event: Value, now: Duration) {
        self.emit_at(now, event);
    }

    /// Ends the session as after its longest duration.
    pub(crate) fn expire(&mut self, now: Duration) {
        let error = WireError::new(
            "session_expired",
            "Your session hit the maximum duration of 60 minutes.",
        );
        self.refuse(&error, 1001, "session expired", now);
    }

    fn perform(&mut self, event: ClientEvent, now: Duration) -> Result<(), WireError> {
        let text = |name: &str| event.fields.get(name).and_then(Value::as_str);
        match event.kind {
            Kind::SessionUpdate => self.update(&event.fields["session"], now),
            Kind::Append => self.append(text("audio").unwrap_or_default(), now),
            Kind::Commit => self.commit(now),
            Kind::Clear => {
                self.input.clear();
                self.speaking_item = None;
                self.emit(now, json!({"type": "input_audio_buffer.cleared"}));
                Ok(())
            }
            Kind::ItemCreate => {
                self.create_item(&event.fields["item"], text("previous_item_id"), now)
            }
            Kind::ItemRetrieve => self.retrieve_item(text("item_id").unwrap_or_default(), now),
            Kind::ItemDelete => self.delete_item(text("item_id").unwrap_or_default(), now),
            Kind::ItemTruncate => {
                let number = |name: &str| event.fields.get(name).and_then(Value::as_u64);
                let (index, end_ms) = (number("content_index"), number("audio_end_ms"));
                let id = text("item_id").unwrap_or_default();
                self.truncate_item(id, index.unwrap_or(0), end_ms.unwrap_or(0), now)
            }
            Kind::ResponseCreate => {
                let response = event.fields.get("response").and_then(Value::as_object);
                self.create_response(response.cloned().unwrap_or_default(), now)
            }
            Kind::ResponseCancel => self.cancel_response(text("response_id"), now),
        }
    }

    fn update(&mut self, update: &Value, now: Duration) -> Result<(), WireError> {
        let update = update.as_object().cloned().unwrap_or_default();
        self.check_transcription(update.get("audio").unwrap_or(&Value::Null))?;
        let spoken = self.conversation.has_assistant_audio();
        self.settings = self.settings.updated(&update, spoken)?;
        if self.behaviour.answers_in_pcm {
            self.settings.force_pcm_output();
        }
        self.phase = Phase::Configured;
        let updated = json!({"type": "session.updated", "session": self.settings.to_json()});
        let due = now + self.behaviour.session_updated_after;
        if due == now {
            self.emit(now, updated);
        } else {
            self.updates.push_back((due, updated));
        }
        Ok(())
    }

    /// Refuses a transcription model that is planned to be unsupported.
    fn check_transcription(&self, audio: &Value) -> Result<(), WireError> {
        let model = audio["input"]["transcription"]["model"].as_str();
        let unsupported = &self.behaviour.unsupported_transcription;
        let is_supported = |name: &str| !unsupported.iter().any(|other| other == name);
        match model.filter(|model| !is_supported(model)) {
            None => Ok(()),
            Some(model) => {
                let mut names = events::TRANSCRIPTION_MODELS.to_vec();
                names.retain(|name| is_supported(name));
                let path = "session.audio.input.transcription.model";
                Err(WireError::wrong_value(path, model, &names).planned())
            }
        }
    }
}

/// 2026-11-21, so that `expires_at` looks like a time.
const SOME_DAY: u64 = 1_795_219_200;
