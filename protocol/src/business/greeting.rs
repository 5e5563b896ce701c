//! `[greeting]`: how a call begins (GREET-1).

use serde::{Deserialize, Serialize};

use super::Language;
use super::lines;

/// The first words of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Greeting {
    /// Who speaks the greeting.
    pub mode: GreetingMode,
    /// The words; `None`: the language's default. In mode `play` the words of the recording, for the
    /// transcript.
    pub text: Option<String>,
    /// Mode `play`: URL of the recording.
    pub audio_url: Option<String>,
    /// Whether there is a greeting at all.
    pub bot_speaks_first: bool,
    /// Whether the greeting can't be interrupted.
    pub protected: bool,
}

impl Default for Greeting {
    fn default() -> Self {
        Self {
            mode: GreetingMode::Realtime,
            text: None,
            audio_url: None,
            bot_speaks_first: true,
            protected: true,
        }
    }
}

/// Who speaks the greeting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GreetingMode {
    /// The session, in its own voice.
    #[default]
    Realtime,
    /// A recording, played before the stream opens.
    Play,
    /// Nobody: the agent waits for the caller.
    None,
}

/// How a call opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningLine {
    /// The session speaks this text word for word.
    Spoken {
        /// Spoken word for word (GREET-5).
        text: String,
    },
    /// Twilio plays a recording before the stream opens. Then the agent waits for the caller.
    Played {
        /// URL of the recording.
        audio_url: String,
        /// Its words, for the transcript.
        text: String,
    },
    /// The agent waits for the caller.
    Silent,
}

impl OpeningLine {
    /// Whether the session opens only when the stream does (CALL-2). While a recording plays, nobody
    /// could hear the session.
    #[must_use]
    pub fn session_waits_for_stream(&self) -> bool {
        match self {
            Self::Played { .. } => true,
            Self::Spoken { .. } | Self::Silent => false,
        }
    }
}

impl Greeting {
    /// How a call opens in this language. `bot_speaks_first = false` overrides every mode. Without a
    /// recording, which [`super::BusinessSettings::validate`] refuses, mode `play` is mode `realtime`.
    #[must_use]
    pub fn opening(&self, language: &Language) -> OpeningLine {
        if !self.bot_speaks_first {
            return OpeningLine::Silent;
        }
        match (self.mode, &self.audio_url) {
            (GreetingMode::None, _) => OpeningLine::Silent,
            (GreetingMode::Play, Some(audio_url)) => {
                OpeningLine::Played { audio_url: audio_url.clone(), text: self.words(language) }
            }
            (GreetingMode::Realtime, _) | (GreetingMode::Play, None) => {
                OpeningLine::Spoken { text: self.words(language) }
            }
        }
    }

    fn words(&self, language: &Language) -> String {
        self.text.clone().unwrap_or_else(|| lines::or_english(language).greeting.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greet_1_the_session_greets_by_default_in_the_language_of_the_business() {
        let spoken = Greeting::default().opening(&Language::ENGLISH);
        assert_eq!(spoken, OpeningLine::Spoken { text: lines::ENGLISH.greeting.to_owned() });
    }

    #[test]
    fn greet_1_a_recording_is_played_and_its_words_are_known() {
        let greeting = Greeting {
            mode: GreetingMode::Play,
            text: Some("שלום".into()),
            audio_url: Some("https://example.com/hello.mp3".into()),
            ..Greeting::default()
        };
        assert_eq!(
            greeting.opening(&Language::HEBREW),
            OpeningLine::Played {
                audio_url: "https://example.com/hello.mp3".into(),
                text: "שלום".into()
            }
        );
    }

    #[test]
    fn greet_1_nothing_is_said_when_the_bot_does_not_speak_first_whatever_the_mode() {
        for mode in [GreetingMode::Realtime, GreetingMode::Play, GreetingMode::None] {
            let greeting = Greeting {
                mode,
                audio_url: Some("https://example.com/hello.mp3".into()),
                bot_speaks_first: false,
                ..Greeting::default()
            };
            assert_eq!(greeting.opening(&Language::HEBREW), OpeningLine::Silent, "{mode:?}");
        }
    }
}
