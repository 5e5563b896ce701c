//! A session's settings. An update is applied completely or not at all.

use serde_json::{Map, Value, json};

use super::wire::WireError;

/// The effective settings, as `session.updated` shows them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    session: Map<String, Value>,
}

/// The audio format of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// µ-law, 8 bytes per millisecond.
    Pcmu,
    /// A-law, 8 bytes per millisecond. It is counted, but neither decoded nor spoken.
    Pcma,
    /// 16-bit linear at 24 kHz, 48 bytes per millisecond.
    Pcm,
}

/// How turns are detected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Detection {
    /// The client commits.
    Off,
    /// By loudness and silence.
    Server { threshold: f64, prefix_ms: u64, silence_ms: u64 },
    /// By the words: a whole sentence ends the turn soon, a broken one after the longest wait.
    Semantic { longest_wait_ms: u64 },
}

impl Settings {
    /// The API's defaults.
    pub(super) fn live_defaults(id: &str, model: &str, expires_at: u64) -> Self {
        let session = json!({
            "type": "realtime",
            "object": "realtime.session",
            "id": id,
            "model": model,
            "output_modalities": ["audio"],
            "instructions": DEFAULT_INSTRUCTIONS,
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "tracing": null,
            "truncation": "auto",
            "prompt": null,
            "expires_at": expires_at,
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": null,
                    "noise_reduction": null,
                    "turn_detection": default_detection("server_vad"),
                },
                "output": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "voice": "alloy",
                    "speed": 1.0,
                },
            },
            "include": null,
        });
        Self { session: into_map(session) }
    }

    /// These settings with an update applied. `audio_spoken` is true if the session has assistant audio;
    /// it locks the voice.
    ///
    /// # Errors
    /// A part of the update is not allowed.
    pub(super) fn updated(
        &self,
        update: &Map<String, Value>,
        audio_spoken: bool,
    ) -> Result<Self, WireError> {
        self.check_meaning(update)?;
        let mut next = self.clone();
        for (name, value) in update {
            match (name.as_str(), value) {
                ("audio", Value::Object(audio)) => next.update_audio(audio),
                _ => {
                    next.session.insert(name.clone(), value.clone());
                }
            }
        }
        if audio_spoken && next.voice() != self.voice() {
            return Err(WireError::new(
                "cannot_update_voice",
                "Cannot update a conversation's voice if assistant audio is present.",
            ));
        }
        Ok(next)
    }

    pub(super) fn to_json(&self) -> Value {
        Value::Object(self.session.clone())
    }

    pub(super) fn instructions(&self) -> &str {
        self.session.get("instructions").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn get(&self, name: &str) -> &Value {
        self.session.get(name).unwrap_or(&Value::Null)
    }

    pub(super) fn voice(&self) -> &Value {
        self.at("/output/voice")
    }

    pub(super) fn input_format(&self) -> Format {
        Format::of(self.at("/input/format"))
    }

    pub(super) fn output_format(&self) -> Format {
        Format::of(self.at("/output/format"))
    }

    pub(super) fn transcription_model(&self) -> Option<&str> {
        let transcription = self.at("/input/transcription");
        (!transcription.is_null())
            .then(|| transcription["model"].as_str().unwrap_or("gpt-4o-mini-transcribe"))
    }

    pub(super) fn detection(&self) -> Detection {
        let detection = self.at("/input/turn_detection");
        match detection["type"].as_str() {
            Some("server_vad") => Detection::Server {
                threshold: detection["threshold"].as_f64().unwrap_or(0.5),
                prefix_ms: detection["prefix_padding_ms"].as_u64().unwrap_or(300),
                silence_ms: detection["silence_duration_ms"].as_u64().unwrap_or(200),
            },
            Some("semantic_vad") => Detection::Semantic {
                longest_wait_ms: match detection["eagerness"].as_str() {
                    Some("low") => 8000,
                    Some("high") => 2000,
                    _ => 4000,
                },
            },
            _ => Detection::Off,
        }
    }

    /// Whether the server answers turns without a request.
    pub(super) fn creates_responses(&self) -> bool {
        self.at("/input/turn_detection/create_response") == &Value::Bool(true)
    }

    pub(super) fn interrupts_responses(&self) -> bool {
        self.at("/input/turn_detection/interrupt_response") == &Value::Bool(true)
    }

    /// Makes the session answer in PCM whatever was requested, as clients have seen it happen.
    pub(super) fn force_pcm_output(&mut self) {
        let format = json!({"output": {"format": {"type": "audio/pcm", "rate": 24000}}});
        self.update_audio(&into_map(format));
    }

    fn at(&self, pointer: &str) -> &Value {
        self.session.get("audio").and_then(|audio| audio.pointer(pointer)).unwrap_or(&Value::Null)
    }

    /// Rules that the schema can't express.
    fn check_meaning(&self, update: &Map<String, Value>) -> Result<(), WireError> {
        let model = self.get("model").as_str().unwrap_or_default();
        if update.get("model").is_some_and(|asked| asked != model) {
            let message = "Cannot update a session's model once it is set.";
            return Err(WireError::new("invalid_value", message).about("session.model"));
        }
        if update.get("output_modalities").is_some_and(|m| m.as_array().map(Vec::len) != Some(1)) {
            let message = "Invalid modalities: expected either ['audio'] or ['text'].";
            return Err(WireError::new("invalid_value", message).about("session.output_modalities"));
        }
        check_transcription(update)?;
        let reasons = model == "gpt-realtime-2" || model.starts_with("gpt-realtime-2.");
        for name in ["reasoning", "parallel_tool_calls"] {
            if update.contains_key(name) && !reasons {
                let message = format!("'session.{name}' is not supported by model '{model}'.");
                return Err(
                    WireError::new("invalid_value", message).about(format!("session.{name}"))
                );
            }
        }
        Ok(())
    }

    /// Merges the objects under `audio`. A format, transcription, noise reduction, or turn detection of
    /// another type is replaced.
    fn update_audio(&mut self, update: &Map<String, Value>) {
        let Some(audio) = self.session.get_mut("audio") else { return };
        for (side, fields) in update {
            let (Some(fields), Some(current)) =
                (fields.as_object(), audio.get_mut(side).and_then(Value::as_object_mut))
            else {
                continue;
            };
            for (name, value) in fields {
                let value = match (name.as_str(), value["type"].as_str()) {
                    ("format", Some("audio/pcm")) => json!({"type": "audio/pcm", "rate": 24000}),
                    ("turn_detection", Some(kind)) => {
                        detection_with(current.get("turn_detection"), kind, value)
                    }
                    _ => value.clone(),
                };
                current.insert(name.clone(), value);
            }
        }
    }
}

/// Fields of the transcription that only some models take.
fn check_transcription(update: &Map<String, Value>) -> Result<(), WireError> {
    let audio = update.get("audio").unwrap_or(&Value::Null);
    let transcription = &audio["input"]["transcription"];
    let Some(model) = transcription["model"].as_str() else { return Ok(()) };
    let lists = ["gpt-transcribe", "gpt-live-transcribe"].contains(&model);
    let whisper = model == "gpt-realtime-whisper";
    let prompts = !lists && !whisper && !model.ends_with("-diarize");
    let takes =
        [("languages", lists), ("keywords", lists), ("prompt", prompts), ("delay", whisper)];
    let wrong = takes.iter().find(|(name, takes)| !takes && !transcription[*name].is_null());
    match wrong {
        None => Ok(()),
        Some((name, _)) => {
            let path = format!("session.audio.input.transcription.{name}");
            let message = format!("'{path}' is not supported by model '{model}'.");
            Err(WireError::new("invalid_value", message).about(path))
        }
    }
}

impl Format {
    /// Reads `{"type": …}`. An unknown type is PCM, the API's default.
    pub(super) fn of(format: &Value) -> Self {
        match format["type"].as_str() {
            Some("audio/pcmu") => Self::Pcmu,
            Some("audio/pcma") => Self::Pcma,
            _ => Self::Pcm,
        }
    }

    pub(super) fn bytes_per_ms(self) -> u64 {
        match self {
            Self::Pcmu | Self::Pcma => 8,
            Self::Pcm => 48,
        }
    }
}

const DEFAULT_INSTRUCTIONS: &str = "You are a helpful, witty, and friendly AI. Act like a human, \
    but remember that you aren't a human and that you can't do human things in the real world.";

fn default_detection(kind: &str) -> Value {
    match kind {
        "semantic_vad" => json!({"type": "semantic_vad", "eagerness": "auto",
            "create_response": true, "interrupt_response": true}),
        _ => json!({"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300,
            "silence_duration_ms": 200, "idle_timeout_ms": null,
            "create_response": true, "interrupt_response": true}),
    }
}

fn detection_with(current: Option<&Value>, kind: &str, update: &Value) -> Value {
    let mut detection = match current {
        Some(current) if current["type"] == kind => current.clone(),
        _ => default_detection(kind),
    };
    if let (Some(detection), Some(update)) = (detection.as_object_mut(), update.as_object()) {
        detection.extend(update.clone());
    }
    detection
}

fn into_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
