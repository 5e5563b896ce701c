//! Speech whose words travel inside the audio: a [`Voice`] encodes them, a [`SpeechDecoder`] reads
//! them back.
//!
//! The low bit of every µ-law sample carries the text, a frame number and a checksum. The decoder
//! therefore detects a frame that was lost, doubled, swapped or altered on the way. It treats any
//! other audio as silence.

mod built_in;
mod decoded;
mod decoder;
mod espeak;
mod frame;
mod mark;
pub(crate) mod mulaw;
#[cfg(test)]
mod tests;
mod utterance;
mod voice;

pub use decoded::{Decoded, Fault, PartialUtterance};
pub use decoder::SpeechDecoder;
pub use frame::{FRAME_BYTES, SAMPLE_RATE, SILENCE, duration_of};
pub use mulaw::rms;
pub use utterance::Utterance;
pub use voice::{LONGEST_TEXT, Voice};
