//! The daemon's HTTP listeners: one for Twilio, one for the operator, and one for the web console.
//!
//! Requests are read by warp's filters in an accept loop of our own. It limits the time a
//! client may take to send its headers, and can be drained.

pub mod admin;
mod api;
pub mod console;
mod health;
mod listener;
mod readiness;
mod request;
mod response;
pub(crate) mod shown;
pub mod twilio;
mod upgrade;

pub use listener::{ListenError, Listener};
pub use readiness::Readiness;
pub use request::Request;
