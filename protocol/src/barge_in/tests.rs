use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "a base for the instants of a test")]
fn start() -> Instant {
    Instant::now()
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn policy(preset: Preset) -> Policy {
    Policy::new(preset, &Overrides::default())
}

/// A caller's line in frames of 20 ms; the agent becomes audible with the first.
struct Line {
    barge_in: BargeIn,
    began: Instant,
    frames: u64,
}

impl Line {
    fn new(preset: Preset) -> Self {
        Self::with(policy(preset))
    }

    fn with(policy: Policy) -> Self {
        Self { barge_in: BargeIn::new(policy), began: start(), frames: 0 }
    }

    /// Hears the frames given and says at how many milliseconds of the line it fired.
    fn hear(&mut self, frames: impl IntoIterator<Item = u16>) -> Vec<u64> {
        let agent = Agent::Audible { since: self.began };
        self.hear_against(agent, frames)
    }

    fn hear_against(&mut self, agent: Agent, frames: impl IntoIterator<Item = u16>) -> Vec<u64> {
        let mut fired = Vec::new();
        for rms in frames {
            self.frames += 1;
            let at = self.frames * 20;
            if self.barge_in.frame(rms, 20, agent, self.began + ms(at)) == Decision::Fire {
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
    assert_eq!(fires_first(Preset::Instant), Some(40));
    assert_eq!(fires_first(Preset::Balanced), Some(180));
    assert_eq!(fires_first(Preset::Patient), Some(400), "the guard's end");
    assert_eq!(fires_first(Preset::Off), None);
}

#[test]
fn barge_1_after_the_guard_patient_takes_300_ms_of_speech() {
    let mut line = Line::new(Preset::Patient);
    assert_eq!(line.hear(quiet(1_000)), NEVER);
    assert_eq!(line.hear(loud(280)), NEVER);
    assert_eq!(line.hear(loud(20)), [1_300]);
}

#[test]
fn barge_1_speech_counts_during_the_guard_and_firing_waits_for_its_end() {
    let mut line = Line::new(Preset::Patient);
    assert_eq!(line.hear(quiet(60)), NEVER);
    assert_eq!(line.hear(loud(320)), NEVER, "enough at 360 ms, but within the guard");
    assert_eq!(line.hear(loud(20)), [400]);
}

#[test]
fn barge_1_speech_that_ended_within_the_guard_does_not_fire_after_it() {
    let mut line = Line::new(Preset::Patient);
    assert_eq!(line.hear([loud(320), quiet(400), loud(280)].concat()), NEVER);
}

#[test]
fn barge_1_the_threshold_itself_is_not_over_it() {
    for (preset, threshold) in [(Preset::Patient, 350), (Preset::Balanced, 200)] {
        assert_eq!(Line::new(preset).hear(vec![threshold; 100]), NEVER);
        assert_ne!(Line::new(preset).hear(vec![threshold + 1; 100]), NEVER);
    }
}

#[test]
fn barge_2_clicks_and_short_noises_under_the_minimum_never_fire() {
    let shortest = [(Preset::Instant, 20), (Preset::Balanced, 160), (Preset::Patient, 280)];
    for (preset, noise) in shortest {
        let noises = [loud(noise), quiet(80)].concat().repeat(50);
        assert_eq!(Line::new(preset).hear(noises), NEVER, "{preset:?}");
    }
    for preset in [Preset::Balanced, Preset::Patient] {
        let clicks = [quiet(500), loud(40), quiet(500)].concat();
        assert_eq!(Line::new(preset).hear(clicks), NEVER, "{preset:?}");
    }
}

#[test]
fn barge_2_a_gap_of_60_ms_neither_restarts_the_count_nor_counts() {
    let mut line = Line::new(Preset::Balanced);
    assert_eq!(line.hear([loud(100), quiet(60), loud(60)].concat()), NEVER);
    assert_eq!(line.hear(loud(20)), [240], "180 ms of speech and a gap of 60");
}

#[test]
fn barge_2_several_short_gaps_are_each_measured_alone() {
    let mut line = Line::new(Preset::Balanced);
    let stutter = [loud(60), quiet(60)].concat().repeat(3);
    assert_eq!(line.hear(stutter), [300]);
}

#[test]
fn barge_2_a_gap_over_60_ms_restarts_the_count() {
    let mut line = Line::new(Preset::Balanced);
    assert_eq!(line.hear([loud(160), quiet(80), loud(160)].concat()), NEVER);
    assert_eq!(line.hear(loud(20)), [420]);
}

#[test]
fn barge_1_the_cooldown_runs_from_a_barge_in() {
    let mut line = Line::new(Preset::Patient);
    assert_eq!(line.hear(quiet(1_000)), NEVER);
    assert_eq!(line.hear(loud(2_000)), [1_300, 2_100, 2_900], "800 ms apart");
    let mut line = Line::new(Preset::Balanced);
    assert_eq!(line.hear(loud(400)), [180, 360], "no cooldown, but speech is counted anew");
}

#[test]
fn barge_1_speech_while_the_agent_is_silent_is_no_barge_in_and_does_not_count() {
    let mut line = Line::new(Preset::Balanced);
    assert_eq!(line.hear_against(Agent::Silent, loud(1_000)), NEVER);
    assert_eq!(line.hear(loud(200)), [1_180]);
}

#[test]
fn greet_4_nothing_interrupts_a_protected_line() {
    for preset in [Preset::Patient, Preset::Balanced, Preset::Instant] {
        let mut line = Line::new(preset);
        assert_eq!(line.hear_against(Agent::Protected, loud(5_000)), NEVER, "{preset:?}");
    }
}

#[test]
fn barge_1_a_business_can_override_each_field_of_a_preset() {
    let overrides = Overrides {
        rms_over: Some(5_000),
        min_speech: Some(ms(100)),
        guard: Some(ms(600)),
        cooldown: Some(ms(700)),
    };
    let mut line = Line::with(Policy::new(Preset::Balanced, &overrides));
    assert_eq!(line.hear(loud(200)), NEVER, "not over 5,000");
    assert_eq!(line.hear(vec![5_001; 80]), [600, 1_300]);

    let one = Overrides { min_speech: Some(ms(60)), ..Overrides::default() };
    let Policy::On(thresholds) = Policy::new(Preset::Patient, &one) else { panic!("is on") };
    let (guard, cooldown) = (ms(400), ms(800));
    let expected = Thresholds { guard, rms_over: 350, min_speech: ms(60), cooldown };
    assert_eq!(thresholds, expected, "the others stay the preset's");
    assert_eq!(Policy::new(Preset::Off, &overrides), Policy::Off);
}

#[test]
fn barge_1_a_policy_that_changes_holds_from_the_next_frame_on() {
    let mut line = Line::new(Preset::Off);
    assert_eq!(line.hear(loud(1_000)), NEVER);
    line.barge_in.set_policy(policy(Preset::Instant));
    assert_eq!(line.hear(loud(40)), [1_040]);
}

#[test]
fn barge_1_frames_of_any_length_count_for_what_they_last() {
    let (mut barge_in, now) = (BargeIn::new(policy(Preset::Balanced)), start());
    let agent = Agent::Audible { since: now };
    assert_eq!(barge_in.frame(LOUD, 179, agent, now), Decision::Listen);
    assert_eq!(barge_in.frame(LOUD, 1, agent, now), Decision::Fire);
}

#[test]
fn barge_1_presets_are_named_as_in_the_business_file() {
    for (text, preset) in [
        ("\"patient\"", Preset::Patient),
        ("\"balanced\"", Preset::Balanced),
        ("\"instant\"", Preset::Instant),
        ("\"off\"", Preset::Off),
    ] {
        assert_eq!(serde_json::from_str::<Preset>(text).unwrap(), preset);
    }
    assert_eq!(Preset::default(), Preset::Patient);
}

proptest! {
    #[test]
    fn barge_1_whatever_is_heard_two_barge_ins_lie_a_cooldown_and_the_minimum_of_speech_apart(
        rms in proptest::collection::vec(prop_oneof![Just(QUIET), Just(LOUD), 300_u16..400], 0..400),
        preset in prop_oneof![Just(Preset::Patient), Just(Preset::Balanced), Just(Preset::Instant)],
    ) {
        let Policy::On(thresholds) = policy(preset) else { panic!("is on") };
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
