//! The two sinks of a call's audio, past every mailbox: the caller's frames up to OpenAI, the agent's
//! audio down to Twilio, and the caller's loudness while the agent can be heard.

pub mod downlink;
pub mod loudness;
pub mod uplink;
