//! What the calls of a daemon learn from each other of OpenAI's transcription models.

use std::sync::{Mutex, PoisonError};

/// The transcription model that OpenAI accepted last, over all calls of the daemon.
#[derive(Debug, Default)]
pub struct WorkingTranscription(Mutex<Option<String>>);

impl WorkingTranscription {
    pub(crate) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, model: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() != Some(model) {
            *known = Some(model.to_owned());
        }
    }
}
