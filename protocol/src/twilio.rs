//! What Twilio says and is told: media stream messages, webhook forms, TwiML, signatures, REST
//! answers. Its words stay in here and in the actor that holds the media socket.

pub mod forms;
mod mac;
pub mod rest;
pub mod signature;
pub mod stream;
pub mod token;
pub mod twiml;
