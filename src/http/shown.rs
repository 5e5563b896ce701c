//! Rows as the API shows them, and the commands with `--json`.

mod appointment;
mod business;
mod call;
mod conversation;
mod lead;

pub(crate) use appointment::Appointment;
pub(crate) use business::Business;
pub(crate) use call::{Call, CallDetails, Stats};
pub(crate) use conversation::Conversation;
pub(crate) use lead::Lead;
