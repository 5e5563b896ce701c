//! The transcription of the caller's turns: what is asked for, which settings each model takes, and
//! what to try when the server refuses it (CALL-4).

use serde_json::{Value, json};

use super::fault::ErrorEvent;
use crate::business::Agent;

/// The transcription that a session asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transcription {
    /// By the model of the business's settings.
    AsSet,
    /// By another model, because that one was refused.
    Instead(String),
    /// None: no model was accepted.
    Without,
}

impl Transcription {
    /// The model; `None` without transcription.
    #[must_use]
    pub fn model<'a>(&'a self, agent: &'a Agent) -> Option<&'a str> {
        match self {
            Self::AsSet => Some(&agent.transcription_model),
            Self::Instead(model) => Some(model),
            Self::Without => None,
        }
    }

    /// What to ask for after this was refused: the model that last `worked`, then none. `None` if
    /// there is nothing left to try.
    #[must_use]
    pub fn after_refusal(&self, agent: &Agent, worked: Option<&str>) -> Option<Self> {
        match (self, worked) {
            (Self::AsSet, Some(worked)) if worked != agent.transcription_model => {
                Some(Self::Instead(worked.to_owned()))
            }
            (Self::AsSet | Self::Instead(_), _) => Some(Self::Without),
            (Self::Without, _) => None,
        }
    }

    /// `audio.input.transcription` of `session.update`. Without a language the model detects it. The
    /// server refuses the whole update for a language that it does not support, and for a field that
    /// the model does not take.
    pub(super) fn to_value(&self, agent: &Agent) -> Value {
        let Some(model) = self.model(agent) else { return Value::Null };
        let mut transcription = json!({"model": model});
        let keywords = &agent.transcription_keywords;
        match Takes::of(model) {
            Takes::Lists => {
                if let Some(language) = &agent.transcription_language {
                    transcription["languages"] = json!([language]);
                }
                if !keywords.is_empty() {
                    transcription["keywords"] = json!(keywords);
                }
            }
            takes @ (Takes::LanguageAndPrompt | Takes::Language) => {
                if let Some(language) = &agent.transcription_language {
                    transcription["language"] = json!(language);
                }
                if takes == Takes::LanguageAndPrompt && !keywords.is_empty() {
                    transcription["prompt"] = json!(keywords.join(", "));
                }
            }
        }
        transcription
    }
}

/// The fields that a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// `languages` and `keywords`.
    Lists,
    /// `language` and `prompt`.
    LanguageAndPrompt,
    /// `language` alone.
    Language,
}

impl Takes {
    fn of(model: &str) -> Self {
        if model.starts_with("gpt-transcribe") || model.starts_with("gpt-live-transcribe") {
            Self::Lists
        } else if model == "gpt-realtime-whisper" || model.contains("-diarize") {
            Self::Language
        } else {
            Self::LanguageAndPrompt
        }
    }
}

impl ErrorEvent {
    /// Whether the transcription is what the server refuses.
    #[must_use]
    pub fn is_about_transcription(&self) -> bool {
        match &self.param {
            Some(param) => param.contains("transcription"),
            None => self.message.contains("transcription"),
        }
    }
}

/// The day on which OpenAI shuts a model down, as far as it has said so: `2027-02-26`.
#[must_use]
pub fn shut_down_on(model: &str) -> Option<&'static str> {
    const TRANSCRIPTION: &str = "2027-02-26";
    const REALTIME: &str = "2027-01-20";
    match model {
        "whisper-1" => Some(TRANSCRIPTION),
        _ if model.starts_with("gpt-4o-") && model.contains("transcribe") => Some(TRANSCRIPTION),
        "gpt-realtime"
        | "gpt-realtime-2025-08-28"
        | "gpt-realtime-mini"
        | "gpt-realtime-mini-2025-12-15" => Some(REALTIME),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::business::Language;

    fn agent(model: &str) -> Agent {
        Agent {
            transcription_model: model.to_owned(),
            transcription_language: Some(Language::HEBREW),
            transcription_keywords: vec!["דנה".to_owned(), "Rothschild".to_owned()],
            ..Agent::default()
        }
    }

    #[test]
    fn call_4_each_transcription_model_gets_the_fields_that_it_takes() {
        for (model, rest) in [
            ("gpt-transcribe", json!({"languages": ["he"], "keywords": ["דנה", "Rothschild"]})),
            (
                "gpt-live-transcribe",
                json!({"languages": ["he"], "keywords": ["דנה", "Rothschild"]}),
            ),
            ("gpt-4o-mini-transcribe", json!({"language": "he", "prompt": "דנה, Rothschild"})),
            ("whisper-1", json!({"language": "he", "prompt": "דנה, Rothschild"})),
            ("gpt-realtime-whisper", json!({"language": "he"})),
            ("gpt-4o-transcribe-diarize", json!({"language": "he"})),
        ] {
            let mut expected = rest;
            expected["model"] = json!(model);
            assert_eq!(Transcription::AsSet.to_value(&agent(model)), expected);
        }
        assert_eq!(
            Transcription::AsSet.to_value(&Agent::default()),
            json!({"model": "gpt-transcribe"}),
            "nothing is sent that was not set"
        );
        assert_eq!(Transcription::Without.to_value(&agent("whisper-1")), Value::Null);
        let instead = Transcription::Instead("whisper-1".to_owned());
        assert_eq!(instead.to_value(&agent("gpt-transcribe"))["language"], "he");
    }

    #[test]
    fn call_4_after_a_refusal_the_last_model_that_worked_is_tried_and_then_none() {
        let agent = agent("gpt-transcribe");
        let instead = Transcription::Instead("whisper-1".to_owned());
        let next = |of: &Transcription, worked| of.after_refusal(&agent, worked);
        assert_eq!(next(&Transcription::AsSet, Some("whisper-1")), Some(instead.clone()));
        assert_eq!(next(&instead, Some("whisper-1")), Some(Transcription::Without));
        assert_eq!(next(&Transcription::AsSet, None), Some(Transcription::Without));
        let same = Some("gpt-transcribe");
        assert_eq!(next(&Transcription::AsSet, same), Some(Transcription::Without));
        assert_eq!(next(&Transcription::Without, Some("whisper-1")), None);
    }

    #[test]
    fn call_4_a_refusal_is_about_the_transcription_by_its_param_or_else_its_message() {
        let error = |param: Option<&str>, message: &str| ErrorEvent {
            param: param.map(str::to_owned),
            message: message.to_owned(),
            ..ErrorEvent::default()
        };
        for (param, message, is_about) in [
            (Some("session.audio.input.transcription.model"), "", true),
            (Some("session.audio.input.transcription"), "", true),
            (Some("session.tools[0].strict"), "no transcription", false),
            (None, "The transcription model is not available.", true),
            (None, "Unknown parameter", false),
        ] {
            assert_eq!(error(param, message).is_about_transcription(), is_about, "{param:?}");
        }
    }

    #[test]
    fn ops_5_models_that_are_shut_down_are_known() {
        for (model, day) in [
            ("gpt-4o-mini-transcribe", Some("2027-02-26")),
            ("gpt-4o-mini-transcribe-2025-12-15", Some("2027-02-26")),
            ("gpt-4o-transcribe-diarize", Some("2027-02-26")),
            ("whisper-1", Some("2027-02-26")),
            ("gpt-realtime", Some("2027-01-20")),
            ("gpt-realtime-2.1", None),
            ("gpt-realtime-1.5", None),
            ("gpt-transcribe", None),
        ] {
            assert_eq!(shut_down_on(model), day, "{model}");
        }
    }
}
