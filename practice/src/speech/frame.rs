//! The unit of telephone audio: 20 ms of µ-law at 8 kHz.

use std::time::Duration;

/// Samples per second. A µ-law sample is one byte.
pub const SAMPLE_RATE: u32 = 8000;

/// Bytes of one frame: 20 ms of µ-law, as Twilio sends it.
pub const FRAME_BYTES: usize = 160;

/// One frame of digital silence. It carries no words.
pub const SILENCE: [u8; FRAME_BYTES] = [0xFF; FRAME_BYTES];

/// The playing time of this many samples.
#[must_use]
pub fn duration_of(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE))
}
