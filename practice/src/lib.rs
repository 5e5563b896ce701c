#![doc = include_str!("../README.md")]

mod chance;
mod clock;
pub mod fields;
mod http_client;
pub mod openai;
pub mod person;
pub mod speech;
pub mod trace;
pub mod transport;
pub mod twilio;
pub mod wav;
