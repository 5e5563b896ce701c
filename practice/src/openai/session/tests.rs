//! Sessions stepped by hand, without socket and clock.

mod any_story;
mod faults;
mod input;
mod items;
mod losses;
mod misbehaviour;
mod responses;
mod settings;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::openai::behaviour::{ConnectRefusal, LinkFault, Transcription};
use crate::openai::brain::Brain;
use crate::openai::record::Log;
use crate::speech::{Decoded, FRAME_BYTES, SILENCE, Voice};

/// A client that steps a session through time and keeps what it receives.
struct Client {
    session: RealtimeSession,
    now: Duration,
    voice: Voice,
    log: Log,
    came: Vec<(Duration, Value)>,
    pings: usize,
    closed: Option<(u16, String)>,
    lost: Option<LinkFault>,
}

impl Client {
    fn new(behaviour: Behaviour) -> Self {
        Self::with_brain(behaviour, Brain::Echo)
    }

    fn with_brain(behaviour: Behaviour, brain: Brain) -> Self {
        Self::connected(behaviour, brain, &good_handshake(), None)
    }

    fn connected(
        behaviour: Behaviour,
        brain: Brain,
        handshake: &Handshake,
        refusal: Option<ConnectRefusal>,
    ) -> Self {
        let log = Log::new(false);
        let voice = Voice::built_in();
        let key = Some("good".to_owned());
        let setup = Setup {
            number: 1,
            seed: 1,
            behaviour,
            brain,
            voice: voice.clone(),
            log: log.clone(),
            key,
            refusal,
            responses_asked: Arc::default(),
        };
        let session = RealtimeSession::begin(setup, handshake, Duration::ZERO);
        let (now, came) = (Duration::ZERO, Vec::new());
        let mut client =
            Self { session, now, voice, log, came, pings: 0, closed: None, lost: None };
        client.collect();
        client
    }

    /// A client whose session is configured for telephone audio.
    fn ready(behaviour: Behaviour, brain: Brain) -> Self {
        let mut client = Self::with_brain(behaviour, brain);
        client.send(phone_settings());
        client.run(Duration::from_secs(1));
        assert_eq!(client.types(), ["session.created", "session.updated"]);
        client.came.clear();
        client
    }

    fn send(&mut self, event: Value) {
        self.session.on_text(&event.to_string(), self.now);
        self.collect();
    }

    /// Lets time pass, step by step.
    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.session.on_time(self.now);
            self.collect();
        }
        self.now = until;
    }

    fn collect(&mut self) {
        while let Some(output) = self.session.poll_output(self.now) {
            match output {
                Output::Text(text) => {
                    self.came.push((self.now, serde_json::from_str(&text).unwrap()));
                }
                Output::Ping => self.pings += 1,
                Output::Close(code, reason) => self.closed = Some((code, reason)),
                Output::Lose(fault) => self.lost = Some(fault),
                Output::Prepare { .. } => {}
            }
        }
    }

    fn append(&mut self, ulaw: &[u8]) {
        let audio = BASE64_STANDARD.encode(ulaw);
        self.send(json!({"type": "input_audio_buffer.append", "audio": audio}));
    }

    fn silence(&mut self, milliseconds: usize) {
        for _ in 0..milliseconds / 20 {
            self.append(&SILENCE);
        }
    }

    /// Says something, and is silent until the turn ends.
    fn speak(&mut self, text: &str) {
        for frame in self.voice.speak(text, "he").frames() {
            self.append(&frame);
        }
        self.silence(600);
    }

    fn types(&self) -> Vec<&str> {
        self.came.iter().map(|(_, event)| event["type"].as_str().unwrap()).collect()
    }

    fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.came.iter().map(|(_, event)| event).filter(move |event| event["type"] == kind)
    }

    fn one<'a>(&'a self, kind: &'a str) -> &'a Value {
        let all: Vec<&Value> = self.all(kind).collect();
        assert_eq!(all.len(), 1, "{kind} in {:?}", self.types());
        all[0]
    }

    /// The code of the only error received. Clears what was received.
    fn error_code(&mut self) -> String {
        self.run(Duration::from_secs(1));
        let code = self.one("error")["error"]["code"].as_str().unwrap_or("null").to_owned();
        self.came.clear();
        code
    }
}

fn good_handshake() -> Handshake {
    Handshake {
        model: Some("gpt-realtime-2.1".to_owned()),
        key: Some("good".to_owned()),
        beta: false,
    }
}

fn phone_settings() -> Value {
    json!({"type": "session.update", "event_id": "su_1", "session": {
        "type": "realtime",
        "instructions": "Be brief.",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-4o-mini-transcribe"},
                "noise_reduction": null,
                "turn_detection": {"type": "server_vad", "threshold": 0.5,
                    "prefix_padding_ms": 300, "silence_duration_ms": 500,
                    "create_response": false, "interrupt_response": false,
                    "idle_timeout_ms": null}},
            "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.0}},
        "tools": [{"type": "function", "name": "lookup", "description": "Looks something up.",
            "parameters": {"type": "object", "properties": {}}}],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "truncation": "auto",
    }})
}

/// Says this, with a call of `lookup` if there are arguments.
fn saying(words: &str, arguments: Option<Value>) -> Brain {
    let calls =
        arguments.map(|arguments| crate::openai::ToolCall { name: "lookup".to_owned(), arguments });
    Brain::Scripted(vec![crate::openai::Rule {
        say: Some(words.to_owned()).filter(|words| !words.is_empty()),
        calls: calls.into_iter().collect(),
        ..Default::default()
    }])
}

/// The audio of one output item, put together from its deltas.
fn audio_by_item(client: &Client) -> BTreeMap<String, Vec<u8>> {
    let mut audio: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for delta in client.all("response.output_audio.delta") {
        let bytes = BASE64_STANDARD.decode(delta["delta"].as_str().unwrap()).unwrap();
        audio.entry(delta["item_id"].as_str().unwrap().to_owned()).or_default().extend(bytes);
    }
    audio
}
