//! The audio of a call, which passes no mailbox: the caller's frames to OpenAI, the agent's audio
//! to Twilio, and the caller's loudness while the agent speaks.

pub mod downlink;
pub(crate) mod loudness;
pub mod uplink;
