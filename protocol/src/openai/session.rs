//! The settings of a Realtime session, sent once by its one `session.update` (CALL-4), and the address
//! at which a session is opened.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::transcription::Transcription;
use crate::business::{Agent, BusinessSettings, NoiseReduction, TurnDetection};
use crate::tools::{self, Tool, ToolSpec};

/// The settings of every session of one call.
///
/// What can't differ is not here: G.711 µ-law both ways, audio as the only output modality, and turn
/// detection that neither creates nor interrupts a response (PIPE-6). The model is part of the address
/// ([`realtime_url`]). The GA API has no temperature.
///
/// It shares what the call's setup holds. The tools' schemas, some 20 KiB, are made when they are
/// sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionSettings {
    /// The tenant. Its agent has voice, speed, turn detection and the like.
    pub business: Arc<BusinessSettings>,
    /// The system prompt.
    pub instructions: Arc<str>,
    /// The transcription of the caller's turns, as far as the server has accepted it.
    pub transcription: Transcription,
}

impl SessionSettings {
    /// The settings for a call of `business` with this system prompt.
    #[must_use]
    pub fn new(business: Arc<BusinessSettings>, instructions: Arc<str>) -> Self {
        Self { business, instructions, transcription: Transcription::AsSet }
    }

    /// Voice, speed, turn detection, noise reduction, transcription and token limit.
    #[must_use]
    pub fn agent(&self) -> &Agent {
        &self.business.agent
    }

    /// Whether the model may call this function.
    #[must_use]
    pub fn offers(&self, tool: &str) -> bool {
        Tool::named(tool).is_some_and(|tool| tool.is_offered(&self.business))
    }

    /// The `session` object of `session.update`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let tools = tools::specs(&self.business);
        json!({
            "type": "realtime",
            "instructions": &*self.instructions,
            "output_modalities": ["audio"],
            "audio": self.audio(),
            "tools": tools.iter().map(ToolSpec::to_realtime).collect::<Vec<_>>(),
            "tool_choice": "auto",
            "max_output_tokens": self.agent().max_output_tokens,
            "truncation": "auto",
        })
    }

    /// The `audio` of the `session` object.
    pub(super) fn audio(&self) -> Value {
        let agent = self.agent();
        json!({
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": self.transcription.to_value(agent),
                "noise_reduction": noise_reduction(agent.noise_reduction),
                "turn_detection": turn_detection(agent),
            },
            "output": {
                "format": {"type": "audio/pcmu"},
                "voice": voice(&agent.voice),
                "speed": agent.speed,
            },
        })
    }
}

impl ToolSpec {
    /// One entry of `session.tools`. The server refuses an update with any other key in it.
    pub(crate) fn to_realtime(&self) -> Value {
        json!({
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        })
    }
}

/// Every number is sent: the live defaults differ from the documented ones.
fn turn_detection(agent: &Agent) -> Value {
    match agent.turn_detection {
        TurnDetection::ServerVad => json!({
            "type": "server_vad",
            "threshold": agent.vad_threshold,
            "prefix_padding_ms": millis(agent.prefix_padding),
            "silence_duration_ms": millis(agent.silence_duration),
            "create_response": false,
            "interrupt_response": false,
            "idle_timeout_ms": null,
        }),
        TurnDetection::SemanticVad => json!({
            "type": "semantic_vad",
            "eagerness": agent.eagerness,
            "create_response": false,
            "interrupt_response": false,
        }),
    }
}

fn noise_reduction(noise_reduction: NoiseReduction) -> Value {
    match noise_reduction {
        NoiseReduction::Off => Value::Null,
        NoiseReduction::NearField | NoiseReduction::FarField => json!({"type": noise_reduction}),
    }
}

fn voice(voice: &str) -> Value {
    match voice.strip_prefix("custom:") {
        Some(id) => json!({ "id": id }),
        None if voice.starts_with("voice_") => json!({ "id": voice }),
        None => json!(voice),
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// The address of a session: `base` with `model` added to its query. A `model` that `base` names is
/// replaced, and a fragment is dropped.
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
