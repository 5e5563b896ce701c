//! The circuit breaker of the model's provider, shared by all calls and messages (PIPE-10). Some faults no
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

/// How long the one who tries may take to find out. Then another may.
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

/// What is asked of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelVoice<'a> {
    /// The model.
    pub model: &'a str,
    /// The voice; empty for a text model. Each business chooses its own, and may have the only one that
    /// is refused.
    pub voice: &'a str,
}

impl<'a> ModelVoice<'a> {
    /// A text model.
    #[must_use]
    pub fn text(model: &'a str) -> Self {
        Self { model, voice: "" }
    }
}

/// A circuit that is not closed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Circuit {
    cause: FatalCause,
    /// Until then no call tries.
    until: Instant,
    /// The one who tries after that, and when another may.
    trial: Option<(Asker, Instant)>,
}

/// Who asks the provider for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// A call, for a session.
    Call(CallSid),
    /// The text model's client, for an answer. The number is the question's.
    Text(u64),
}

impl From<&CallSid> for Asker {
    fn from(call: &CallSid) -> Self {
        Self::Call(call.clone())
    }
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
    /// Whether anybody may try.
    fn admits_another(&self, now: Instant) -> bool {
        now >= self.until && self.trial.as_ref().is_none_or(|(_, until)| now >= *until)
    }

    /// Whether this one may try.
    fn admits(&self, asker: &Asker, now: Instant) -> bool {
        self.admits_another(now) || now >= self.until && self.is_tried_by(asker)
    }

    fn is_tried_by(&self, asker: &Asker) -> bool {
        self.trial.as_ref().is_some_and(|(by, _)| by == asker)
    }
}

impl Breaker {
    /// Whether a new call may open a session, or a question be asked. If not: why.
    ///
    /// # Errors
    /// The fault that opened the circuit.
    pub fn admit(
        &mut self,
        asker: &Asker,
        used: ModelVoice<'_>,
        now: Instant,
    ) -> Result<(), FatalCause> {
        let mut held = self.circuits.iter().filter(|(scope, _)| scope.holds(used));
        if let Some((_, open)) = held.find(|(_, circuit)| !circuit.admits(asker, now)) {
            return Err(open.cause);
        }
        for (_, circuit) in self.circuits.iter_mut().filter(|(scope, _)| scope.holds(used)) {
            circuit.trial = Some((asker.clone(), now + TRIAL_PATIENCE));
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

    /// A session or a question failed for good.
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

    /// The model has answered. If this is the one who tries, its circuits are closed.
    pub fn answered(&mut self, asker: &Asker, used: ModelVoice<'_>) {
        self.circuits.retain(|scope, circuit| !scope.holds(used) || !circuit.is_tried_by(asker));
    }

    /// The one who tried found nothing out: the model did not answer, for a cause that may pass. Another
    /// may try at once.
    pub fn found_nothing(&mut self, asker: &Asker) {
        for circuit in self.circuits.values_mut().filter(|circuit| circuit.is_tried_by(asker)) {
            circuit.trial = None;
        }
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
