//! A WebSocket with as little code as possible, for both sides of the load and for the relay: text
//! messages in one frame, over buffers that are kept. It is neither the daemon's nor practice's, so that
//! neither can hide a fault of its own.

pub(super) mod handshake;
pub(super) mod reader;
pub(super) mod writer;
