//! What the daemon takes from its surroundings. The simulation brings its own.

use actors::clock::Clock;

/// The clock that the daemon, and in a simulation the practice world, run by.
#[derive(Debug, Clone)]
pub struct Platform {
    pub clock: Clock,
}

impl Platform {
    /// The machine's.
    #[must_use]
    pub fn live() -> Self {
        Self { clock: Clock::start() }
    }
}
