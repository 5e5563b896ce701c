//! Chaos by seed: callers, model, network, Twilio and database misbehave as a seed says, actors are
//! killed at any event, and the invariants of ARCHITECTURE.md are checked from outside.
//!
//! Several daemons can share the database: they are killed, cut off from it, and drained.
//!
//! A seed gives a [`Story`]. [`play_seed`] plays it in virtual time. The first broken invariant ends it.

mod draw;
mod ended;
mod error;
#[cfg(test)]
mod every_ending;
mod invariants;
#[cfg(test)]
mod node_stories;
mod observer;
mod operator;
mod plant;
#[cfg(all(test, feature = "mistakes"))]
mod planted_mistakes;
mod play;
mod played;
mod processes;
mod proxy;
mod report;
mod shrink;
mod stage;
mod story;
#[cfg(test)]
mod telephone_stories;

pub use ended::Endings;
pub use error::ChaosError;
pub use invariants::{Broken, Invariant};
pub use plant::Plant;
pub use play::{Replay, SeedRun, play_seed};
pub use played::Played;
pub use processes::play_processes;
pub use report::Tally;
pub use story::{LeaveOut, NotAPart, Story};
