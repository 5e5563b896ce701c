//! G.711 µ-law. It is not shared with the daemon: a shared codec would hide its own faults.

/// Decodes to a 16-bit linear sample.
#[must_use]
pub(crate) fn decode(code: u8) -> i16 {
    let code = !code;
    let exponent = (code >> 4) & 0x07;
    let mantissa = i16::from(code & 0x0F);
    let magnitude = (((mantissa << 3) + BIAS) << exponent) - BIAS;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

/// Encodes a 16-bit linear sample.
#[must_use]
pub(crate) fn encode(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0x00 };
    let magnitude = i32::from(sample).abs().min(CLIP) + i32::from(BIAS);
    // The bias makes bit 7 the lowest that can lead, so the exponent is 0 to 7.
    let exponent = (24 - magnitude.leading_zeros()) as u8;
    let mantissa = ((magnitude >> (exponent + 3)) & 0x0F) as u8;
    !(sign | (exponent << 4) | mantissa)
}

/// The root mean square of µ-law audio, in 16-bit linear units; 0 without samples.
#[must_use]
pub fn rms(ulaw: &[u8]) -> f64 {
    if ulaw.is_empty() {
        return 0.0;
    }
    let sum: f64 = ulaw.iter().map(|&code| f64::from(decode(code)).powi(2)).sum();
    (sum / ulaw.len() as f64).sqrt()
}

const BIAS: i16 = 0x84;
const CLIP: i32 = 32_635;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_of_the_scale_are_those_of_g_711() {
        assert_eq!((decode(0xFF), decode(0x7F)), (0, 0));
        assert_eq!((decode(0x80), decode(0x00)), (32_124, -32_124));
        assert_eq!((encode(0), encode(i16::MAX), encode(i16::MIN)), (0xFF, 0x80, 0x00));
    }

    #[test]
    fn every_code_comes_back_from_the_sample_it_stands_for() {
        for code in (0..=u8::MAX).filter(|&code| code != 0x7F) {
            assert_eq!(encode(decode(code)), code);
        }
    }

    #[test]
    fn the_loudness_of_silence_is_zero_and_of_full_scale_full_scale() {
        assert!(rms(&[0xFF; 160]).abs() < f64::EPSILON);
        assert!((rms(&[0x80, 0x00]) - 32_124.0).abs() < 0.5);
    }
}
