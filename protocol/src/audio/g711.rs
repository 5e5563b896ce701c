//! How loud G.711 µ-law audio is. The call's own audio is never decoded for anything else.

use base64::Engine;

use super::payload::{LENIENT, Payload};

/// The root mean square of a payload's 16-bit linear samples (ITU-T G.711), rounded down. 0 without
/// samples. Does not allocate.
#[must_use]
pub fn loudness(payload: &Payload) -> u16 {
    let mut decoded = [0_u8; CHUNK_CHARS / 4 * 3];
    let (mut squares, mut samples) = (0_u64, 0_u64);
    for chunk in payload.as_str().as_bytes().chunks(CHUNK_CHARS) {
        // A payload was checked when it was made and a chunk is whole groups of it.
        let len = LENIENT.decode_slice(chunk, &mut decoded).unwrap_or_default();
        for ulaw in &decoded[..len] {
            squares += u64::from(SQUARED[usize::from(*ulaw)]);
        }
        samples += len as u64;
    }
    let mean = squares.checked_div(samples).unwrap_or_default();
    u16::try_from(mean.isqrt()).unwrap_or(u16::MAX)
}

/// Base64 characters decoded at once. A 20 ms frame has 216.
const CHUNK_CHARS: usize = 640;

const DECODED: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand(code as u8);
        code += 1;
    }
    table
};

const SQUARED: [u32; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let magnitude = DECODED[code].unsigned_abs() as u32;
        table[code] = magnitude * magnitude;
        code += 1;
    }
    table
};

const fn expand(ulaw: u8) -> i16 {
    let code = !ulaw;
    let mantissa = (((code & 0x0F) as i16) << 3) + 0x84;
    let magnitude = (mantissa << ((code & 0x70) >> 4)) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use audio_codec_algorithms::{decode_ulaw, encode_ulaw};
    use proptest::prelude::*;

    use super::*;

    fn loudness_of(ulaw: &[u8]) -> u16 {
        loudness(&Payload::encode(ulaw))
    }

    #[test]
    fn every_code_decodes_as_the_reference_implementation_has_it() {
        for code in 0..=u8::MAX {
            assert_eq!(DECODED[usize::from(code)], decode_ulaw(code), "code {code:#04x}");
        }
    }

    #[test]
    fn barge_1_silence_in_both_its_forms_has_no_loudness() {
        assert_eq!(loudness_of(&[0xFF; 160]), 0);
        assert_eq!(loudness_of(&[0x7F; 160]), 0);
        assert_eq!(loudness_of(&[]), 0);
    }

    #[test]
    fn barge_1_loudness_is_that_of_the_linear_samples_rounded_down() {
        assert_eq!(loudness_of(&[0x00; 160]), 32_124);
        // Samples 8 and 0: the mean square is 32, its root 5.65.
        assert_eq!(loudness_of(&[encode_ulaw(8), 0xFF]), 5);
    }

    proptest! {
        #[test]
        fn barge_1_loudness_is_the_same_however_long_the_frame_is(
            ulaw in proptest::collection::vec(any::<u8>(), 1..2000),
        ) {
            let squares: f64 = ulaw.iter().map(|code| f64::from(decode_ulaw(*code)).powi(2)).sum();
            let mean = squares / f64::from(u32::try_from(ulaw.len()).unwrap());
            let loudness = f64::from(loudness_of(&ulaw));
            prop_assert!(loudness <= mean.sqrt() && mean.sqrt() < loudness + 1.0);
        }
    }
}
