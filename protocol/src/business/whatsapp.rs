//! `[whatsapp]`: how written messages are answered. `whatsapp_number` turns it on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;

/// Settings of written conversations. The texts default to those of the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Whatsapp {
    /// Text model; `""`: that of the daemon's configuration, `openai.text_model`.
    pub model: String,
    /// How long a person must have written nothing before they are answered (WA-5).
    #[serde(with = "duration_text")]
    pub settle: Duration,
    /// After which calls a message is sent (WA-7).
    pub after_call: AfterCall,
    /// Sent if the model's answer stays too long for one message (WA-1).
    pub too_long_text: Option<String>,
    /// Sent to who sends a voice note or a picture without a word (WA-6).
    pub media_text: Option<String>,
    /// Sent if the text model fails.
    pub apology_text: Option<String>,
}

impl Default for Whatsapp {
    fn default() -> Self {
        Self {
            model: String::new(),
            settle: Duration::from_secs(2),
            after_call: AfterCall::Off,
            too_long_text: None,
            media_text: None,
            apology_text: None,
        }
    }
}

/// The calls after which the person gets a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterCall {
    /// None.
    #[default]
    Off,
    /// Those that have told something for the lead, or booked or moved an appointment.
    Lead,
    /// Those that have booked or moved an appointment.
    Appointment,
}

#[cfg(test)]
mod tests {
    use super::super::tests::business;
    use super::super::{BusinessSettings, Language};
    use super::*;
    use crate::ids::PhoneNumber;

    fn in_writing() -> BusinessSettings {
        let whatsapp_number = Some(PhoneNumber::parse("+97231234567").unwrap());
        BusinessSettings { whatsapp_number, ..business() }
    }

    fn wrong_keys(settings: &BusinessSettings) -> Vec<String> {
        let problems = settings.validate().err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn wa_1_a_business_writes_its_own_texts_or_those_of_its_language() {
        let mut settings = in_writing();
        assert_eq!(settings.lines().too_long, super::super::lines::HEBREW.too_long);
        settings.whatsapp.too_long_text = Some("נתקשר אליך.".to_owned());
        assert_eq!(settings.lines().too_long, "נתקשר אליך.");
        assert_eq!(wrong_keys(&settings), [""; 0]);

        settings.language = Language::parse("fr").unwrap();
        let missing = wrong_keys(&settings);
        let of_whatsapp: Vec<_> =
            missing.iter().filter(|key| key.starts_with("whatsapp.")).collect();
        assert_eq!(of_whatsapp, ["whatsapp.media_text", "whatsapp.apology_text"]);
        settings.whatsapp_number = None;
        assert!(!wrong_keys(&settings).iter().any(|key| key.starts_with("whatsapp.")));
    }

    #[test]
    fn wa_5_settle_is_a_pause_between_texts_and_no_long_wait() {
        let mut settings = in_writing();
        for (settle, is_wrong) in [(0, false), (2, false), (10, false), (11, true)] {
            settings.whatsapp.settle = Duration::from_secs(settle);
            assert_eq!(!wrong_keys(&settings).is_empty(), is_wrong, "{settle} s");
        }
    }

    #[test]
    fn wa_7_after_call_is_one_of_three_words() {
        for (word, read) in [
            ("off", AfterCall::Off),
            ("lead", AfterCall::Lead),
            ("appointment", AfterCall::Appointment),
        ] {
            let given = serde_json::json!({ "after_call": word });
            let settings: Whatsapp = serde_json::from_value(given).unwrap();
            assert_eq!(settings.after_call, read);
        }
        assert!(serde_json::from_value::<Whatsapp>(serde_json::json!({"after_call": 1})).is_err());
    }
}
