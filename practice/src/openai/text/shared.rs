//! The options of a text model, and what its tasks share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::faults::TextFault;
use super::record::TextLog;
use crate::openai::brain::Brain;
use crate::openai::wire::Ids;

#[derive(Debug, Clone)]
pub struct TextOptions {
    pub brain: Brain,
    /// The time that an answer takes.
    pub answers_after: Duration,
    /// The valid key. `None` accepts any key, but there must be one.
    pub key: Option<String>,
    /// The models that there are. `None`: any.
    pub models: Option<Vec<String>>,
    /// Ids are drawn from it.
    pub seed: u64,
}

impl Default for TextOptions {
    /// A receptionist who answers after 600 ms. Any key and any model is valid.
    fn default() -> Self {
        Self {
            brain: Brain::default(),
            answers_after: Duration::from_millis(600),
            key: None,
            models: None,
            seed: 0,
        }
    }
}

/// What the server's tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: TextOptions,
    pub(super) log: TextLog,
    pub(super) ids: Mutex<Ids>,
    /// Of the next requests, in order.
    pub(super) faults: Mutex<VecDeque<TextFault>>,
    /// Of every request after those.
    pub(super) always: Mutex<TextFault>,
}

impl Shared {
    pub(super) fn next_fault(&self) -> TextFault {
        let next = locked(&self.faults).pop_front();
        next.unwrap_or_else(|| locked(&self.always).clone())
    }
}

/// Whoever held it left nothing half changed.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
