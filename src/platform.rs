//! What the daemon takes from its surroundings. The simulation brings its own.

use actors::chance::Chance;
use actors::clock::Clock;

use crate::database::DatabaseMode;

/// The clock and the chance that the daemon, and in a simulation the practice world, run by.
#[derive(Debug, Clone)]
pub struct Platform {
    pub clock: Clock,
    pub chance: Chance,
    /// The faults of a simulated one: `App::services().database.faults()`.
    pub database: DatabaseMode,
}

impl Platform {
    /// The machine's.
    #[must_use]
    pub fn live() -> Self {
        Self { clock: Clock::start(), chance: Chance::from_system(), database: DatabaseMode::Live }
    }

    /// The same clock, and chance of its own for this part of the whole.
    #[must_use]
    pub fn split(&self, part: &str) -> Self {
        Self { chance: Chance::seeded(self.chance.seed_for(part)), ..self.clone() }
    }
}
