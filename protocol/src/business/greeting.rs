//! How a call begins.

use serde::{Deserialize, Serialize};

use super::Language;
use super::lines;

/// The greeting's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Greeting {
    /// Who speaks it.
    pub mode: GreetingMode,
    /// Its words; the language's default where there are none. In mode `play` they are what the
    /// recording says, for the call's history.
    pub text: Option<String>,
    /// The recording, for mode `play`.
    pub audio_url: Option<String>,
    /// Whether anything is said before the caller speaks.
    pub bot_speaks_first: bool,
    /// Whether nothing interrupts the greeting.
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
    /// The call's own session, in its own voice.
    #[default]
    Realtime,
    /// A recording, before the stream opens.
    Play,
    /// Nobody.
    None,
}

/// How a call opens: one of these, never two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpeningLine {
    /// The session says this, word for word.
    Spoken {
        /// The words.
        text: String,
    },
    /// A recording is played before the stream opens; then the agent waits for the caller.
    Played {
        /// Where the recording is.
        audio_url: String,
        /// What it says, for the history.
        text: String,
    },
    /// The agent waits for the caller.
    Silent,
}

impl OpeningLine {
    /// Whether the session opens when the stream does: while a recording plays nobody could hear
    /// it, and nothing is to be asked of it (CALL-2).
    #[must_use]
    pub fn session_waits_for_stream(&self) -> bool {
        match self {
            Self::Played { .. } => true,
            Self::Spoken { .. } | Self::Silent => false,
        }
    }
}

impl Greeting {
    /// How a call opens, in a business whose language is `language`. `bot_speaks_first = false`
    /// stands above every mode. A missing recording, which [`super::BusinessSettings::validate`]
    /// refuses, makes the session speak.
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
