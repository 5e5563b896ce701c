//! When the caller's speech stops the agent's: a preset, and what a business overrides of it.
//! The decision itself is [`crate::barge_in`]'s.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration_text;

/// The barge-in settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BargeInSettings {
    /// Where the numbers below come from unless given.
    pub preset: BargeInPreset,
    /// How loud speech must be, as RMS of 16-bit samples.
    pub rms_threshold: Option<u16>,
    /// For how long.
    #[serde(with = "duration_text::option")]
    pub min_speech: Option<Duration>,
    /// How long after the agent starts to be heard nothing stops it.
    #[serde(with = "duration_text::option")]
    pub guard: Option<Duration>,
    /// How long after a barge-in there is no other.
    #[serde(with = "duration_text::option")]
    pub cooldown: Option<Duration>,
    /// Whether the agent goes on speaking when what stopped it was no speech.
    pub resume_false_interruption: bool,
}

/// A named set of numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BargeInPreset {
    /// The agent is stopped by clear and lasting speech.
    #[default]
    Patient,
    /// The agent is stopped by a word.
    Balanced,
    /// The caller speaks, the agent is silent.
    Instant,
    /// The agent always finishes.
    Off,
}

/// What a barge-in takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BargeInLimits {
    /// How long after the agent starts to be heard nothing stops it.
    pub guard: Duration,
    /// What a frame's RMS must be over, in 16-bit samples.
    pub rms_over: u16,
    /// How much such speech it takes.
    pub min_speech: Duration,
    /// How long after a barge-in there is no other.
    pub cooldown: Duration,
}

impl BargeInPreset {
    /// The preset's numbers; `None` where nothing stops the agent.
    #[must_use]
    pub fn limits(self) -> Option<BargeInLimits> {
        let limits = |guard, rms_over, min_speech, cooldown| BargeInLimits {
            guard: Duration::from_millis(guard),
            rms_over,
            min_speech: Duration::from_millis(min_speech),
            cooldown: Duration::from_millis(cooldown),
        };
        match self {
            Self::Patient => Some(limits(400, 350, 300, 800)),
            Self::Balanced => Some(limits(0, 200, 180, 0)),
            Self::Instant => Some(limits(0, 200, 40, 0)),
            Self::Off => None,
        }
    }
}

impl BargeInSettings {
    /// The preset's numbers with the business's own in their places; `None` where nothing stops
    /// the agent.
    #[must_use]
    pub fn limits(&self) -> Option<BargeInLimits> {
        let preset = self.preset.limits()?;
        Some(BargeInLimits {
            guard: self.guard.unwrap_or(preset.guard),
            rms_over: self.rms_threshold.unwrap_or(preset.rms_over),
            min_speech: self.min_speech.unwrap_or(preset.min_speech),
            cooldown: self.cooldown.unwrap_or(preset.cooldown),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barge_1_each_field_of_a_preset_can_be_overridden_alone() {
        let settings = BargeInSettings {
            preset: BargeInPreset::Balanced,
            rms_threshold: Some(900),
            ..BargeInSettings::default()
        };
        let balanced = BargeInPreset::Balanced.limits().unwrap();
        assert_eq!(settings.limits(), Some(BargeInLimits { rms_over: 900, ..balanced }));
    }

    #[test]
    fn barge_1_the_default_is_patient() {
        let limits = BargeInSettings::default().limits().unwrap();
        assert_eq!((limits.guard.as_millis(), limits.rms_over), (400, 350),);
        assert_eq!((limits.min_speech.as_millis(), limits.cooldown.as_millis()), (300, 800));
    }

    #[test]
    fn barge_1_no_override_turns_off_into_on() {
        let settings = BargeInSettings {
            preset: BargeInPreset::Off,
            rms_threshold: Some(1),
            ..BargeInSettings::default()
        };
        assert_eq!(settings.limits(), None);
    }
}
