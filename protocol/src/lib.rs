//! What is said on the wires, and what a call does about it.
//!
//! Pure: events and `now` go in, commands and the next deadline come out. No clock, no chance, no
//! async; the shells that perform the commands live in `actors`.

#![warn(missing_docs)]

pub mod audio;
pub mod barge_in;
pub mod business;
pub mod calendar;
pub mod call;
pub mod ids;
pub mod openai;
pub mod phone;
pub mod phrases;
pub mod playback;
pub mod prompt;
pub mod response_gate;
pub mod tools;
pub mod twilio;
