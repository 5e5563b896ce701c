//! The caller talks over the agent, as Twilio's socket and the call see it.

use protocol::call::{AgentCut, CutItem};

use super::*;
use crate::audio::loudness::Level;

/// A business whose agent is stopped by 40 ms of speech.
fn instant() -> BargeInSettings {
    BargeInSettings { preset: BargeInPreset::Instant, ..BargeInSettings::default() }
}

/// One that wants to be sure that it was speech.
fn careful() -> BargeInSettings {
    BargeInSettings { resume_false_interruption: true, ..instant() }
}

fn cut_item(of: &str, heard_ms: u32, came_ms: u32) -> CutItem {
    CutItem { response: response(), item: item(of), heard_ms, came_ms }
}

fn interrupted(number: u64, items: Vec<CutItem>) -> Event {
    Event::AgentInterrupted(AgentCut { number, took: Duration::ZERO, items })
}

impl Stage {
    /// A loud frame of 20 ms; says whether the caller interrupts with it.
    fn hears_loud(&mut self, protected: bool) -> bool {
        self.playback.hears(Level { rms: 5_000, millis: 20, at: self.now }, protected)
    }

    /// The caller speaks until the agent is interrupted.
    fn is_talked_over(&mut self) {
        assert!(!self.hears_loud(false));
        assert!(self.hears_loud(false));
        if let Some(cut_off) = self.playback.silence(&self.downlink, self.now) {
            self.playback.cut_or_wait(cut_off, Duration::ZERO, &self.downlink, self.now);
        }
    }

    /// OpenAI hears speech, or does not.
    fn looks(&mut self, heard: bool) {
        self.playback.look_whether_it_was_speech(heard, &self.downlink, self.now);
    }
}

#[test]
fn barge_3_invariant_10_trap_twilio_6_clear_goes_out_and_nothing_of_what_waited_or_still_comes() {
    // The producer is stopped in the same turn.
    let mut stage = Stage::with(&instant());
    stage.opens_with(SECOND, 3);
    stage.reports();
    stage.comes("a", 360);
    assert_eq!(stage.sends(), [Got::Audio(180), Got::Mark(1440)]);
    stage.passes(100);
    stage.is_talked_over();
    assert_eq!(stage.sends(), [Got::Clear]);
    stage.comes("a", 400);
    stage.ends("a");
    assert_eq!(stage.sends(), []);
    assert_eq!(stage.downlink.waiting_ms(), 0);
    let playing =
        Event::ItemPlaying { response: response(), item: item("a"), added: Duration::ZERO };
    assert_eq!(stage.reports(), [playing, interrupted(1, vec![cut_item("a", 100, 360)])]);
    assert_eq!(stage.playback.state_name(), "silent");
}

#[test]
fn barge_3_the_clear_is_on_its_way_before_anybody_can_know_of_the_cut() {
    let mut stage = Stage::with(&instant());
    stage.comes("a", 180);
    stage.sends();
    assert!(!stage.hears_loud(false) && stage.hears_loud(false));
    let cut_off = stage.playback.silence(&stage.downlink, stage.now).unwrap();
    assert_eq!((stage.sends(), stage.downlink.cuts()), (vec![Got::Clear], 0));
    stage.playback.cut_or_wait(cut_off, Duration::ZERO, &stage.downlink, stage.now);
    assert_eq!(stage.downlink.cuts(), 1);
}

#[test]
fn barge_3_a_clear_that_finds_no_room_is_sent_first_when_there_is_some_and_once() {
    let mut stage = Stage::with(&instant());
    stage.opens_with(SECOND, 2);
    stage.comes("a", 360);
    assert!(!stage.playback.send_audio(&stage.downlink, stage.now));
    stage.is_talked_over();
    stage.downlink.open(1);
    stage.comes("b", 20);
    assert!(!stage.playback.send_audio(&stage.downlink, stage.now), "it is to be offered again");
    assert_eq!(stage.sends(), [Got::Audio(180), Got::Mark(1440)], "what was there before");
    assert_eq!(stage.sends(), [Got::Clear]);
    assert_eq!(stage.sends(), [Got::Audio(20)]);
}

#[test]
fn barge_3_a_new_stream_has_nothing_to_be_cleared() {
    let mut stage = Stage::with(&instant());
    stage.opens_with(SECOND, 2);
    stage.comes("a", 360);
    stage.playback.send_audio(&stage.downlink, stage.now);
    stage.is_talked_over();
    stage.opens(FIRST);
    assert_eq!(stage.sends(), []);
}

#[test]
fn barge_3_trap_twilio_2_marks_that_the_clear_gives_back_say_nothing_was_played() {
    let mut stage = Stage::with(&instant());
    stage.comes("a", 360);
    stage.ends("a");
    let marks = stage.marks();
    stage.is_talked_over();
    stage.reports();
    for mark in &marks {
        stage.echoes(FIRST, mark);
    }
    assert_eq!(stage.reports(), []);
}

#[test]
fn barge_3_trap_openai_7_trap_twilio_3_the_second_answer_is_counted_from_its_own_beginning() {
    let mut stage = Stage::with(&instant());
    stage.comes("a", 180);
    stage.ends("a");
    let marks = stage.marks();
    stage.passes(180);
    stage.echoes(FIRST, marks.last().unwrap());
    stage.passes(5_000);
    stage.comes("b", 360);
    stage.sends();
    stage.passes(120);
    stage.reports();
    stage.is_talked_over();
    assert_eq!(stage.reports(), [interrupted(1, vec![cut_item("b", 120, 360)])]);
}

#[test]
fn barge_3_trap_twilio_4_an_answer_that_has_all_gone_to_twilio_is_cleared_all_the_same() {
    // What was sent was not heard yet.
    let mut stage = Stage::with(&instant());
    for of in ["a", "b"] {
        stage.comes(of, 180);
        stage.ends(of);
    }
    stage.sends();
    stage.passes(60);
    stage.reports();
    stage.is_talked_over();
    assert_eq!(stage.sends(), [Got::Clear]);
    let items = vec![cut_item("a", 60, 180), cut_item("b", 0, 180)];
    assert_eq!(stage.reports(), [interrupted(1, items)]);
}

#[test]
fn barge_3_an_agent_who_has_just_finished_is_not_interrupted() {
    let mut stage = Stage::with(&instant());
    stage.comes("a", 180);
    stage.ends("a");
    stage.sends();
    stage.passes(200);
    stage.reports();
    stage.is_talked_over();
    assert_eq!((stage.sends(), stage.downlink.cuts()), (vec![], 0));
    assert_eq!(stage.reports(), [played("a")], "its last mark was on the way");
}

#[test]
fn barge_3_an_item_of_which_only_the_end_had_not_come_was_heard_whole() {
    let mut stage = Stage::with(&instant());
    stage.opens_with(SECOND, 2);
    stage.comes("a", 180);
    stage.sends();
    stage.ends("a");
    stage.comes("b", 180);
    stage.passes(200);
    stage.reports();
    stage.is_talked_over();
    assert_eq!(stage.reports(), [played("a"), interrupted(1, vec![cut_item("b", 0, 180)])]);
}

#[test]
fn barge_1_nothing_fires_on_silence_on_a_protected_line_or_without_a_stream() {
    let mut stage = Stage::with(&instant());
    let fires = |stage: &mut Stage, protected| {
        (0..50).map(|_| stage.hears_loud(protected)).filter(|fired| *fired).count()
    };
    assert_eq!(fires(&mut stage, false), 0, "nothing to interrupt");
    assert!(!stage.playback.can_be_interrupted(stage.now));
    stage.comes("a", 180);
    stage.sends();
    assert!(stage.playback.can_be_interrupted(stage.now));
    assert_eq!(fires(&mut stage, true), 0, "a protected line");
    stage.playback.on_closed(&sid(FIRST), StreamEnd::Lost);
    assert!(!stage.playback.can_be_interrupted(stage.now));
    assert_eq!(fires(&mut stage, false), 0, "nobody hears it");
}

#[test]
fn barge_5_what_was_no_speech_only_pauses_the_agent_who_then_speaks_on_where_silence_fell() {
    let mut stage = Stage::with(&careful());
    stage.comes("a", 360);
    stage.sends();
    stage.passes(130);
    stage.reports();
    stage.is_talked_over();
    assert_eq!(stage.sends(), [Got::Clear]);
    stage.comes("a", 60);
    stage.ends("a");
    stage.passes(999);
    stage.looks(false);
    assert_eq!((stage.sends(), stage.reports()), (vec![], vec![]), "it waits");

    stage.passes(1);
    stage.looks(false);
    let (sent, marks) = (stage.sends_named(), stage.downlink.cuts());
    let audio: u32 =
        sent.iter().map(|(got, _)| if let Got::Audio(ms) = got { *ms } else { 0 }).sum();
    assert_eq!((audio, marks), (420 - 120, 0), "from the cut before 130 ms on, and no cut of ours");
    stage.reports();
    stage.passes(60);
    stage.is_talked_over();
    stage.looks(true);
    assert_eq!(stage.reports(), [interrupted(1, vec![cut_item("a", 180, 420)])]);
}

#[test]
fn barge_5_what_openai_hears_as_speech_interrupts_for_good() {
    let mut stage = Stage::with(&careful());
    stage.comes("a", 360);
    stage.sends();
    stage.passes(130);
    stage.reports();
    stage.is_talked_over();
    stage.comes("a", 60);
    stage.passes(20);
    stage.looks(true);
    assert_eq!(stage.sends(), [Got::Clear], "one, and the rest never comes");
    assert_eq!(stage.reports(), [interrupted(1, vec![cut_item("a", 130, 420)])]);
    stage.passes(2_000);
    stage.looks(false);
    assert_eq!((stage.sends(), stage.downlink.waiting_ms()), (vec![], 0));
}

#[test]
fn barge_5_an_item_whose_end_comes_after_all_of_it_was_heard_counts_as_played() {
    let mut stage = Stage::with(&careful());
    stage.comes("a", 180);
    stage.sends();
    stage.passes(300);
    stage.reports();
    stage.is_talked_over();
    stage.ends("a");
    stage.passes(1_000);
    stage.looks(false);
    stage.sends();
    let ended: Vec<_> = stage.reports().into_iter().filter(is_played).collect();
    assert_eq!(ended, [played("a")], "no mark of it will come back");
}
