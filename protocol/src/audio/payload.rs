//! A piece of audio: base64 text that was checked once and is passed on unchanged.

use std::fmt;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::Simd;
use base64::engine::general_purpose::GeneralPurposeConfig;
use bytes::Bytes;
use thiserror::Error;

use super::{BYTES_PER_MS, FRAME_BYTES};

/// Text that is not base64. The error does not show it, because it may be someone's voice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotBase64 {
    /// The length in characters is no multiple of four.
    #[error("{0} characters are no whole number of base64 groups")]
    Length(usize),
    /// At this byte stands a character outside the alphabet, or padding that is not at the end.
    #[error("no base64 character at {0}")]
    Character(usize),
}

/// G.711 µ-law audio in base64: standard alphabet, padded. It can be written into a JSON string
/// without escapes. Clones and pieces share the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Bytes);

impl Payload {
    /// Takes `part`. If it lies inside `whole`, the message it was parsed from, it shares the
    /// memory; otherwise (the JSON string had escapes) it is copied.
    ///
    /// # Errors
    /// [`NotBase64`] if `part` is not base64.
    pub fn from_part(whole: &Bytes, part: &str) -> Result<Self, NotBase64> {
        check(part.as_bytes())?;
        let shared = whole.as_ptr_range();
        let taken = part.as_bytes().as_ptr_range();
        let inside = shared.start <= taken.start && taken.end <= shared.end;
        Ok(Self(if inside {
            whole.slice_ref(part.as_bytes())
        } else {
            Bytes::copy_from_slice(part.as_bytes())
        }))
    }

    /// Takes `text` without copying it.
    ///
    /// # Errors
    /// [`NotBase64`] if `text` is not base64.
    pub fn from_string(text: String) -> Result<Self, NotBase64> {
        check(text.as_bytes())?;
        Ok(Self(Bytes::from(text)))
    }

    /// Encodes µ-law bytes. Not for the hot path.
    #[must_use]
    pub fn encode(ulaw: &[u8]) -> Self {
        Self(Bytes::from(LENIENT.encode(ulaw)))
    }

    /// Silence of `frames` times 20 ms. A single frame is static and needs no memory.
    #[must_use]
    pub fn silence(frames: usize) -> Self {
        if frames == 1 {
            return Self(Bytes::from_static(&SILENT_FRAME));
        }
        let bytes = frames * FRAME_BYTES;
        let mut text = "/".repeat(bytes / 3 * 4);
        text.push_str(match bytes % 3 {
            0 => "",
            1 => "/w==",
            _ => "//8=",
        });
        Self(Bytes::from(text))
    }

    /// The same audio in memory of its own. It does not keep the message alive that brought it.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// The base64 text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII ever gets in, so the default is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Decodes the µ-law bytes. Not for the hot path.
    #[must_use]
    pub fn decode(&self) -> Vec<u8> {
        // What was checked can be decoded, so the default is never taken.
        LENIENT.decode(&self.0).unwrap_or_default()
    }

    /// The length in bytes of µ-law audio: 8 per millisecond.
    #[must_use]
    pub fn decoded_len(&self) -> usize {
        decoded_len(&self.0)
    }

    /// The length in milliseconds, rounded down.
    #[must_use]
    pub fn millis(&self) -> u32 {
        let millis = self.decoded_len() / BYTES_PER_MS as usize;
        u32::try_from(millis).unwrap_or(u32::MAX)
    }

    /// Whether there is no audio in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Cuts the audio into pieces of at most `max_bytes`, in order. Each but the last is a multiple
    /// of 480 bytes: whole frames of 20 ms and whole base64 groups, so nothing is encoded again. A
    /// limit below 480 counts as 480.
    #[must_use]
    pub fn pieces(&self, max_bytes: usize) -> Pieces {
        let max_bytes = max_bytes.max(CUT_BYTES);
        Pieces { rest: self.0.clone(), max_bytes }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.decoded_len())
    }
}

/// The pieces of a payload, in order. See [`Payload::pieces`].
#[derive(Debug, Clone)]
pub struct Pieces {
    rest: Bytes,
    max_bytes: usize,
}

impl Iterator for Pieces {
    type Item = Payload;

    fn next(&mut self) -> Option<Payload> {
        if self.rest.is_empty() {
            return None;
        }
        let chars = if decoded_len(&self.rest) <= self.max_bytes {
            self.rest.len()
        } else {
            self.max_bytes / CUT_BYTES * CUT_CHARS
        };
        Some(Payload(self.rest.split_to(chars)))
    }
}

/// The least common multiple of a frame (160 bytes) and a base64 group (3 bytes).
const CUT_BYTES: usize = 480;
const CUT_CHARS: usize = CUT_BYTES / 3 * 4;

/// 160 bytes of 0xFF, which is zero in µ-law.
static SILENT_FRAME: [u8; 216] = {
    let mut text = [b'/'; 216];
    text[213] = b'w';
    text[214] = b'=';
    text[215] = b'=';
    text
};

/// Ignores bits beyond the last byte, as most decoders do. `check` lets them pass too.
pub(super) static LENIENT: LazyLock<Simd> = LazyLock::new(|| {
    Simd::standard(GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true))
});

fn check(text: &[u8]) -> Result<(), NotBase64> {
    if !text.len().is_multiple_of(4) {
        return Err(NotBase64::Length(text.len()));
    }
    let body = &text[..text.len() - padding(text)];
    // A loop without an early exit is vectorised.
    if body.iter().fold(true, |all, byte| all & is_symbol(*byte)) {
        return Ok(());
    }
    let stranger = body.iter().position(|byte| !is_symbol(*byte));
    Err(NotBase64::Character(stranger.unwrap_or_default()))
}

fn is_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

fn padding(text: &[u8]) -> usize {
    text.iter().rev().take(2).take_while(|byte| **byte == b'=').count()
}

fn decoded_len(text: &[u8]) -> usize {
    text.len() / 4 * 3 - padding(text)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    fn counting(len: usize) -> Vec<u8> {
        (0..len).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    #[test]
    fn pipe_1_a_part_of_a_message_is_taken_without_a_copy() {
        let message = Bytes::from(r#"{"payload":"AQIDBA=="}"#);
        let part = std::str::from_utf8(&message[12..20]).unwrap();
        let payload = Payload::from_part(&message, part).unwrap();
        assert_eq!(payload.as_str(), "AQIDBA==");
        assert_eq!(payload.as_str().as_ptr(), part.as_ptr());
        assert_eq!(payload.decode(), [1, 2, 3, 4]);
    }

    #[test]
    fn pipe_1_a_part_from_elsewhere_is_copied() {
        let elsewhere = String::from("AQID");
        let payload = Payload::from_part(&Bytes::from("another text"), &elsewhere).unwrap();
        drop(elsewhere);
        assert_eq!(payload.as_str(), "AQID");
    }

    #[test]
    fn pipe_1_text_that_could_break_out_of_a_json_string_is_refused() {
        let refusal = |text: &str| Payload::from_string(text.into()).unwrap_err();
        assert_eq!(refusal("AB\"}"), NotBase64::Character(2));
        assert_eq!(refusal("AB\\u"), NotBase64::Character(2));
        assert_eq!(refusal("AB-_"), NotBase64::Character(2));
        assert_eq!(refusal("AB=C"), NotBase64::Character(2));
        assert_eq!(refusal("A==="), NotBase64::Character(1));
        assert_eq!(refusal("===="), NotBase64::Character(0));
        assert_eq!(refusal("ABC"), NotBase64::Length(3));
        assert_eq!(refusal("אב"), NotBase64::Character(0));
    }

    #[test]
    fn the_length_of_a_payload_is_that_of_its_audio() {
        let frame = Payload::encode(&counting(160));
        assert_eq!((frame.as_str().len(), frame.decoded_len(), frame.millis()), (216, 160, 20));
        assert_eq!(Payload::encode(&[0; 15]).millis(), 1);
        assert!(Payload::from_string(String::new()).unwrap().is_empty());
    }

    #[test]
    fn pipe_2_silence_is_0xff_whatever_its_length() {
        for frames in 0..7 {
            assert_eq!(Payload::silence(frames).decode(), vec![0xFF; frames * 160]);
            assert_eq!(Payload::silence(frames), Payload::encode(&vec![0xFF; frames * 160]));
        }
        let (one, other) = (Payload::silence(1), Payload::silence(1));
        assert_eq!(one.as_str().as_ptr(), other.as_str().as_ptr());
    }

    #[test]
    fn pipe_1_a_payload_within_the_limit_comes_back_as_it_is() {
        let payload = Payload::encode(&counting(1000));
        assert_eq!(payload.pieces(1000).collect::<Vec<_>>(), std::slice::from_ref(&payload));
        assert_eq!(Payload::encode(&[]).pieces(1440).count(), 0);
    }

    #[test]
    fn a_payload_shows_its_length_but_not_what_was_said() {
        assert_eq!(format!("{:?}", Payload::encode(&[1, 2, 3, 4])), "Payload(4 bytes)");
    }

    proptest! {
        #[test]
        fn pipe_1_pieces_are_whole_frames_and_groups_and_together_the_same_text(
            len in 0_usize..9000,
            max_bytes in 0_usize..3000,
        ) {
            let audio = counting(len);
            let payload = Payload::encode(&audio);
            let pieces: Vec<_> = payload.pieces(max_bytes).collect();
            let text: String = pieces.iter().map(Payload::as_str).collect();
            prop_assert_eq!(text.as_str(), payload.as_str());
            let decoded: Vec<u8> = pieces.iter().flat_map(Payload::decode).collect();
            prop_assert_eq!(decoded, audio);
            for piece in &pieces {
                prop_assert!(piece.decoded_len() <= max_bytes.max(480));
            }
            for piece in pieces.iter().rev().skip(1) {
                prop_assert_eq!(piece.decoded_len() % 480, 0);
            }
        }

        #[test]
        fn pipe_1_whatever_a_strict_decoder_takes_is_taken_and_measured_alike(
            text in "[A-Za-z0-9+/]{0,12}={0,3}",
        ) {
            let payload = Payload::from_string(text.clone());
            if let Ok(decoded) = STANDARD.decode(&text) {
                prop_assert_eq!(payload.unwrap().decoded_len(), decoded.len());
            } else if let Ok(payload) = payload {
                prop_assert_eq!(payload.decode().len(), payload.decoded_len());
            }
        }
    }
}
