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

/// Circuits that are remembered. Past it the one with the oldest fault is forgotten.
const MOST_CIRCUITS: usize = 64;

/// The breaker. Without a fault it lets every call pass.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// One that is missing is closed.
    circuits: BTreeMap<Scope, Circuit>,
    /// Faults so far.
    faults: u64,
}

/// What a session asks of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelVoice<'a> {
    /// The Realtime model.
    pub model: &'a str,
    /// The voice. Each business chooses its own, and may have the only one that is refused.
    pub voice: &'a str,
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

/// What a fault is about: sessions within it fail too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Account,
    Model(String),
    /// A voice of a model. Models have different voices.
    Voice(String, String),
}

/// A circuit as introspection shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitView {
    /// The model. `None`: every model.
    pub model: Option<String>,
    /// The voice. `None`: every voice.
    pub voice: Option<String>,
    /// `open`, or `half_open` when a call may try or tries.
    pub state: String,
    /// [`FatalCause::as_str`].
    pub cause: String,
    /// Milliseconds until a call may try. 0 when one may.
    pub next_try_in_ms: u64,
}

impl Scope {
    /// `None`: the fault is about its call alone.
    fn of(cause: FatalCause, used: ModelVoice<'_>) -> Option<Self> {
        match cause {
            FatalCause::BadKey | FatalCause::Quota | FatalCause::AccountClosed => {
                Some(Self::Account)
            }
            FatalCause::BadModel => Some(Self::Model(used.model.to_owned())),
            FatalCause::BadVoice => Some(Self::Voice(used.model.to_owned(), used.voice.to_owned())),
            FatalCause::BetaShape | FatalCause::Refused => None,
        }
    }

    fn holds(&self, used: ModelVoice<'_>) -> bool {
        match self {
            Self::Account => true,
            Self::Model(model) => model == used.model,
            Self::Voice(model, voice) => model == used.model && voice == used.voice,
        }
    }
}

impl Circuit {
    /// Whether a call may try that is not yet known by its id.
    fn admits_another(&self, now: Instant) -> bool {
        now >= self.until && self.trial.as_ref().is_none_or(|(_, until)| now >= *until)
    }

    /// Whether this call may try.
    fn admits(&self, call: &CallSid, now: Instant) -> bool {
        self.admits_another(now) || now >= self.until && self.is_tried_by(call)
    }

    fn is_tried_by(&self, call: &CallSid) -> bool {
        self.trial.as_ref().is_some_and(|(by, _)| by == call)
    }
}

impl Breaker {
    /// Whether a new call may open a session. If not: why.
    ///
    /// # Errors
    /// The fault that opened the circuit.
    pub fn admit(
        &mut self,
        call: &CallSid,
        used: ModelVoice<'_>,
        now: Instant,
    ) -> Result<(), FatalCause> {
        let mut held = self.circuits.iter().filter(|(scope, _)| scope.holds(used));
        if let Some((_, open)) = held.find(|(_, circuit)| !circuit.admits(call, now)) {
            return Err(open.cause);
        }
        for (_, circuit) in self.circuits.iter_mut().filter(|(scope, _)| scope.holds(used)) {
            circuit.trial = Some((call.clone(), now + TRIAL_PATIENCE));
        }
        Ok(())
    }

    /// Whether a call that is placed now could open a session. Unlike [`admit`](Self::admit) this takes
    /// no call's turn to try: it is the placed call's own, once it is answered.
    ///
    /// # Errors
    /// The fault that opened the circuit.
    pub fn would_admit(&self, used: ModelVoice<'_>, now: Instant) -> Result<(), FatalCause> {
        let mut held = self.circuits.iter().filter(|(scope, _)| scope.holds(used));
        held.find(|(_, circuit)| !circuit.admits_another(now))
            .map_or(Ok(()), |(_, open)| Err(open.cause))
    }

    /// A session failed for good.
    pub fn failed(&mut self, cause: FatalCause, used: ModelVoice<'_>, now: Instant) {
        self.faults += 1;
        let Some(scope) = Scope::of(cause, used) else { return };
        self.circuits.insert(scope, Circuit { cause, until: now + OPEN_FOR, trial: None });
        // The account's circuit turns every call away: it is never forgotten.
        let others = self.circuits.iter().filter(|(scope, _)| **scope != Scope::Account);
        if self.circuits.len() > MOST_CIRCUITS
            && let Some((oldest, _)) = others.min_by_key(|(_, circuit)| circuit.until)
        {
            let oldest = oldest.clone();
            self.circuits.remove(&oldest);
        }
    }

    /// A response was spoken to this call. If it is the one that tries, its circuits are closed.
    pub fn spoke(&mut self, call: &CallSid, used: ModelVoice<'_>) {
        self.circuits.retain(|scope, circuit| !scope.holds(used) || !circuit.is_tried_by(call));
    }

    /// Why no call could be answered now. `None` if one could, with some model and voice.
    #[must_use]
    pub fn broken(&self) -> Option<FatalCause> {
        self.circuits.get(&Scope::Account).map(|circuit| circuit.cause)
    }

    /// Faults that no retry mends, so far.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// The circuits that are not closed.
    #[must_use]
    pub fn view(&self, now: Instant) -> Vec<CircuitView> {
        let view = |(scope, circuit): (&Scope, &Circuit)| {
            let (model, voice) = match scope {
                Scope::Account => (None, None),
                Scope::Model(model) => (Some(model.clone()), None),
                Scope::Voice(model, voice) => (Some(model.clone()), Some(voice.clone())),
            };
            let left = circuit.until.saturating_duration_since(now);
            CircuitView {
                model,
                voice,
                state: if left.is_zero() { "half_open" } else { "open" }.to_owned(),
                cause: circuit.cause.as_str().to_owned(),
                next_try_in_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            }
        };
        self.circuits.iter().map(view).collect()
    }
}

#[cfg(test)]
mod tests;
