//! The call's audio: G.711 µ-law at 8 kHz in base64, the same at Twilio (`audio/x-mulaw`) and at
//! OpenAI (`audio/pcmu`), so that it passes through as it came and is decoded only to be measured.

pub mod g711;
pub mod inbound_queue;
pub mod payload;
pub mod retained;

/// Bytes of µ-law audio in one millisecond: 8,000 samples a second, one byte each.
pub const BYTES_PER_MS: u32 = 8;

/// The length of one Twilio frame in milliseconds. Observed everywhere, promised nowhere: what
/// comes may have any length; what the daemon makes has this one.
pub const FRAME_MS: u32 = 20;

/// Bytes of µ-law audio in one frame of [`FRAME_MS`].
pub const FRAME_BYTES: usize = (BYTES_PER_MS * FRAME_MS) as usize;
