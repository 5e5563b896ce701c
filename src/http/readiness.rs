//! Whether the daemon takes new calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that the daemon clears when it is told to stop. Clones share it.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// Whether new calls are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes no new calls from now on.
    pub(crate) fn start_draining(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
