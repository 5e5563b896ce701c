//! `[barge_in]`: when the caller's speech interrupts the agent. [`crate::barge_in`] decides by it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;
use crate::barge_in::{Policy, Thresholds};

/// A preset, and overrides of its thresholds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BargeInSettings {
    /// Default of the four thresholds below.
    pub preset: BargeInPreset,
    /// RMS of 16-bit samples above which a frame counts as speech.
    pub rms_threshold: Option<u16>,
    /// How much speech interrupts.
    #[serde(with = "duration_text::option")]
    pub min_speech: Option<Duration>,
    /// Time after the agent becomes audible in which nothing interrupts it.
    #[serde(with = "duration_text::option")]
    pub guard: Option<Duration>,
    /// Time after an interruption in which there is no other.
    #[serde(with = "duration_text::option")]
    pub cooldown: Option<Duration>,
    /// Whether the agent resumes if OpenAI heard no speech in what interrupted it.
    pub resume_false_interruption: bool,
}

/// A named set of thresholds (BARGE-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BargeInPreset {
    /// Clear speech of some length interrupts.
    #[default]
    Patient,
    /// A word interrupts.
    Balanced,
    /// Any speech interrupts at once.
    Instant,
    /// Nothing interrupts.
    Off,
}

impl BargeInPreset {
    /// The preset's thresholds.
    #[must_use]
    pub fn policy(self) -> Policy {
        let (guard, rms_over, min_speech, cooldown) = match self {
            Self::Patient => (400, 350, 300, 800),
            Self::Balanced => (0, 200, 180, 0),
            Self::Instant => (0, 200, 40, 0),
            Self::Off => return Policy::Off,
        };
        Policy::On(Thresholds {
            guard: Duration::from_millis(guard),
            rms_over,
            min_speech: Duration::from_millis(min_speech),
            cooldown: Duration::from_millis(cooldown),
        })
    }
}

impl BargeInSettings {
    /// The preset's thresholds with the overrides applied. [`BargeInPreset::Off`] can't be overridden.
    #[must_use]
    pub fn policy(&self) -> Policy {
        match self.preset.policy() {
            Policy::Off => Policy::Off,
            Policy::On(preset) => Policy::On(Thresholds {
                guard: self.guard.unwrap_or(preset.guard),
                rms_over: self.rms_threshold.unwrap_or(preset.rms_over),
                min_speech: self.min_speech.unwrap_or(preset.min_speech),
                cooldown: self.cooldown.unwrap_or(preset.cooldown),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(settings: &BargeInSettings) -> Thresholds {
        let Policy::On(thresholds) = settings.policy() else { panic!("is on") };
        thresholds
    }

    #[test]
    fn barge_1_each_field_of_a_preset_can_be_overridden_alone() {
        let balanced = BargeInSettings { preset: BargeInPreset::Balanced, ..Default::default() };
        let of_preset = thresholds(&balanced);
        let ms = Duration::from_millis;
        let louder = BargeInSettings { rms_threshold: Some(900), ..balanced.clone() };
        assert_eq!(thresholds(&louder), Thresholds { rms_over: 900, ..of_preset });
        let longer = BargeInSettings { min_speech: Some(ms(60)), ..balanced.clone() };
        assert_eq!(thresholds(&longer), Thresholds { min_speech: ms(60), ..of_preset });
        let guarded = BargeInSettings { guard: Some(ms(700)), ..balanced.clone() };
        assert_eq!(thresholds(&guarded), Thresholds { guard: ms(700), ..of_preset });
        let cooled = BargeInSettings { cooldown: Some(ms(900)), ..balanced };
        assert_eq!(thresholds(&cooled), Thresholds { cooldown: ms(900), ..of_preset });
    }

    #[test]
    fn barge_1_the_default_is_patient() {
        let patient = thresholds(&BargeInSettings::default());
        assert_eq!((patient.guard.as_millis(), patient.rms_over), (400, 350));
        assert_eq!((patient.min_speech.as_millis(), patient.cooldown.as_millis()), (300, 800));
    }

    #[test]
    fn barge_1_no_override_turns_off_into_on() {
        let settings = BargeInSettings {
            preset: BargeInPreset::Off,
            rms_threshold: Some(1),
            ..BargeInSettings::default()
        };
        assert_eq!(settings.policy(), Policy::Off);
    }

    #[test]
    fn barge_1_presets_are_named_as_in_the_business_file() {
        for (text, preset) in [
            ("\"patient\"", BargeInPreset::Patient),
            ("\"balanced\"", BargeInPreset::Balanced),
            ("\"instant\"", BargeInPreset::Instant),
            ("\"off\"", BargeInPreset::Off),
        ] {
            assert_eq!(serde_json::from_str::<BargeInPreset>(text).unwrap(), preset);
        }
    }
}
