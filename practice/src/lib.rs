//! The practice world: a caller, a telephone network and a model that need no account.
//!
//! It speaks the providers' protocols over real sockets and writes its own JSON, sharing only
//! identifiers with `protocol`: a shared codec would hide its own faults.

pub mod openai;
pub mod speech;
pub mod twilio;
pub mod wav;
