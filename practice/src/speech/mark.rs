//! The mark of a frame: 160 bits in the low bits of its samples.
//!
//! In order: magic 16, utterance 32, frame number 16, total frames 16, length of the text 16, four
//! bytes of the text 32, CRC-32 32. The checksum covers every other bit of the frame, the upper bits
//! of the samples included.

use crc::{CRC_32_ISO_HDLC, Crc};

use super::frame::FRAME_BYTES;

/// Bytes of the text that one frame carries. Frame `n` carries those from `n * TEXT_BYTES` on. A
/// text shorter than its audio is repeated.
pub(super) const TEXT_BYTES: usize = 4;

/// The contents of one mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) utterance: u32,
    pub(super) number: u16,
    pub(super) total: u16,
    pub(super) text_len: u16,
    pub(super) text: [u8; TEXT_BYTES],
}

/// The result of reading 160 samples.
pub(super) enum Reading {
    /// No frame begins here.
    Nothing,
    /// A frame begins here, and something in it was altered.
    Damaged,
    Intact(Mark),
}

impl Mark {
    /// The place of this frame's bytes in the text.
    pub(super) fn text_offset(&self) -> usize {
        text_offset(self.number, self.text_len)
    }

    pub(super) fn write(&self, frame: &mut [u8]) {
        let mut bits = [0_u8; BYTES];
        bits[..2].copy_from_slice(&MAGIC.to_be_bytes());
        bits[2..6].copy_from_slice(&self.utterance.to_be_bytes());
        bits[6..8].copy_from_slice(&self.number.to_be_bytes());
        bits[8..10].copy_from_slice(&self.total.to_be_bytes());
        bits[10..12].copy_from_slice(&self.text_len.to_be_bytes());
        bits[12..16].copy_from_slice(&self.text);
        put_bits(frame, 0, &bits[..CRC_AT]);
        let sum = checksum(frame);
        put_bits(frame, CRC_AT * 8, &sum.to_be_bytes());
    }

    /// Reads the frame that begins at the first of these samples.
    pub(super) fn read(samples: &[u8]) -> Reading {
        let Some(frame) = samples.get(..FRAME_BYTES) else { return Reading::Nothing };
        if !begins_with_magic(frame) {
            return Reading::Nothing;
        }
        let bits = take_bits(frame);
        let [_, _, u0, u1, u2, u3, n0, n1, t0, t1, l0, l1, b0, b1, b2, b3, c0, c1, c2, c3] = bits;
        if u32::from_be_bytes([c0, c1, c2, c3]) != checksum(frame) {
            return Reading::Damaged;
        }
        Reading::Intact(Self {
            utterance: u32::from_be_bytes([u0, u1, u2, u3]),
            number: u16::from_be_bytes([n0, n1]),
            total: u16::from_be_bytes([t0, t1]),
            text_len: u16::from_be_bytes([l0, l1]),
            text: [b0, b1, b2, b3],
        })
    }
}

/// The place of frame `number`'s bytes in a text of `text_len` bytes.
pub(super) fn text_offset(number: u16, text_len: u16) -> usize {
    let chunks = usize::from(text_len).div_ceil(TEXT_BYTES).max(1);
    usize::from(number) % chunks * TEXT_BYTES
}

/// CRC-32 of IEEE 802.3.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

const MAGIC: u16 = 0xA5C3;
const BYTES: usize = FRAME_BYTES / 8;
const CRC_AT: usize = BYTES - 4;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The frame's checksum. The bits that hold it count as zero.
fn checksum(frame: &[u8]) -> u32 {
    let (covered, own) = frame.split_at(CRC_AT * 8);
    let mut digest = CRC.digest();
    digest.update(covered);
    own.iter().for_each(|sample| digest.update(&[sample & !1]));
    digest.finalize()
}

fn begins_with_magic(frame: &[u8]) -> bool {
    (0..16).all(|bit| u16::from(frame[bit] & 1) == (MAGIC >> (15 - bit)) & 1)
}

fn put_bits(frame: &mut [u8], from: usize, bytes: &[u8]) {
    for (n, sample) in frame[from..].iter_mut().take(bytes.len() * 8).enumerate() {
        let bit = (bytes[n / 8] >> (7 - n % 8)) & 1;
        *sample = (*sample & !1) | bit;
    }
}

fn take_bits(frame: &[u8]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (n, sample) in frame.iter().enumerate() {
        bytes[n / 8] |= (sample & 1) << (7 - n % 8);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_common_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn silence_is_no_frame() {
        assert!(matches!(Mark::read(&[0xFF; FRAME_BYTES]), Reading::Nothing));
        assert!(matches!(Mark::read(&[0x7F; FRAME_BYTES]), Reading::Nothing));
    }
}
