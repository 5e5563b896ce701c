//! `[ending]`: how a call ends, and which lead fields are required.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;
use super::phrases;

/// Rules for the end of a call. The texts default to those of the language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ending {
    /// Who decides that a call is over.
    pub decider: Decider,
    /// `phrases` and `both`: whether a goodbye phrase ends the call.
    pub auto_end_on_goodbye: bool,
    /// `phrases` and `both`: whether the last required field ends the call.
    pub auto_end_after_lead_capture: bool,
    /// Fields without which a lead is not complete.
    pub required_lead_fields: Vec<String>,
    /// The last words of a call.
    pub closing_text: Option<String>,
    /// The last words to a caller who declined.
    pub decline_text: Option<String>,
    /// The last words when all required fields are known.
    pub lead_complete_text: Option<String>,
    /// The last words to a caller who is silent.
    pub no_response_text: Option<String>,
    /// Time from the end of the last words, as played, to the hang-up.
    #[serde(with = "duration_text")]
    pub hangup_delay: Duration,
    /// `phrases` and `both`: how long an answer waits for the transcript of its turn.
    #[serde(with = "duration_text")]
    pub phrase_wait: Duration,
    /// Longest duration of a call.
    #[serde(with = "duration_text")]
    pub max_duration: Duration,
    /// Goodbye phrases, in place of [`phrases::GOODBYE`].
    pub goodbye_phrases: Option<Vec<String>>,
    /// Decline phrases, in place of [`phrases::DECLINE`].
    pub decline_phrases: Option<Vec<String>>,
}

impl Default for Ending {
    fn default() -> Self {
        Self {
            decider: Decider::Model,
            auto_end_on_goodbye: true,
            auto_end_after_lead_capture: true,
            required_lead_fields: Vec::new(),
            closing_text: None,
            decline_text: None,
            lead_complete_text: None,
            no_response_text: None,
            hangup_delay: Duration::from_secs(1),
            phrase_wait: Duration::ZERO,
            max_duration: Duration::from_secs(15 * 60),
            goodbye_phrases: None,
            decline_phrases: None,
        }
    }
}

impl Ending {
    /// The goodbye phrases in force: the business's own list, or the default one.
    #[must_use]
    pub fn goodbyes(&self) -> Vec<&str> {
        phrases::own_or(self.goodbye_phrases.as_deref(), phrases::GOODBYE)
    }

    /// The decline phrases in force: the business's own list, or the default one.
    #[must_use]
    pub fn declines(&self) -> Vec<&str> {
        phrases::own_or(self.decline_phrases.as_deref(), phrases::DECLINE)
    }
}

/// Who decides that a call is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The model, by calling `call_control`; the daemon checks it (END-2).
    #[default]
    Model,
    /// The daemon, by the caller's words and the last required field (END-3).
    Phrases,
    /// Whichever comes first.
    Both,
}

impl Decider {
    /// Whether the model may end a call.
    #[must_use]
    pub fn asks_the_model(self) -> bool {
        match self {
            Self::Model | Self::Both => true,
            Self::Phrases => false,
        }
    }

    /// Whether the caller's words may end a call.
    #[must_use]
    pub fn reads_phrases(self) -> bool {
        match self {
            Self::Phrases | Self::Both => true,
            Self::Model => false,
        }
    }
}
