//! How a call ends, and what must be known before it may.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;
use super::phrases;

/// The settings of a call's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ending {
    /// Who finds out that a call is over.
    pub decider: Decider,
    /// Whether a goodbye phrase ends the call; for `phrases` and `both`.
    pub auto_end_on_goodbye: bool,
    /// Whether the last missing field ends the call; for `phrases` and `both`.
    pub auto_end_after_lead_capture: bool,
    /// What must be known of a caller before a lead is complete.
    pub required_lead_fields: Vec<String>,
    /// The last words of a call; the language's default where there are none.
    pub closing_text: Option<String>,
    /// The answer to a "no thanks" that ends a call.
    pub decline_text: Option<String>,
    /// The last words once everything required is known.
    pub lead_complete_text: Option<String>,
    /// The last words to a caller who is silent.
    pub no_response_text: Option<String>,
    /// From the end of the last line, as played, to the hang-up.
    #[serde(with = "duration_text")]
    pub hangup_delay: Duration,
    /// How long a response waits for its turn's transcript.
    #[serde(with = "duration_text")]
    pub phrase_wait: Duration,
    /// The longest a call may last.
    #[serde(with = "duration_text")]
    pub max_duration: Duration,
    /// What counts as a goodbye; replaces [`phrases::GOODBYE`].
    pub goodbye_phrases: Option<Vec<String>>,
    /// What counts as "no thanks"; replaces [`phrases::DECLINE`].
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

/// Who finds out that a call is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The model, by its tool; the daemon checks it.
    #[default]
    Model,
    /// The caller's words, and the last missing field.
    Phrases,
    /// Either.
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
