//! `[agent]`: the voice session.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Language;
use super::duration_text;

/// Settings of the voice session. Wire facts: the `session` object of OpenAI's Realtime API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// Realtime model, the same in all sessions of a call.
    pub model: String,
    /// Voice: a name (`marin`), or the id of a custom voice (`custom:…` or `voice_…`).
    pub voice: String,
    /// The business's own instructions: the first part of the system prompt.
    pub prompt: String,
    /// Limit of an answer. Scripted lines have none (PROMPT-4).
    pub max_output_tokens: MaxOutputTokens,
    /// Speed of speech, 0.25 to 1.5; 1 is natural.
    pub speed: f64,
    /// How the server finds the end of a turn.
    pub turn_detection: TurnDetection,
    /// `server_vad`: how certain it must be that it hears speech, 0 to 1.
    pub vad_threshold: f64,
    /// `server_vad`: how much audio before the detected onset belongs to a turn.
    #[serde(with = "duration_text")]
    pub prefix_padding: Duration,
    /// `server_vad`: how long a silence ends a turn.
    #[serde(with = "duration_text")]
    pub silence_duration: Duration,
    /// `semantic_vad`: how soon a turn counts as complete.
    pub eagerness: Eagerness,
    /// Noise reduction applied to the caller's audio.
    pub noise_reduction: NoiseReduction,
    /// Model that transcribes the caller's turns (PIPE-5).
    pub transcription_model: String,
    /// Language of the transcription; `None` (`""` in the file): the model detects it.
    #[serde(with = "optional_language")]
    pub transcription_language: Option<Language>,
    /// Names and other words that the transcription should know.
    pub transcription_keywords: Vec<String>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            model: "gpt-realtime-2.1".into(),
            voice: "marin".into(),
            prompt: String::new(),
            max_output_tokens: MaxOutputTokens::Inf,
            speed: 1.0,
            turn_detection: TurnDetection::ServerVad,
            vad_threshold: 0.5,
            prefix_padding: Duration::from_millis(300),
            silence_duration: Duration::from_millis(500),
            eagerness: Eagerness::Auto,
            noise_reduction: NoiseReduction::Off,
            transcription_model: "gpt-transcribe".into(),
            transcription_language: None,
            transcription_keywords: Vec::new(),
        }
    }
}

/// `turn_detection.type` on the wire: how the server finds the end of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnDetection {
    /// By the audio: a silence ends a turn.
    #[default]
    ServerVad,
    /// By the meaning of the words.
    SemanticVad,
}

/// `turn_detection.eagerness` on the wire: how soon `semantic_vad` ends a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eagerness {
    /// The same as `Medium`.
    #[default]
    Auto,
    /// Waits up to 8 s.
    Low,
    /// Waits up to 4 s.
    Medium,
    /// Waits up to 2 s.
    High,
}

/// `noise_reduction.type` on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseReduction {
    /// None; `null` on the wire.
    #[default]
    Off,
    /// For a microphone near the mouth: a handset or headset.
    NearField,
    /// For a microphone far away: a speakerphone or a car.
    FarField,
}

/// The limit of one response, reasoning included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxOutputTokens {
    /// `"inf"`: as many as the model allows.
    #[default]
    Inf,
    /// At most this many, from 1 to 4096.
    Limit(NonZeroU16),
}

impl MaxOutputTokens {
    /// The highest limit that the API accepts.
    const HIGHEST: u16 = 4096;

    /// A limit; `None` outside 1 to 4096.
    #[must_use]
    pub fn limit(tokens: u64) -> Option<Self> {
        let tokens = u16::try_from(tokens).ok().filter(|tokens| *tokens <= Self::HIGHEST)?;
        NonZeroU16::new(tokens).map(Self::Limit)
    }
}

impl Serialize for MaxOutputTokens {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Inf => serializer.serialize_str("inf"),
            Self::Limit(tokens) => serializer.serialize_u16(tokens.get()),
        }
    }
}

impl<'de> Deserialize<'de> for MaxOutputTokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaxOutputTokensVisitor)
    }
}

struct MaxOutputTokensVisitor;

impl Visitor<'_> for MaxOutputTokensVisitor {
    type Value = MaxOutputTokens;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"inf\" or a whole number from 1 to {}", MaxOutputTokens::HIGHEST)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<MaxOutputTokens, E> {
        match text {
            "inf" => Ok(MaxOutputTokens::Inf),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<MaxOutputTokens, E> {
        MaxOutputTokens::limit(number)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<MaxOutputTokens, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }
}

/// A language tag, or `""` for `None`.
mod optional_language {
    use std::borrow::Cow;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Language;

    pub(super) fn serialize<S: Serializer>(
        language: &Option<Language>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(language.as_ref().map_or("", Language::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Language>, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(None);
        }
        Language::parse(&text).map(Some).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prompt_4_the_token_limit_is_inf_or_a_number_the_api_takes() {
        for (text, expected) in [
            (json!("inf"), Some(MaxOutputTokens::Inf)),
            (json!(1), MaxOutputTokens::limit(1)),
            (json!(4096), MaxOutputTokens::limit(4096)),
        ] {
            let read: MaxOutputTokens = serde_json::from_value(text.clone()).unwrap();
            assert_eq!(Some(read), expected);
            assert_eq!(serde_json::to_value(read).unwrap(), text);
        }
        for wrong in [json!(0), json!(4097), json!(-1), json!("many"), json!(1.5)] {
            let error = serde_json::from_value::<MaxOutputTokens>(wrong).unwrap_err().to_string();
            assert!(error.contains("\"inf\" or a whole number from 1 to 4096"), "{error}");
        }
    }

    #[test]
    fn an_empty_transcription_language_lets_the_model_find_out() {
        let agent: Agent = serde_json::from_value(json!({"transcription_language": ""})).unwrap();
        assert_eq!(agent.transcription_language, None);
        let agent: Agent = serde_json::from_value(json!({"transcription_language": "he"})).unwrap();
        assert_eq!(agent.transcription_language, Some(Language::HEBREW));
        assert_eq!(serde_json::to_value(agent).unwrap()["transcription_language"], "he");
    }
}
