//! The wire formats of Twilio and OpenAI, and the state machines that decide what a call does.
//!
//! Everything is pure: events and the time go in, commands and the next deadline come out. There is no
//! clock, no randomness, no I/O and no `async`. The crate `actors` performs the commands.

#![warn(missing_docs)]

pub mod audio;
pub mod barge_in;
pub mod breaker;
pub mod business;
pub mod calendar;
pub mod call;
pub mod caller_speech;
pub mod ids;
mod json;
mod mistake;
pub mod openai;
pub mod person_key;
pub mod phone;
pub mod phrases;
pub mod playback;
pub mod prompt;
pub mod response_gate;
pub mod text;
pub mod texting;
pub mod tools;
pub mod twilio;
pub mod webhooks;
