//! What the daemon takes from its surroundings. The simulation brings its own.

use actors::chance::Chance;
use actors::clock::Clock;
use actors::cluster::LocalHub;
use entities::Database;
#[cfg(feature = "practice")]
use jiff::Timestamp;

use crate::database::DatabaseMode;
use crate::network::Network;
#[cfg(feature = "practice")]
use crate::network::memory::MemoryNetwork;

/// What the daemon, and in a simulation the practice world, run by.
#[derive(Debug, Clone)]
pub struct Platform {
    pub clock: Clock,
    pub chance: Chance,
    /// The faults of a simulated one: `App::services().database.faults()`.
    pub database: DatabaseMode,
    pub network: Network,
    /// Whether there is a disk for `server.state_dir`.
    pub has_disk: bool,
    /// What the daemons of one process share, if there are several on one database in memory.
    pub hub: Option<LocalHub>,
    /// That database, once the first of them has opened it.
    pub opened: Option<Database>,
}

impl Platform {
    /// The machine's.
    #[must_use]
    pub fn live() -> Self {
        let (clock, chance) = (Clock::start(), Chance::from_system());
        Self {
            clock,
            chance,
            database: DatabaseMode::Live,
            network: Network::Tcp,
            has_disk: true,
            hub: None,
            opened: None,
        }
    }

    /// The same clock and network, and chance of its own for this part of the whole.
    #[must_use]
    pub fn split(&self, part: &str) -> Self {
        Self { chance: Chance::seeded(self.chance.seed_for(part)), ..self.clone() }
    }

    /// A simulation's: connections are in memory, the clock shows `begins` now and follows tokio's.
    #[cfg(feature = "practice")]
    #[must_use]
    pub fn simulated(seed: u64, begins: Timestamp) -> Self {
        Self {
            clock: Clock::starting_at(begins),
            chance: Chance::seeded(seed),
            database: DatabaseMode::Simulated,
            network: Network::Memory(MemoryNetwork::default()),
            has_disk: false,
            hub: None,
            opened: None,
        }
    }
}
