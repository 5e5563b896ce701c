//! A simulated OpenAI: a Realtime server, and a text model ([`TextServer`]), both as strict as the real
//! ones.
//!
//! [`Server`] takes connections over sockets or in memory. Each session is a state machine without
//! I/O. A [`Brain`] decides what the model says. [`Behaviour`] and [`Faults`] slow the server down or
//! break it. The [`Log`] records what clients did.

mod behaviour;
mod brain;
mod conversation;
mod events;
mod input_buffer;
mod record;
mod schema;
mod server;
mod session;
mod settings;
mod text;
mod timeline;
mod wire;

pub use behaviour::{
    ArgumentsFault, Behaviour, ConnectRefusal, LinkFault, ResponseFault, SpeechFault, Transcription,
};
pub use brain::{
    Brain, Line, Lines, Prompt, Rule, Script, ToolCall, Topic, Turn as BrainTurn, language_of,
};
pub use record::{Delta, Life, Log, Record, SeenEvent, Turn, Violation};
pub use server::{Faults, Frame, MemoryLink, Options, Server};
pub use session::Handshake;
pub use text::{
    TextFault, TextFaults, TextLog, TextOptions, TextRecord, TextServer, TextTurn, TextViolation,
};
