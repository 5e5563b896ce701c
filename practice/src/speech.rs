//! Speech of the practice world: a [`Voice`] that speaks and an [`Ear`] that understands it.
//!
//! What is said travels in the audio alone: the low bit of every µ-law sample carries the words,
//! frame numbers and a checksum, so whoever loses, doubles, swaps or alters a frame on the way is
//! found out. Other audio is heard as silence.

mod built_in;
mod ear;
mod espeak;
mod mark;
pub(crate) mod mulaw;
#[cfg(test)]
mod tests;
mod voice;

use std::time::Duration;

use bytes::Bytes;

pub use ear::{Ear, Fault, Heard, Partial};
pub use mulaw::rms;
pub use voice::{LONGEST_TEXT, Voice};

/// Samples, and bytes of µ-law, in a second.
pub const SAMPLE_RATE: u32 = 8000;

/// Bytes of one frame: 20 ms of µ-law, as Twilio cuts it.
pub const FRAME_BYTES: usize = 160;

/// One frame of digital silence: it carries no words.
pub const SILENCE: [u8; FRAME_BYTES] = [0xFF; FRAME_BYTES];

/// Something said once: audio in whole frames with its words inside.
///
/// Saying the same text again is another utterance, told apart by `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    id: u32,
    text: String,
    ulaw: Bytes,
}

impl Utterance {
    /// The number that stands in each of its frames.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What is said.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All of it as µ-law at 8 kHz, a multiple of [`FRAME_BYTES`] long.
    #[must_use]
    pub fn ulaw(&self) -> &Bytes {
        &self.ulaw
    }

    /// Its frames of [`FRAME_BYTES`] in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Bytes> + '_ {
        (0..self.ulaw.len() / FRAME_BYTES)
            .map(|n| self.ulaw.slice(n * FRAME_BYTES..(n + 1) * FRAME_BYTES))
    }

    /// How long it takes to say.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration_of(self.ulaw.len() as u64)
    }
}

/// The playing time of so many samples.
#[must_use]
pub fn duration_of(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE))
}
