//! Who speaks for a business, and how a turn of the caller's is told from a pause.

use std::fmt;
use std::num::NonZeroU16;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Language;
use super::duration_text;

/// The voice session's settings. Wire facts: the `session` object of OpenAI Realtime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agent {
    /// The realtime model; one per call.
    pub model: String,
    /// The voice of every session of a call.
    pub voice: String,
    /// What the business wants said, asked and known; the prompt's first part.
    pub prompt: String,
    /// The most one answer may take; scripted lines are never limited.
    pub max_output_tokens: MaxOutputTokens,
    /// How fast the agent speaks: 0.25 to 1.5, 1 is natural.
    pub speed: f64,
    /// How the end of a caller's turn is found.
    pub turn_detection: TurnDetection,
    /// How loud speech must be, 0 to 1; for `server_vad`.
    pub vad_threshold: f64,
    /// How much audio before detected speech belongs to it; for `server_vad`.
    #[serde(with = "duration_text")]
    pub prefix_padding: Duration,
    /// How long a pause ends a turn; for `server_vad`.
    #[serde(with = "duration_text")]
    pub silence_duration: Duration,
    /// How readily a turn is taken as over; for `semantic_vad`.
    pub eagerness: Eagerness,
    /// What the caller's audio is cleaned for before anything hears it.
    pub noise_reduction: NoiseReduction,
    /// The model that writes down what the caller said.
    pub transcription_model: String,
    /// The language it is told to expect; `None` (`""` in the file) lets it find out.
    #[serde(with = "optional_language")]
    pub transcription_language: Option<Language>,
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
            transcription_model: "gpt-4o-mini-transcribe".into(),
            transcription_language: None,
        }
    }
}

/// How the server finds the end of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnDetection {
    /// By loudness and the length of a pause.
    #[default]
    ServerVad,
    /// By what was said.
    SemanticVad,
}

/// How readily `semantic_vad` takes a turn as over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eagerness {
    /// As `Medium`.
    #[default]
    Auto,
    /// Waits up to 8 s.
    Low,
    /// Waits up to 4 s.
    Medium,
    /// Waits up to 2 s.
    High,
}

/// What the caller's audio is cleaned for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoiseReduction {
    /// Left as it came.
    #[default]
    Off,
    /// A handset.
    NearField,
    /// A loudspeaker or a car.
    FarField,
}

/// The most tokens one answer may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxOutputTokens {
    /// As many as the model has.
    #[default]
    Inf,
    /// At most this many: 1 to [`MaxOutputTokens::HIGHEST`].
    Limit(NonZeroU16),
}

impl MaxOutputTokens {
    /// The highest limit the API takes.
    pub const HIGHEST: u16 = 4096;

    /// A limit of `tokens`, if that is one the API takes.
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

/// A language, or `""` for none.
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
