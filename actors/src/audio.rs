//! The audio of a call, which passes no mailbox: the caller's frames to OpenAI, the agent's audio
//! to Twilio, and the caller's loudness while the agent speaks.

pub mod downlink;
pub(crate) mod loudness;
pub mod uplink;

/// µ-law bytes in a millisecond.
pub(crate) const BYTES_PER_MS: usize = protocol::audio::BYTES_PER_MS as usize;

/// Whole milliseconds of so many µ-law bytes.
pub(crate) fn millis(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES_PER_MS).unwrap_or(u32::MAX)
}
