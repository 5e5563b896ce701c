//! What a session is set to, once, by its one `session.update` (CALL-4), and where it is opened.

use std::fmt::Write as _;

use serde_json::{Value, json};
use thiserror::Error;

/// Everything the daemon sets in a session. Not here because they can't differ: µ-law both ways,
/// speech as the only modality, and a server that never starts or stops a response by itself
/// (PIPE-6). The model stands in the address ([`realtime_url`]); a temperature does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSettings {
    /// The system prompt.
    pub instructions: String,
    /// A voice's name (`marin`), or the id of a custom one (`voice_…`). Fixed once it has spoken.
    pub voice: String,
    /// Speed of speech, 0.25 to 1.5.
    pub speed: f64,
    /// How the server finds the caller's turns.
    pub turn_detection: TurnDetection,
    /// What is done to the caller's sound before anyone listens; `None` is nothing.
    pub noise_reduction: Option<NoiseReduction>,
    /// How the caller's words are written down (PIPE-5).
    pub transcription: Transcription,
    /// What the model may call.
    pub tools: Vec<ToolSpec>,
    /// The longest an ordinary response may be.
    pub max_output_tokens: MaxOutputTokens,
}

/// How the server finds where a turn of the caller begins and ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TurnDetection {
    /// By loudness. Every number is sent: the live defaults differ from the documented ones.
    ServerVad {
        /// How sure it must be that this is speech, 0 to 1.
        threshold: f64,
        /// Sound kept from before the onset, in milliseconds.
        prefix_padding_ms: u32,
        /// Silence that ends a turn, in milliseconds.
        silence_duration_ms: u32,
    },
    /// By meaning.
    SemanticVad {
        /// How soon it takes a turn for finished.
        eagerness: Eagerness,
    },
}

/// How soon semantic turn detection takes a turn for finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eagerness {
    /// Waits up to 8 s.
    Low,
    /// Waits up to 4 s.
    Medium,
    /// Waits up to 2 s.
    High,
    /// The same as medium.
    Auto,
}

/// The kind of microphone that noise reduction reckons with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseReduction {
    /// A handset or headset.
    NearField,
    /// A speakerphone or a room.
    FarField,
}

/// Who writes down the caller's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcription {
    /// A transcription model, `gpt-4o-mini-transcribe` for one.
    pub model: String,
    /// ISO 639-1; `None` lets the model find out. An unsupported code refuses the whole update.
    pub language: Option<String>,
}

/// A function the model may call.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it does and when to call it, for the model.
    pub description: String,
    /// A JSON schema of its arguments.
    pub parameters: Value,
}

/// The longest an ordinary response may be. Scripted lines are never limited (PROMPT-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxOutputTokens {
    /// As long as the model allows.
    Inf,
    /// At most so many tokens.
    N(TokenLimit),
}

/// A number of tokens from 1 to 4096.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimit(u16);

/// A limit that the server would refuse, and with it the whole session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is not a limit of output tokens: expected 1 to 4096")]
pub struct TokenLimitOutOfRange(u32);

impl TryFrom<u32> for TokenLimit {
    type Error = TokenLimitOutOfRange;

    fn try_from(tokens: u32) -> Result<Self, TokenLimitOutOfRange> {
        u16::try_from(tokens)
            .ok()
            .filter(|tokens| (1..=4096).contains(tokens))
            .map(Self)
            .ok_or(TokenLimitOutOfRange(tokens))
    }
}

impl SessionSettings {
    /// The `session` of a `session.update`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "type": "realtime",
            "instructions": self.instructions,
            "output_modalities": ["audio"],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "transcription": self.transcription.to_value(),
                    "noise_reduction": self.noise_reduction.map(NoiseReduction::to_value),
                    "turn_detection": self.turn_detection.to_value(),
                },
                "output": {
                    "format": {"type": "audio/pcmu"},
                    "voice": voice_value(&self.voice),
                    "speed": self.speed,
                },
            },
            "tools": self.tools.iter().map(ToolSpec::to_value).collect::<Vec<_>>(),
            "tool_choice": "auto",
            "max_output_tokens": self.max_output_tokens.to_value(),
            "truncation": "auto",
        })
    }
}

impl TurnDetection {
    fn to_value(self) -> Value {
        match self {
            Self::ServerVad { threshold, prefix_padding_ms, silence_duration_ms } => json!({
                "type": "server_vad",
                "threshold": threshold,
                "prefix_padding_ms": prefix_padding_ms,
                "silence_duration_ms": silence_duration_ms,
                "create_response": false,
                "interrupt_response": false,
                "idle_timeout_ms": null,
            }),
            Self::SemanticVad { eagerness } => json!({
                "type": "semantic_vad",
                "eagerness": eagerness.as_str(),
                "create_response": false,
                "interrupt_response": false,
            }),
        }
    }
}

impl Eagerness {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Auto => "auto",
        }
    }
}

impl NoiseReduction {
    fn to_value(self) -> Value {
        match self {
            Self::NearField => json!({"type": "near_field"}),
            Self::FarField => json!({"type": "far_field"}),
        }
    }
}

impl Transcription {
    fn to_value(&self) -> Value {
        match &self.language {
            Some(language) => json!({"model": self.model, "language": language}),
            None => json!({"model": self.model}),
        }
    }
}

impl ToolSpec {
    /// No more than these four keys: others have been refused, and the update with them.
    fn to_value(&self) -> Value {
        json!({
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        })
    }
}

impl MaxOutputTokens {
    fn to_value(self) -> Value {
        match self {
            Self::Inf => json!("inf"),
            Self::N(TokenLimit(tokens)) => json!(tokens),
        }
    }
}

fn voice_value(voice: &str) -> Value {
    if voice.starts_with("voice_") { json!({"id": voice}) } else { json!(voice) }
}

/// The address of a session: `base` with its own query and `model` added. A `model` that `base`
/// names is replaced, and a fragment is dropped.
#[must_use]
pub fn realtime_url(base: &str, model: &str) -> String {
    let base = base.split('#').next().unwrap_or(base);
    let (path, query) = base.split_once('?').unwrap_or((base, ""));
    let mut url = format!("{path}?");
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != "model" && !pair.starts_with("model="));
    for pair in kept {
        url.push_str(pair);
        url.push('&');
    }
    url.push_str("model=");
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}

#[cfg(test)]
pub(in crate::openai) mod tests;
