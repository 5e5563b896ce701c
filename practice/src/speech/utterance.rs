//! One spoken text as audio.

use std::time::Duration;

use bytes::Bytes;

use super::frame::{FRAME_BYTES, duration_of};

/// Audio in whole frames, with its words inside.
///
/// Speaking the same text again makes another utterance with another [`id`](Self::id).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    id: u32,
    text: String,
    ulaw: Bytes,
}

impl Utterance {
    pub(super) fn new(id: u32, text: &str, ulaw: Bytes) -> Self {
        Self { id, text: text.to_owned(), ulaw }
    }

    /// The number that every frame of the utterance carries.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// µ-law at 8 kHz. The length is a multiple of [`FRAME_BYTES`].
    #[must_use]
    pub fn ulaw(&self) -> &Bytes {
        &self.ulaw
    }

    pub fn frames(&self) -> impl ExactSizeIterator<Item = Bytes> + '_ {
        (0..self.ulaw.len() / FRAME_BYTES)
            .map(|n| self.ulaw.slice(n * FRAME_BYTES..(n + 1) * FRAME_BYTES))
    }

    #[must_use]
    pub fn duration(&self) -> Duration {
        duration_of(self.ulaw.len() as u64)
    }
}
