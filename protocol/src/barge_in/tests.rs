use proptest::prelude::*;

use super::*;
use crate::business::BargeInPreset;

#[expect(clippy::disallowed_methods, reason = "a base for the instants of a test")]
fn start() -> Instant {
    Instant::now()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A caller's frames of 20 ms. The agent becomes audible with the first.
struct Line {
    barge_in: BargeIn,
    began: Instant,
    frames: u64,
}

impl Line {
    fn new(preset: BargeInPreset) -> Self {
        Self::with(preset.policy())
    }

    fn with(policy: Policy) -> Self {
        Self { barge_in: BargeIn::new(policy), began: start(), frames: 0 }
    }

    /// Returns after how many milliseconds the frames interrupted the agent.
    fn hear(&mut self, frames: impl IntoIterator<Item = u16>) -> Vec<u64> {
        let agent = AgentAudibility::Audible { since: self.began };
        self.hear_against(agent, frames)
    }

    fn hear_against(
        &mut self,
        agent: AgentAudibility,
        frames: impl IntoIterator<Item = u16>,
    ) -> Vec<u64> {
        let mut fired = Vec::new();
        for rms in frames {
            self.frames += 1;
            let at = self.frames * 20;
            if self.barge_in.frame(rms, 20, agent, self.began + ms(at)) == Decision::Interrupt {
                fired.push(at);
            }
        }
        fired
    }
}

const NEVER: [u64; 0] = [];
const QUIET: u16 = 40;
const LOUD: u16 = 3_000;

fn loud(millis: usize) -> Vec<u16> {
    vec![LOUD; millis / 20]
}

fn quiet(millis: usize) -> Vec<u16> {
    vec![QUIET; millis / 20]
}

#[test]
fn barge_1_each_preset_fires_on_the_frame_that_completes_its_minimum_of_speech() {
    let fires_first = |preset| Line::new(preset).hear(loud(2_000)).first().copied();
    assert_eq!(fires_first(BargeInPreset::Instant), Some(40));
    assert_eq!(fires_first(BargeInPreset::Balanced), Some(180));
    assert_eq!(fires_first(BargeInPreset::Patient), Some(400), "the guard's end");
    assert_eq!(fires_first(BargeInPreset::Off), None);
}

#[test]
fn barge_1_after_the_guard_patient_takes_300_ms_of_speech() {
    let mut line = Line::new(BargeInPreset::Patient);
    assert_eq!(line.hear(quiet(1_000)), NEVER);
    assert_eq!(line.hear(loud(280)), NEVER);
    assert_eq!(line.hear(loud(20)), [1_300]);
}

#[test]
fn barge_1_speech_counts_during_the_guard_and_firing_waits_for_its_end() {
    let mut line = Line::new(BargeInPreset::Patient);
    assert_eq!(line.hear(quiet(60)), NEVER);
    assert_eq!(line.hear(loud(320)), NEVER, "enough at 360 ms, but within the guard");
    assert_eq!(line.hear(loud(20)), [400]);
}

#[test]
fn barge_1_speech_that_ended_within_the_guard_does_not_fire_after_it() {
    let mut line = Line::new(BargeInPreset::Patient);
    assert_eq!(line.hear([loud(320), quiet(400), loud(280)].concat()), NEVER);
}

#[test]
fn barge_1_the_threshold_itself_is_not_over_it() {
    for (preset, threshold) in [(BargeInPreset::Patient, 350), (BargeInPreset::Balanced, 200)] {
        assert_eq!(Line::new(preset).hear(vec![threshold; 100]), NEVER);
        assert_ne!(Line::new(preset).hear(vec![threshold + 1; 100]), NEVER);
    }
}

#[test]
fn barge_2_clicks_and_short_noises_under_the_minimum_never_fire() {
    let shortest = [
        (BargeInPreset::Instant, 20),
        (BargeInPreset::Balanced, 160),
        (BargeInPreset::Patient, 280),
    ];
    for (preset, noise) in shortest {
        let noises = [loud(noise), quiet(80)].concat().repeat(50);
        assert_eq!(Line::new(preset).hear(noises), NEVER, "{preset:?}");
    }
    for preset in [BargeInPreset::Balanced, BargeInPreset::Patient] {
        let clicks = [quiet(500), loud(40), quiet(500)].concat();
        assert_eq!(Line::new(preset).hear(clicks), NEVER, "{preset:?}");
    }
}

#[test]
fn barge_2_a_click_of_40_ms_stops_the_agent_under_instant_alone_and_on_its_second_frame() {
    for (preset, fires) in [
        (BargeInPreset::Patient, None),
        (BargeInPreset::Balanced, None),
        (BargeInPreset::Instant, Some(1_040)),
        (BargeInPreset::Off, None),
    ] {
        let click = [quiet(1_000), loud(40), quiet(1_000)].concat();
        assert_eq!(Line::new(preset).hear(click).first().copied(), fires, "{preset:?}");
    }
}

#[test]
fn barge_2_for_each_preset_a_gap_of_60_ms_is_bridged_and_one_of_80_is_not() {
    for (preset, min) in [
        (BargeInPreset::Patient, 300),
        (BargeInPreset::Balanced, 180),
        (BargeInPreset::Instant, 40),
    ] {
        let with_gap = |gap| [quiet(1_000), loud(min - 20), quiet(gap), loud(20)].concat();
        let at = 1_000 + u64::try_from(min + 60).unwrap();
        assert_eq!(Line::new(preset).hear(with_gap(60)), [at], "{preset:?}");
        assert_eq!(Line::new(preset).hear(with_gap(80)), NEVER, "{preset:?}");
    }
}

#[test]
fn barge_2_a_gap_of_60_ms_neither_restarts_the_count_nor_counts() {
    let mut line = Line::new(BargeInPreset::Balanced);
    assert_eq!(line.hear([loud(100), quiet(60), loud(60)].concat()), NEVER);
    assert_eq!(line.hear(loud(20)), [240], "180 ms of speech and a gap of 60");
}

#[test]
fn barge_2_several_short_gaps_are_each_measured_alone() {
    let mut line = Line::new(BargeInPreset::Balanced);
    let stutter = [loud(60), quiet(60)].concat().repeat(3);
    assert_eq!(line.hear(stutter), [300]);
}

#[test]
fn barge_2_a_gap_over_60_ms_restarts_the_count() {
    let mut line = Line::new(BargeInPreset::Balanced);
    assert_eq!(line.hear([loud(160), quiet(80), loud(160)].concat()), NEVER);
    assert_eq!(line.hear(loud(20)), [420]);
}

#[test]
fn barge_1_the_cooldown_runs_from_a_barge_in() {
    let mut line = Line::new(BargeInPreset::Patient);
    assert_eq!(line.hear(quiet(1_000)), NEVER);
    assert_eq!(line.hear(loud(2_000)), [1_300, 2_100, 2_900], "800 ms apart");
    let mut line = Line::new(BargeInPreset::Balanced);
    assert_eq!(line.hear(loud(400)), [180, 360], "no cooldown, but speech is counted anew");
}

#[test]
fn barge_1_speech_while_the_agent_is_silent_is_no_barge_in_and_does_not_count() {
    let mut line = Line::new(BargeInPreset::Balanced);
    assert_eq!(line.hear_against(AgentAudibility::Silent, loud(1_000)), NEVER);
    assert_eq!(line.hear(loud(200)), [1_180]);
}

#[test]
fn greet_4_nothing_interrupts_a_protected_line() {
    for preset in [BargeInPreset::Patient, BargeInPreset::Balanced, BargeInPreset::Instant] {
        let mut line = Line::new(preset);
        assert_eq!(line.hear_against(AgentAudibility::Protected, loud(5_000)), NEVER, "{preset:?}");
    }
}

#[test]
fn barge_1_thresholds_of_a_business_s_own_hold_to_the_frame() {
    let thresholds =
        Thresholds { rms_over: 5_000, min_speech: ms(100), guard: ms(600), cooldown: ms(700) };
    let mut line = Line::with(Policy::On(thresholds));
    assert_eq!(line.hear(loud(200)), NEVER, "not over 5,000");
    assert_eq!(line.hear(vec![5_001; 80]), [600, 1_300]);
}

#[test]
fn barge_1_the_guard_runs_from_the_moment_the_answer_was_due_to_be_heard() {
    let mut line = Line::new(BargeInPreset::Patient);
    let agent = AgentAudibility::Audible { since: line.began + ms(1_000) };
    let fired = line.hear_against(agent, loud(2_000));
    assert_eq!(fired.first(), Some(&1_400), "speech before it counts, firing waits");
}

#[test]
fn barge_1_frames_of_any_length_count_for_what_they_last() {
    let (mut barge_in, now) = (BargeIn::new(BargeInPreset::Balanced.policy()), start());
    let agent = AgentAudibility::Audible { since: now };
    assert_eq!(barge_in.frame(LOUD, 179, agent, now), Decision::Continue);
    assert_eq!(barge_in.frame(LOUD, 1, agent, now), Decision::Interrupt);
}

proptest! {
    #[test]
    fn barge_1_whatever_is_heard_two_barge_ins_lie_a_cooldown_and_the_minimum_of_speech_apart(
        rms in proptest::collection::vec(prop_oneof![Just(QUIET), Just(LOUD), 300_u16..400], 0..400),
        preset in prop_oneof![Just(BargeInPreset::Patient), Just(BargeInPreset::Balanced), Just(BargeInPreset::Instant)],
    ) {
        let Policy::On(thresholds) = preset.policy() else { panic!("is on") };
        let fired = Line::new(preset).hear(rms.iter().copied());
        let apart = thresholds.cooldown.max(thresholds.min_speech).as_millis();
        let mut free_from = thresholds.guard.max(thresholds.min_speech).as_millis();
        for at in fired {
            prop_assert!(rms[usize::try_from(at / 20 - 1).unwrap()] > thresholds.rms_over);
            prop_assert!(u128::from(at) >= free_from);
            free_from = u128::from(at) + apart;
        }
    }
}
