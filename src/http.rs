//! The daemon's two listeners: one for Twilio, one for the operator. warp's filters in an accept loop
//! of our own, which sets TCP_NODELAY, bounds the wait for headers, and can be drained.

pub mod admin;
mod api;
mod health;
mod listener;
mod media;
mod placing;
mod request;
mod status;
pub mod twilio;
mod voice;

pub use listener::{ListenError, Listener};
pub use request::Request;
