//! Whether OpenAI can answer new calls: the daemon's circuit breaker, which all calls and messages share. It
//! decides nothing itself; `protocol::breaker` does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::breaker::{Breaker, CircuitView, ModelVoice};
use protocol::business::BusinessSettings;
use protocol::ids::CallSid;
use protocol::openai::fault::FatalCause;
use serde::{Deserialize, Serialize};

/// The breaker. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SharedBreaker(Arc<Mutex<Breaker>>);

/// The provider as introspection shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderView {
    /// The circuits that are not closed.
    pub circuits: Vec<CircuitView>,
    /// Faults that no retry mends, since the daemon started.
    pub faults: u64,
}

impl SharedBreaker {
    /// Whether a new call of this business may open a session.
    ///
    /// # Errors
    /// Why not.
    pub fn admit(
        &self,
        call: &CallSid,
        business: &BusinessSettings,
        now: Instant,
    ) -> Result<(), FatalCause> {
        self.breaker().admit(&call.into(), used(business), now)
    }

    /// Whether a call that this business places now could open a session.
    ///
    /// # Errors
    /// Why not.
    pub fn would_admit(&self, business: &BusinessSettings, now: Instant) -> Result<(), FatalCause> {
        self.breaker().would_admit(used(business), now)
    }

    /// Why no call can be answered now, with any model and voice. `None` if one can.
    #[must_use]
    pub fn broken(&self) -> Option<FatalCause> {
        self.breaker().broken()
    }

    #[must_use]
    pub fn view(&self, now: Instant) -> ProviderView {
        let breaker = self.breaker();
        ProviderView { circuits: breaker.view(now), faults: breaker.faults() }
    }

    /// A session failed for good.
    pub(crate) fn failed(&self, cause: FatalCause, business: &BusinessSettings, now: Instant) {
        self.breaker().failed(cause, used(business), now);
    }

    /// A response was spoken to a call.
    pub(crate) fn spoke(&self, call: &CallSid, business: &BusinessSettings) {
        self.breaker().answered(&call.into(), used(business));
    }

    /// The breaker itself. Nothing waits for it while it is held.
    pub(crate) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn used(business: &BusinessSettings) -> ModelVoice<'_> {
    ModelVoice { model: &business.agent.model, voice: &business.agent.voice }
}
