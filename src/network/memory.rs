//! A network in memory, in tokio's time. Addresses are ordinary socket addresses, so URLs stay as
//! they are. Its faults are set per listener's address ([`MemoryNetwork::route`]) while it runs.
//!
//! It decides nothing by chance, and spawns nothing.

mod acceptor;
mod dialer;
mod registry;
mod route;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod wire;

pub use acceptor::MemoryAcceptor;
pub use dialer::MemoryDialer;
pub use route::{Connection, Route};
pub use state::{Dials, MemoryNetwork};
pub use wire::{Conditions, Flow};
