//! Twilio's wire formats: media stream messages, webhook forms, TwiML, signatures, REST answers.
//! Nothing here does I/O.

pub mod forms;
mod mac;
pub mod rest;
pub mod signature;
pub mod stream;
pub mod token;
pub mod twiml;
