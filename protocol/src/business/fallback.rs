//! `[transfer]` and `[apology]`: what a caller gets if the agent can't go on.

use serde::{Deserialize, Serialize};

use super::Language;
use crate::ids::PhoneNumber;

/// The person to whom calls can be transferred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The number to dial. Not one of the business's own.
    pub number: PhoneNumber,
    /// The agent's words before the transfer; `None`: the language's default.
    #[serde(default)]
    pub text: Option<String>,
}

/// What a caller hears if no session with OpenAI can be opened; played by Twilio.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Apology {
    /// The words; `None`: the language's default.
    pub text: Option<String>,
    /// A recording, played in place of the words.
    pub audio_url: Option<String>,
    /// Twilio's text-to-speech voice: `Google.he-IL-Wavenet-A`, `Polly.Joanna`.
    pub say_voice: Option<String>,
}

/// A text-to-speech voice with its locale. Twilio speaks nothing if the two don't match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SayVoice {
    /// The voice's full name.
    pub voice: String,
    /// BCP 47 tag, `he-IL` for one.
    pub locale: String,
}

impl Apology {
    /// The voice of the apology: the business's own, or the default one for Hebrew and English. `None` if
    /// the voice's locale is not known, which [`super::BusinessSettings::validate`] refuses.
    #[must_use]
    pub fn voice(&self, language: &Language) -> Option<SayVoice> {
        let default = default_voice(language);
        let Some(own) = &self.say_voice else {
            return default.map(|(voice, locale)| SayVoice {
                voice: voice.to_owned(),
                locale: locale.to_owned(),
            });
        };
        let locale = locale_in(own).or_else(|| default.map(|(_, locale)| locale))?;
        Some(SayVoice { voice: own.clone(), locale: locale.to_owned() })
    }
}

fn default_voice(language: &Language) -> Option<(&'static str, &'static str)> {
    match language.as_str() {
        "he" => Some(("Google.he-IL-Wavenet-A", "he-IL")),
        "en" => Some(("Polly.Joanna", "en-US")),
        _ => None,
    }
}

/// The locale in a voice's name: `he-IL` in `Google.he-IL-Wavenet-A`.
fn locale_in(voice: &str) -> Option<&str> {
    let (_, name) = voice.split_once('.')?;
    let (language, rest) = name.split_once('-')?;
    let (region, _) = rest.split_once('-')?;
    let is_language =
        matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_lowercase());
    let is_region = matches!(region.len(), 2 | 3)
        && region.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if is_language && is_region { name.get(..language.len() + 1 + region.len()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(name: Option<&str>, language: &str) -> Option<(String, String)> {
        let apology = Apology { say_voice: name.map(str::to_owned), ..Apology::default() };
        let language = Language::parse(language).unwrap();
        apology.voice(&language).map(|say| (say.voice, say.locale))
    }

    #[test]
    fn call_1_a_voice_always_comes_with_its_locale() {
        let pair = |voice: &str, locale: &str| Some((voice.to_owned(), locale.to_owned()));
        assert_eq!(voice(None, "he"), pair("Google.he-IL-Wavenet-A", "he-IL"));
        assert_eq!(voice(None, "en"), pair("Polly.Joanna", "en-US"));
        assert_eq!(
            voice(Some("Google.fr-FR-Wavenet-C"), "fr"),
            pair("Google.fr-FR-Wavenet-C", "fr-FR")
        );
        assert_eq!(
            voice(Some("Google.es-419-Standard-A"), "es"),
            pair("Google.es-419-Standard-A", "es-419")
        );
        assert_eq!(
            voice(Some("Polly.Matthew-Neural"), "en"),
            pair("Polly.Matthew-Neural", "en-US")
        );
    }

    #[test]
    fn call_1_a_voice_whose_locale_nobody_knows_is_none() {
        assert_eq!(voice(None, "fr"), None);
        assert_eq!(voice(Some("Polly.Lea-Neural"), "fr"), None);
    }
}
