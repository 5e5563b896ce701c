//! The call's audio: G.711 µ-law at 8 kHz in base64. Twilio (`audio/x-mulaw`) and OpenAI
//! (`audio/pcmu`) share the format, so audio passes through as it came. It is decoded only to
//! measure its loudness.

pub mod g711;
pub mod inbound_queue;
pub mod payload;
pub mod retained;

/// Bytes of µ-law audio per millisecond: 8,000 samples a second, one byte each.
pub const BYTES_PER_MS: u32 = 8;

/// Milliseconds of audio in a frame that the daemon makes. Twilio's frames are as long, but Twilio
/// does not promise it: received frames may have any length.
pub const FRAME_MS: u32 = 20;

/// Bytes of µ-law audio in a frame of [`FRAME_MS`].
pub const FRAME_BYTES: usize = (BYTES_PER_MS * FRAME_MS) as usize;
