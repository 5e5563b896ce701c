//! One session of the practice server, without any socket: texts in, texts out.
//!
//! Time is what the shell says it is, since the server started. The session answers an event as
//! soon as it comes; the answer is handed out a round trip later, so that answers and requests
//! can cross as they do on a real wire.

mod admission;
mod input;
mod items;
mod outlet;
mod responses;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::behaviour::{Behaviour, Refusal, ResponseFault};
use super::brain::Brain;
use super::conversation::Conversation;
use super::events::{self, ClientEvent, Kind};
use super::hearing::Hearing;
use super::record::{Log, SeenEvent};
use super::settings::Settings;
use super::wire::{Ids, WireError};
use crate::speech::Voice;
use admission::refused;
use input::Transcripts;
use responses::Running;

pub use admission::Handshake;

/// What the session asks its shell to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Send a text frame.
    Text(String),
    /// Send a ping.
    Ping,
    /// Close the socket with this code and reason.
    Close(u16, String),
    /// Hold the texts back until this language's words have been prepared by the voice.
    Prepare { words: String, language: &'static str },
}

/// What a session is made from.
pub(crate) struct Setup {
    pub(crate) number: u64,
    pub(crate) behaviour: Behaviour,
    pub(crate) brain: Brain,
    pub(crate) voice: Voice,
    pub(crate) log: Log,
    /// The key that is good; none takes any.
    pub(crate) key: Option<String>,
    /// Turns the session away though the upgrade was accepted.
    pub(crate) refusal: Option<Refusal>,
}

/// A session's state.
pub(crate) struct Session {
    number: u64,
    behaviour: Behaviour,
    brain: Brain,
    voice: Voice,
    log: Log,
    ids: Ids,
    settings: Settings,
    phase: Phase,
    conversation: Conversation,
    /// Items of responses that run beside the conversation.
    beside: Conversation,
    hearing: Hearing,
    /// The user item that speech under way will become.
    speaking_item: Option<String>,
    transcripts: Transcripts,
    running: Vec<Running>,
    faults: VecDeque<ResponseFault>,
    /// Replies to updates that are held back, with the time they are due.
    updates: VecDeque<(Duration, Value)>,
    outputs: VecDeque<(Duration, Output)>,
    /// When the last text goes out: none may overtake another.
    last_due: Duration,
    next_ping: Duration,
    ends_at: Duration,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// On the live defaults: audio sent now is read wrongly.
    Unconfigured,
    /// A `session.update` was accepted.
    Configured,
    /// A CLOSE is on its way; nothing is taken any more.
    Over,
}

impl Session {
    /// Begins a session at `now`, or the polite end of one that is not to be.
    pub(crate) fn begin(setup: Setup, handshake: &Handshake, now: Duration) -> Self {
        let behaviour = setup.behaviour;
        let mut ids = Ids::new(setup.number);
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
            hearing: Hearing::default(),
            speaking_item: None,
            transcripts: Transcripts::default(),
            running: Vec::new(),
            faults: behaviour.responses.iter().cloned().collect(),
            updates: VecDeque::new(),
            outputs: VecDeque::new(),
            last_due: now,
            next_ping: now + behaviour.ping_every,
            ends_at: now + behaviour.session_length,
            behaviour,
        };
        match refused(handshake, setup.key.as_deref(), setup.refusal) {
            Some((error, code, reason)) => session.turn_away(&error, code, reason, now),
            None => {
                let created = json!({"type": "session.created",
                    "session": session.settings.to_json()});
                session.emit_at(now, created);
            }
        }
        session
    }

    /// Whether it was not turned away.
    pub(crate) fn is_open(&self) -> bool {
        self.phase != Phase::Over
    }

    /// Takes a text frame.
    pub(crate) fn on_text(&mut self, text: &str, now: Duration) {
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
        let mut body = event.clone();
        if kind == "input_audio_buffer.append" && !self.log.keeps_audio() {
            body["audio"] = Value::Null;
        }
        let (session, bytes) = (self.number, text.len());
        self.log.saw(SeenEvent { session, at: now, kind, bytes, body });
        let event_id = events::event_id(&event).map(str::to_owned);
        if let Err(error) = events::parse(&event).and_then(|event| self.perform(event, now)) {
            self.reject(&error, event_id.as_deref(), now);
        }
        self.on_time(now);
    }

    /// Takes a binary frame: the API has none.
    pub(crate) fn on_binary(&mut self, now: Duration) {
        let error = WireError::new("invalid_event", "Binary frames are not supported.");
        self.reject(&error, None, now);
    }

    /// Does what is due.
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
        self.tell_transcripts(now);
        if self.next_ping <= now {
            self.next_ping = now + self.behaviour.ping_every;
            self.outputs.push_back((now, Output::Ping));
        }
        if self.ends_at <= now {
            self.expire(now);
        }
    }

    /// Lets the next response go wrong.
    pub(crate) fn fault_next_response(&mut self, fault: ResponseFault) {
        self.faults.push_back(fault);
    }

    /// Changes how the session behaves from now on.
    pub(crate) fn behave(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// Sends any event, as the server's own.
    pub(crate) fn inject(&mut self, event: Value, now: Duration) {
        self.emit_at(now, event);
    }

    /// The session's longest time is over.
    pub(crate) fn expire(&mut self, now: Duration) {
        let error = WireError::new(
            "session_expired",
            "Your session hit the maximum duration of 60 minutes.",
        );
        self.turn_away(&error, 1001, "session expired", now);
    }

    fn perform(&mut self, event: ClientEvent, now: Duration) -> Result<(), WireError> {
        let text = |name: &str| event.fields.get(name).and_then(Value::as_str);
        match event.kind {
            Kind::SessionUpdate => self.update(&event.fields["session"], now),
            Kind::Append => self.append(text("audio").unwrap_or_default(), now),
            Kind::Commit => self.commit(now),
            Kind::Clear => {
                self.hearing.clear();
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
}

/// 2026-11-21: no test depends on the day, but `expires_at` looks like a time.
const SOME_DAY: u64 = 1_795_219_200;
