//! Waits until the caller is quiet (PIPE-11).

use super::Policy;
use crate::business::BargeInPreset;

/// Milliseconds of quiet that it takes.
const QUIET_MS: u32 = 500;

/// Counts the caller's quiet frames in a row. A frame is quiet if it can't be part of an
/// interruption.
#[derive(Debug, Clone)]
pub struct QuietWatch {
    rms_over: u16,
    quiet_ms: u32,
}

impl QuietWatch {
    /// Nothing is counted yet. A business without interruptions is given the default threshold.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        let rms_over = match (policy, BargeInPreset::default().policy()) {
            (Policy::On(thresholds), _) | (Policy::Off, Policy::On(thresholds)) => {
                thresholds.rms_over
            }
            (Policy::Off, Policy::Off) => 0,
        };
        Self { rms_over, quiet_ms: 0 }
    }

    /// A frame came from the caller: `frame_ms` long, with the root mean square `rms` of its 16-bit
    /// linear samples. Returns whether the caller is quiet.
    pub fn frame(&mut self, rms: u16, frame_ms: u32) -> bool {
        self.quiet_ms =
            if rms > self.rms_over { 0 } else { self.quiet_ms.saturating_add(frame_ms) };
        self.quiet_ms >= QUIET_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipe_11_a_caller_is_quiet_after_500_ms_in_a_row_at_or_under_the_threshold() {
        let mut watch = QuietWatch::new(BargeInPreset::Patient.policy());
        for _ in 0..24 {
            assert!(!watch.frame(350, 20));
        }
        assert!(!watch.frame(351, 20), "one loud frame, and the count begins again");
        for _ in 0..24 {
            assert!(!watch.frame(0, 20));
        }
        assert!(watch.frame(0, 20));
    }

    #[test]
    fn pipe_11_each_business_has_its_own_threshold_and_one_without_interruptions_the_default() {
        for (preset, rms, is_quiet) in [
            (BargeInPreset::Balanced, 201, false),
            (BargeInPreset::Balanced, 200, true),
            (BargeInPreset::Off, 351, false),
            (BargeInPreset::Off, 350, true),
        ] {
            assert_eq!(QuietWatch::new(preset.policy()).frame(rms, 500), is_quiet, "{preset:?}");
        }
    }
}
