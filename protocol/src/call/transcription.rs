//! Whether the caller's turns are transcribed, and what changes if they can't be (CALL-4).

use serde::{Deserialize, Serialize};

use super::conversation::Body;
use super::{Call, Now};
use crate::business::Decider;

/// Told to the model if phrases were to decide, which it knows from its prompt.
const DECIDE_YOURSELF: &str = "What the caller says is not transcribed in this call, so the call does \
    not end by itself. When the conversation is over, say goodbye and end it with call_control.";

/// The transcription in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TurnTranscription {
    /// By the model of the settings.
    #[default]
    AsSet,
    /// By another model, because that one was refused.
    Instead(String),
    /// No model was accepted.
    None,
}

impl Call {
    /// The model that transcribes the caller's turns. `None`: they are not transcribed.
    #[must_use]
    pub fn transcription_model(&self) -> Option<&str> {
        match &self.transcription {
            TurnTranscription::AsSet => Some(&self.setup.settings.agent.transcription_model),
            TurnTranscription::Instead(model) => Some(model),
            TurnTranscription::None => None,
        }
    }

    /// Who decides that the call is over. Phrases can't without transcripts.
    pub(super) fn decider(&self) -> Decider {
        match self.transcription {
            TurnTranscription::AsSet | TurnTranscription::Instead(_) => {
                self.setup.settings.ending.decider
            }
            TurnTranscription::None => Decider::Model,
        }
    }

    pub(super) fn on_transcription_refused(&mut self, instead: Option<String>, now: Now) {
        let chosen = instead.map_or(TurnTranscription::None, TurnTranscription::Instead);
        if self.transcription == chosen {
            return;
        }
        self.transcription = chosen;
        let phrases_alone = self.setup.settings.ending.decider == Decider::Phrases;
        if self.transcription == TurnTranscription::None && phrases_alone {
            self.add_entry(Body::System(DECIDE_YOURSELF.to_owned()), now);
        }
    }
}
