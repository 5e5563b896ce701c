//! The circuit breaker of the model's provider, shared by all calls (PIPE-10). Some faults no
//! retry mends, and they meet every call: a wrong key, no quota, an unknown model or voice. After
//! one of them new calls are apologised to at once, until one of them may try again.
//!
//! A state machine without a clock. `actors::provider` holds it for the daemon.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::ids::CallSid;
use crate::openai::fault::FatalCause;

/// How long after a fault no call tries.
pub const OPEN_FOR: Duration = Duration::from_secs(30);

/// How long the one call that tries may take to find out. Then another may.
const TRIAL_PATIENCE: Duration = Duration::from_secs(30);

/// Models whose circuits are remembered. Past it the oldest fault is forgotten.
const MOST_MODELS: usize = 64;

/// The breaker. Without a fault it lets every call pass.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// For the whole account. `None`: closed.
    account: Option<Circuit>,
    /// By model. One that is missing is closed.
    models: BTreeMap<String, Circuit>,
    /// Faults so far.
    faults: u64,
}

/// A circuit that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Circuit {
    cause: FatalCause,
    /// Until then no call tries.
    until: Instant,
    /// The one call that tries after that, and when another may.
    trial: Option<(CallSid, Instant)>,
}

/// What a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Account,
    Model,
    /// The call alone.
    Call,
}

/// A circuit as introspection shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitView {
    /// The model. `None`: every model.
    pub model: Option<String>,
    /// `open`, or `half_open` when a call may try or tries.
    pub state: String,
    /// [`FatalCause::as_str`].
    pub cause: String,
    /// Milliseconds until a call may try. 0 when one may.
    pub opens_for_ms: u64,
}

impl Scope {
    fn of(cause: FatalCause) -> Self {
        match cause {
            FatalCause::BadKey | FatalCause::Quota | FatalCause::AccountClosed => Self::Account,
            FatalCause::BadModel | FatalCause::BadVoice => Self::Model,
            FatalCause::BetaShape | FatalCause::Refused => Self::Call,
        }
    }
}

impl Circuit {
    /// Whether this call may try.
    fn admits(&self, call: &CallSid, now: Instant) -> bool {
        let taken = self.trial.as_ref().is_some_and(|(by, until)| by != call && now < *until);
        now >= self.until && !taken
    }

    fn is_tried_by(&self, call: &CallSid) -> bool {
        self.trial.as_ref().is_some_and(|(by, _)| by == call)
    }
}

impl Breaker {
    /// Whether a new call may open a session with this model. If not: why.
    ///
    /// # Errors
    /// The fault that opened the circuit.
    pub fn admit(&mut self, call: &CallSid, model: &str, now: Instant) -> Result<(), FatalCause> {
        let mut circuits = self.account.iter().chain(self.models.get(model));
        if let Some(open) = circuits.find(|circuit| !circuit.admits(call, now)) {
            return Err(open.cause);
        }
        for circuit in self.account.iter_mut().chain(self.models.get_mut(model)) {
            circuit.trial = Some((call.clone(), now + TRIAL_PATIENCE));
        }
        Ok(())
    }

    /// A session failed for good.
    pub fn failed(&mut self, cause: FatalCause, model: &str, now: Instant) {
        self.faults += 1;
        let circuit = Circuit { cause, until: now + OPEN_FOR, trial: None };
        match Scope::of(cause) {
            Scope::Account => self.account = Some(circuit),
            Scope::Model => {
                self.models.insert(model.to_owned(), circuit);
                if self.models.len() > MOST_MODELS
                    && let Some((oldest, _)) = self.models.iter().min_by_key(|(_, of)| of.until)
                {
                    let oldest = oldest.clone();
                    self.models.remove(&oldest);
                }
            }
            Scope::Call => {}
        }
    }

    /// A response was spoken to this call. If it is the one that tries, its circuits are closed.
    pub fn spoke(&mut self, call: &CallSid, model: &str) {
        self.account.take_if(|circuit| circuit.is_tried_by(call));
        if self.models.get(model).is_some_and(|circuit| circuit.is_tried_by(call)) {
            self.models.remove(model);
        }
    }

    /// Why no call could be answered now. `None` if one could, with some model.
    #[must_use]
    pub fn broken(&self) -> Option<FatalCause> {
        self.account.as_ref().map(|circuit| circuit.cause)
    }

    /// Faults that no retry mends, so far.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// The circuits that are not closed.
    #[must_use]
    pub fn view(&self, now: Instant) -> Vec<CircuitView> {
        let account = self.account.iter().map(|circuit| (None, circuit));
        let models = self.models.iter().map(|(model, circuit)| (Some(model.clone()), circuit));
        let all = account.chain(models);
        all.map(|(model, circuit)| {
            let left = circuit.until.saturating_duration_since(now);
            CircuitView {
                model,
                state: if left.is_zero() { "half_open" } else { "open" }.to_owned(),
                cause: circuit.cause.as_str().to_owned(),
                opens_for_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests;
