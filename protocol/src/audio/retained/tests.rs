use proptest::prelude::*;

use super::*;

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

/// The `n`th frame of 20 ms. Its bytes differ from all others.
fn frame(n: u32) -> Payload {
    Payload::encode(&n.to_be_bytes().repeat(40))
}

fn frames(numbers: std::ops::Range<u32>) -> Vec<Payload> {
    numbers.map(frame).collect()
}

fn joined(numbers: std::ops::Range<u32>) -> Payload {
    Payload::encode(&numbers.flat_map(|n| n.to_be_bytes().repeat(40)).collect::<Vec<_>>())
}

fn append(audio: &mut RetainedAudio, numbers: std::ops::Range<u32>) {
    numbers.for_each(|n| audio.appended(&frame(n)));
}

/// Frames 0 to 99, of which 20 to 69 are the committed turn `item_a`.
fn one_turn() -> RetainedAudio {
    let mut audio = RetainedAudio::default();
    append(&mut audio, 0..50);
    audio.speech_started(&item("item_a"), 400);
    append(&mut audio, 50..90);
    audio.speech_stopped(&item("item_a"), 1_400);
    append(&mut audio, 90..100);
    audio.committed(&item("item_a"));
    audio
}

#[test]
fn res_2_a_committed_turn_without_a_transcript_is_carried_over_whole() {
    let carried = one_turn().take_for_new_session();
    assert_eq!(carried.turns, [(item("item_a"), joined(20..70))]);
    assert_eq!(carried.unfinished, frames(70..100));
}

#[test]
fn res_2_a_turn_with_a_transcript_is_not_carried_over() {
    let mut audio = one_turn();
    audio.transcribed(&item("item_a"));
    assert_eq!(audio.take_for_new_session().turns, []);
}

#[test]
fn res_2_a_transcript_that_came_before_the_commit_counts_too() {
    let mut audio = RetainedAudio::default();
    audio.speech_started(&item("item_a"), 0);
    append(&mut audio, 0..10);
    audio.transcribed(&item("item_a"));
    audio.committed(&item("item_a"));
    assert_eq!(audio.take_for_new_session(), Carryover { turns: vec![], unfinished: vec![] });
}

#[test]
fn res_2_speech_in_progress_is_unfinished_and_begins_at_the_last_commit() {
    let mut audio = one_turn();
    audio.speech_started(&item("item_b"), 1_900);
    append(&mut audio, 100..120);
    assert_eq!(audio.take_for_new_session().unfinished, frames(70..120));
}

#[test]
fn res_2_a_turn_whose_end_was_not_announced_ends_with_its_commit() {
    let mut audio = RetainedAudio::default();
    append(&mut audio, 0..10);
    audio.speech_started(&item("item_a"), 100);
    append(&mut audio, 10..20);
    audio.committed(&item("item_a"));
    append(&mut audio, 20..25);
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns, [(item("item_a"), joined(5..20))]);
    assert_eq!(carried.unfinished, frames(20..25));
}

#[test]
fn res_2_a_turn_of_which_no_speech_was_announced_has_all_since_the_last_commit() {
    let mut audio = one_turn();
    audio.speech_started(&item("item_other"), 1_900);
    audio.committed(&item("item_b"));
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns[1], (item("item_b"), joined(70..100)));
    assert_eq!(carried.unfinished, []);
}

#[test]
fn res_2_a_frame_that_the_end_of_speech_cuts_belongs_to_the_turn_alone() {
    let mut audio = RetainedAudio::default();
    append(&mut audio, 0..10);
    audio.speech_started(&item("item_a"), 70);
    audio.speech_stopped(&item("item_a"), 110);
    audio.committed(&item("item_a"));
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns, [(item("item_a"), joined(3..6))]);
    assert_eq!(carried.unfinished, frames(6..10));
}

#[test]
fn res_2_the_clock_of_a_new_session_starts_at_0_with_the_frames_appended_again() {
    let mut audio = one_turn();
    for frame in audio.take_for_new_session().unfinished {
        audio.appended(&frame);
    }
    append(&mut audio, 100..120);
    audio.speech_started(&item("item_b"), 100);
    audio.speech_stopped(&item("item_b"), 800);
    audio.committed(&item("item_b"));
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns[1], (item("item_b"), joined(75..110)));
    assert_eq!(carried.unfinished, frames(110..120));
}

#[test]
fn res_2_what_the_old_session_announced_does_not_hold_in_the_new_one() {
    let mut audio = RetainedAudio::default();
    append(&mut audio, 0..10);
    audio.speech_started(&item("item_a"), 100);
    audio.speech_stopped(&item("item_a"), 160);
    let carried = audio.take_for_new_session();
    carried.unfinished.iter().for_each(|frame| audio.appended(frame));
    audio.committed(&item("item_a"));
    assert_eq!(audio.take_for_new_session().turns, [(item("item_a"), joined(0..10))]);
}

#[test]
fn res_2_a_turn_is_carried_again_when_the_next_session_dies_too() {
    let mut audio = one_turn();
    let first = audio.take_for_new_session();
    let second = audio.take_for_new_session();
    assert_eq!(second.turns, first.turns);
    assert_eq!(second.unfinished, [], "those were not appended again");
    audio.transcribed(&item("item_a"));
    assert_eq!(audio.take_for_new_session().turns, []);
}

#[test]
fn res_2_carrying_over_again_and_again_makes_nothing_older() {
    let mut audio = one_turn();
    for _ in 0..100 {
        let carried = audio.take_for_new_session();
        assert_eq!(carried.turns, [(item("item_a"), joined(20..70))]);
        carried.unfinished.iter().for_each(|frame| audio.appended(frame));
    }
}

#[test]
fn res_2_of_unfinished_audio_only_the_last_15_s_are_kept() {
    let mut audio = one_turn();
    append(&mut audio, 100..5_000);
    let carried = audio.take_for_new_session();
    assert_eq!(carried, Carryover { turns: vec![], unfinished: frames(4_250..5_000) });
}

/// Half a sentence can mean the opposite.
#[test]
fn res_2_a_turn_is_carried_over_whole_until_its_end_is_older_than_15_s() {
    let mut audio = one_turn();
    append(&mut audio, 100..819);
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns, [(item("item_a"), joined(20..70))]);

    let mut audio = one_turn();
    append(&mut audio, 100..820);
    assert_eq!(audio.take_for_new_session().turns, []);
}

#[test]
fn res_2_of_a_turn_longer_than_15_s_the_last_15_s_are_kept() {
    let mut audio = RetainedAudio::default();
    audio.speech_started(&item("item_a"), 0);
    append(&mut audio, 0..1_000);
    audio.committed(&item("item_a"));
    append(&mut audio, 1_000..1_100);
    let carried = audio.take_for_new_session();
    assert_eq!(carried.turns, [(item("item_a"), joined(250..1_000))]);
}

#[derive(Debug, Clone)]
enum Step {
    Append(u32),
    Start { back_ms: u64 },
    Stop { back_ms: u64 },
    Commit,
    Transcribe(u32),
    NewSession,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u32..200).prop_map(Step::Append),
        2 => (0_u64..500).prop_map(|back_ms| Step::Start { back_ms }),
        2 => (0_u64..300).prop_map(|back_ms| Step::Stop { back_ms }),
        2 => Just(Step::Commit),
        1 => (0_u32..10).prop_map(Step::Transcribe),
        1 => Just(Step::NewSession),
    ]
}

fn numbers(audio: &[u8]) -> Vec<u32> {
    audio.chunks(160).map(|chunk| u32::from_be_bytes(chunk[..4].try_into().unwrap())).collect()
}

/// Every frame that is kept, oldest first.
fn kept(carried: &Carryover) -> Vec<u32> {
    let turns = carried.turns.iter().map(|(_, audio)| audio);
    turns.chain(&carried.unfinished).flat_map(|audio| numbers(&audio.decode())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn res_2_no_frame_is_kept_twice_and_their_order_stays(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut audio = RetainedAudio::default();
        let (mut next, mut turn, mut session_ms) = (0, 0, 0_u64);
        for step in steps {
            let name = item(&format!("item_{turn}"));
            match step {
                Step::Append(count) => {
                    append(&mut audio, next..next + count);
                    next += count;
                    session_ms += u64::from(count) * 20;
                }
                Step::Start { back_ms } => {
                    audio.speech_started(&name, session_ms.saturating_sub(back_ms));
                }
                Step::Stop { back_ms } => {
                    audio.speech_stopped(&name, session_ms.saturating_sub(back_ms));
                }
                Step::Commit => {
                    audio.committed(&name);
                    turn += 1;
                }
                Step::Transcribe(number) => audio.transcribed(&item(&format!("item_{number}"))),
                Step::NewSession => {
                    let carried = audio.take_for_new_session();
                    let kept = kept(&carried);
                    prop_assert!(kept.is_sorted_by(|one, other| one < other));
                    let ends_late = |(_, turn): &(ItemId, Payload)| {
                        numbers(&turn.decode()).last().is_some_and(|last| last + 750 >= next)
                    };
                    prop_assert!(carried.turns.iter().all(ends_late));
                    carried.unfinished.iter().for_each(|frame| audio.appended(frame));
                    session_ms = carried.unfinished.len() as u64 * 20;
                }
            }
        }
        let carried = audio.take_for_new_session();
        let unfinished: Vec<_> =
            carried.unfinished.iter().flat_map(|frame| numbers(&frame.decode())).collect();
        prop_assert!(unfinished.len() <= 750);
        let newest = next - u32::try_from(unfinished.len()).unwrap()..next;
        prop_assert_eq!(unfinished, newest.collect::<Vec<_>>(), "the newest frames, without a gap");
        let kept = kept(&carried);
        prop_assert!(kept.len() <= 1_500);
        prop_assert!(kept.is_sorted_by(|one, other| one < other));
    }
}
