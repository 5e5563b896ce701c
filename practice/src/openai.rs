//! A simulated OpenAI Realtime server, as strict as the real one.
//!
//! [`Server`] takes connections over real sockets or in memory; every session is a state machine
//! without I/O, a [`Brain`] decides what the model says, and [`Behaviour`] and [`Faults`] let it
//! go slow or wrong. What clients did is in the [`Log`]. Wire facts: reference, §10.

mod behaviour;
mod brain;
mod conversation;
mod events;
mod hearing;
mod plan;
mod record;
mod schema;
mod server;
mod session;
mod settings;
mod wire;

pub use behaviour::{Behaviour, Refusal, ResponseFault, Transcription};
pub use brain::{
    Brain, Line, Lines, Prompt, Rule, Script, ToolCall, Topic, Turn as BrainTurn, language_of,
};
pub use record::{Delta, Log, Record, SeenEvent, Turn, Violation};
pub use server::{Faults, Frame, MemoryLink, Options, Server};
pub use session::Handshake;
