//! Who sent a piece of audio, which one it is, and when: written into the audio itself, so that it passes
//! through whatever passes audio through. A stamp is 24 bytes of µ-law between -120 and 0, which nobody
//! hears, and 32 characters of base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a caller's frame: 20 ms.
pub(super) const FRAME_BYTES: usize = 160;
/// Bytes of a piece of the agent's audio: 60 ms, a whole number of frames and of base64 groups. Wherever
/// the daemon cuts, it cuts between two.
pub(super) const PIECE_BYTES: usize = 480;
/// Characters of a whole piece.
pub(super) const PIECE_CHARS: usize = PIECE_BYTES / 3 * 4;

const STAMP_BYTES: usize = 24;
const STAMP_CHARS: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The caller speaks.
    pub(super) loud: bool,
    /// Which call, or which session: up to a million of each.
    pub(super) source: u32,
    /// Counts the pieces of that source from 0: up to 90 hours of frames.
    pub(super) number: u32,
    /// When it was sent, in microseconds of the load's clock.
    pub(super) at: u64,
}

impl Stamp {
    /// Writes itself over the beginning of a piece in base64.
    fn write(self, piece: &mut [u8]) {
        let mut nibbles = [0_u8; STAMP_BYTES];
        let (head, at) = nibbles.split_at_mut(12);
        let packed = u64::from(self.loud) << 44
            | u64::from(self.source & 0x000f_ffff) << 24
            | u64::from(self.number & 0x00ff_ffff);
        spread(packed, head);
        spread(self.at, &mut at[..11]);
        nibbles[STAMP_BYTES - 1] = check(&nibbles);
        let bytes = nibbles.map(|nibble| 0xf0 | nibble);
        // Always fits: 24 bytes make 32 characters.
        let _ = STANDARD.encode_slice(bytes, &mut piece[..STAMP_CHARS]);
    }

    /// The stamp at the beginning of a piece in base64; `None` if there is none.
    pub(super) fn read(piece: &[u8]) -> Option<Self> {
        let mut bytes = [0_u8; STAMP_BYTES];
        let read = STANDARD.decode_slice(piece.get(..STAMP_CHARS)?, &mut bytes).ok()?;
        if read != STAMP_BYTES || bytes.iter().any(|byte| byte & 0xf0 != 0xf0) {
            return None;
        }
        let nibbles = bytes.map(|byte| byte & 0xf);
        let packed = gather(&nibbles[..12]);
        let stamp = Self {
            loud: packed >> 44 & 1 == 1,
            source: (packed >> 24 & 0x000f_ffff) as u32,
            number: (packed & 0x00ff_ffff) as u32,
            at: gather(&nibbles[12..23]),
        };
        (nibbles[STAMP_BYTES - 1] == check(&nibbles)).then_some(stamp)
    }
}

fn spread(value: u64, nibbles: &mut [u8]) {
    let last = nibbles.len() - 1;
    for (place, nibble) in nibbles.iter_mut().enumerate() {
        *nibble = (value >> (4 * (last - place)) & 0xf) as u8;
    }
}

fn gather(nibbles: &[u8]) -> u64 {
    nibbles.iter().fold(0, |value, &nibble| value << 4 | u64::from(nibble))
}

/// Silence, whose nibbles are all 15, is no stamp.
fn check(nibbles: &[u8; STAMP_BYTES]) -> u8 {
    let sum: u8 =
        nibbles[..STAMP_BYTES - 1].iter().fold(7, |sum, nibble| sum.wrapping_add(*nibble));
    sum & 0xf
}

/// What stands behind the stamps.
pub(super) struct Audio {
    quiet: Vec<u8>,
    loud: Vec<u8>,
    agent: Vec<u8>,
}

impl Audio {
    pub(super) fn new() -> Self {
        let encoded = |bytes: usize, sample: fn(usize) -> u8| {
            let samples: Vec<u8> = (0..bytes).map(sample).collect();
            STANDARD.encode(samples).into_bytes()
        };
        Self {
            quiet: encoded(FRAME_BYTES, |_| 0xff),
            // ±7932, well over any threshold.
            loud: encoded(FRAME_BYTES, |at| if at / 4 % 2 == 0 { 0x20 } else { 0xa0 }),
            agent: encoded(PIECE_BYTES, |at| if at / 8 % 2 == 0 { 0x30 } else { 0xb1 }),
        }
    }

    /// A caller's frame in base64.
    pub(super) fn frame(&self, stamp: Stamp, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(if stamp.loud { &self.loud } else { &self.quiet });
        stamp.write(out);
    }

    /// Appends a piece of the agent's audio in base64.
    pub(super) fn piece(&self, stamp: Stamp, out: &mut Vec<u8>) {
        let from = out.len();
        out.extend_from_slice(&self.agent);
        stamp.write(&mut out[from..]);
    }

    /// Whether a frame with this stamp has the bytes that were sent.
    pub(super) fn is_frame(&self, stamp: Stamp, frame: &[u8]) -> bool {
        let sent = if stamp.loud { &self.loud } else { &self.quiet };
        frame.get(STAMP_CHARS..) == Some(&sent[STAMP_CHARS..])
    }

    /// Whether a piece has the bytes that were sent.
    pub(super) fn is_piece(&self, piece: &[u8]) -> bool {
        piece.get(STAMP_CHARS..) == Some(&self.agent[STAMP_CHARS..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_stamp_is_read_as_it_was_written(
            loud: bool, source in 0_u32..1 << 20, number in 0_u32..1 << 24, at in 0_u64..1 << 44,
        ) {
            let stamp = Stamp { loud, source, number, at };
            let audio = Audio::new();
            let mut frame = Vec::new();
            audio.frame(stamp, &mut frame);
            prop_assert_eq!(Stamp::read(&frame), Some(stamp));
            prop_assert!(audio.is_frame(stamp, &frame));
            let samples = STANDARD.decode(&frame).unwrap();
            prop_assert_eq!(samples.len(), FRAME_BYTES);
            if !loud {
                prop_assert!(samples.iter().all(|sample| *sample >= 0xf0));
            }
            let mut pieces = Vec::new();
            audio.piece(stamp, &mut pieces);
            audio.piece(stamp, &mut pieces);
            prop_assert_eq!(Stamp::read(&pieces[PIECE_CHARS..]), Some(stamp));
            prop_assert!(audio.is_piece(&pieces[PIECE_CHARS..]));
        }
    }

    #[test]
    fn silence_is_no_stamp_and_a_changed_byte_is_seen() {
        assert_eq!(Stamp::read(STANDARD.encode([0xff; FRAME_BYTES]).as_bytes()), None);
        assert_eq!(Stamp::read(b"short"), None);
        let (audio, mut frame) = (Audio::new(), Vec::new());
        let stamp = Stamp { loud: true, source: 1, number: 2, at: 3 };
        audio.frame(stamp, &mut frame);
        frame[100] ^= 1;
        assert!(!audio.is_frame(stamp, &frame));
        assert!(!audio.is_frame(stamp, &frame[..200]));
    }
}
