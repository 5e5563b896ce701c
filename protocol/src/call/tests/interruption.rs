//! The caller interrupts the agent (BARGE-3, BARGE-6).

use super::*;

const WORDS: &str = "one two three four five";

fn cut(response: &str, of: &str, heard_ms: u32, came_ms: u32) -> CutItem {
    CutItem { response: resp(response), item: item(of), heard_ms, came_ms }
}

impl Stage {
    fn is_talked_over(&mut self, items: Vec<CutItem>) {
        let took = Duration::from_micros(300);
        self.does(Event::AgentInterrupted(AgentCut { number: 1, took, items }));
    }

    /// The caller asks something, and the agent is in the middle of an answer of 2 s.
    fn answering() -> Self {
        let mut stage = Self::open();
        stage.does(Event::TurnCommitted { item: item("u1") });
        stage.begins("r1", "a1", vec![AskNumber(2)]);
        stage.does(Event::AgentText { item: item("a1"), delta: WORDS.to_owned() });
        stage.sent.clear();
        stage
    }

    fn interruptions(&self) -> Vec<Interruption> {
        let interruptions = self.sent.iter().filter_map(|command| {
            let Command::Interrupt(interruption) = command else { return None };
            Some(interruption.clone())
        });
        interruptions.collect()
    }

    /// The transcript's text of an item.
    fn said(&self, of: &str) -> (String, AgentSpeech) {
        let entries = self.call.conversation.entries();
        let found = entries.rev().find(|entry| entry.item() == Some(&item(of)));
        let Some(Body::Agent { text, speech, .. }) = found.map(|entry| &entry.body) else {
            panic!("not the agent's: {found:?}")
        };
        (text.clone(), *speech)
    }

    /// The agent's texts that were recorded since the last call of this.
    fn written(&self) -> Vec<String> {
        let written = self.sent.iter().filter_map(|command| {
            let Command::Record(Record::Turn(entry)) = command else { return None };
            entry.text()
        });
        written.collect()
    }

    fn is_cancelled(&mut self, response: &str, asks: Vec<AskNumber>) {
        self.does(Event::ResponseEnded {
            response: Some(resp(response)),
            asks,
            outcome: Outcome::Cancelled,
            calls: Vec::new(),
            usage: Usage::default(),
        });
    }
}

#[test]
fn barge_6_trap_openai_11_the_transcript_keeps_what_was_heard_and_no_words_that_come_later() {
    let mut stage = Stage::answering();
    stage.is_talked_over(vec![cut("r1", "a1", 800, 2_000)]);
    let heard = ("one two".to_owned(), AgentSpeech::Interrupted { heard_ms: 800 });
    assert_eq!(stage.said("a1"), heard);
    assert_eq!(stage.written(), ["one two"]);
    stage.does(Event::AgentText { item: item("a1"), delta: " six".to_owned() });
    stage.does(Event::AgentTextDone { item: item("a1"), text: format!("{WORDS} six") });
    stage.is_cancelled("r1", vec![AskNumber(2)]);
    assert_eq!((stage.said("a1"), stage.written().len()), (heard, 1));
}

#[test]
fn barge_6_words_that_are_ahead_of_their_audio_are_not_kept() {
    // All words have come, and half of the audio.
    for written_down in [false, true] {
        let mut stage = Stage::answering();
        if written_down {
            stage.does(Event::AgentTextDone { item: item("a1"), text: WORDS.to_owned() });
        }
        stage.is_talked_over(vec![cut("r1", "a1", 800, 900)]);
        assert_eq!(stage.said("a1").0, "one two", "written down: {written_down}");
    }
    // When all audio has come, its length is known.
    let mut stage = Stage::answering();
    stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 900 });
    stage.is_talked_over(vec![cut("r1", "a1", 800, 900)]);
    assert_eq!(stage.said("a1").0, "one two three four");
    // The caller hangs up in the middle of it.
    let mut stage = Stage::answering();
    stage.does(Event::PlaybackStopped { items: vec![cut("r1", "a1", 800, 900)] });
    stage.does(Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(9) });
    assert_eq!(stage.said("a1").0, "one two");
}

#[test]
fn barge_6_an_answer_written_down_before_it_was_heard_is_taken_back_to_what_was() {
    let mut stage = Stage::answering();
    stage.does(Event::AgentTextDone { item: item("a1"), text: WORDS.to_owned() });
    stage.ends("r1", vec![AskNumber(2)], Vec::new());
    stage.is_talked_over(vec![cut("r1", "a1", 0, 2_000)]);
    assert_eq!(stage.written(), [WORDS, ""]);
}

#[test]
fn barge_6_an_answer_cut_in_its_first_word_leaves_a_turn_without_words() {
    let mut stage = Stage::answering();
    stage.is_talked_over(vec![cut("r1", "a1", 120, 2_000)]);
    assert_eq!(stage.said("a1"), (String::new(), AgentSpeech::Interrupted { heard_ms: 120 }));
    assert_eq!(stage.written(), [""]);
}

#[test]
fn barge_3_what_was_cut_off_counts_as_said_and_openai_is_told_of_it_once() {
    let mut stage = Stage::answering();
    assert!(stage.call.view(stage.now).agent_speaks);
    let items = vec![cut("r1", "a1", 800, 2_000)];
    stage.is_talked_over(items.clone());
    let interruption = Interruption { number: 1, items, heard: vec![item("a0")] };
    assert_eq!(stage.interruptions(), [interruption]);
    let view = stage.call.view(stage.now);
    assert!(!view.agent_speaks);
    assert_eq!((view.latencies.barge_ins, view.latencies.last_barge_in_us), (1, Some(300)));
    stage.is_cancelled("r1", vec![AskNumber(2)]);
    assert_eq!(stage.call.view(stage.now).owed, 0, "the answer was given");
    assert_eq!(stage.asks(), [], "and is not given again");
}

#[test]
fn barge_6_what_a_cut_response_still_makes_was_never_said() {
    let mut stage = Stage::answering();
    stage.is_talked_over(vec![cut("r1", "a1", 800, 2_000)]);
    stage.does(Event::AgentItem { response: resp("r1"), item: item("a2") });
    stage.does(Event::AgentTextDone { item: item("a2"), text: WORDS.to_owned() });
    stage.is_cancelled("r1", vec![AskNumber(2)]);
    assert_eq!(stage.said("a2"), (String::new(), AgentSpeech::Interrupted { heard_ms: 0 }));
    assert_eq!(stage.written(), ["one two"]);
}

#[test]
fn barge_6_a_response_cancelled_before_it_could_be_heard_said_nothing_and_its_turn_was_served() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![AskNumber(2)] });
    stage.does(Event::AgentItem { response: resp("r1"), item: item("a1") });
    stage.does(Event::AgentTextDone { item: item("a1"), text: WORDS.to_owned() });
    stage.is_talked_over(vec![cut("r0", "a0", 10, 20)]);
    stage.is_cancelled("r1", vec![AskNumber(2)]);
    assert_eq!(stage.said("a1").0, "");
    assert_eq!(stage.call.view(stage.now).owed, 0);
}

#[test]
fn greet_4_a_greeting_that_was_talked_over_is_done_and_never_asked_for_again() {
    let mut stage = Stage::new(|settings| settings.greeting.protected = false);
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    stage.begins("r0", "a0", vec![AskNumber(1)]);
    assert!(!stage.call.agent_is_protected());
    stage.is_talked_over(vec![cut("r0", "a0", 600, 2_000)]);
    assert_eq!(stage.call.greeting(), Greeting::Done);
    stage.sent.clear();
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks(), []);
}

#[test]
fn barge_4_an_answer_that_was_talked_over_is_not_finished_when_its_session_dies() {
    let mut stage = Stage::answering();
    stage.is_talked_over(vec![cut("r1", "a1", 800, 2_000)]);
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks(), []);
    let told = stage.sent.iter().find_map(|command| {
        let Command::Replay { history, .. } = command else { return None };
        history.last()?.text()
    });
    assert_eq!(told.as_deref(), Some("one two"), "the new session is told what was heard");
}

#[test]
fn res_2_news_of_a_cut_may_come_before_the_news_of_what_was_cut() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.is_talked_over(vec![cut("r1", "a1", 0, 300)]);
    stage.begins("r1", "a1", vec![AskNumber(2)]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: WORDS.to_owned() });
    stage.is_cancelled("r1", vec![AskNumber(2)]);
    assert_eq!(stage.said("a1").0, "");
    let view = stage.call.view(stage.now);
    assert_eq!((view.agent_speaks, view.owed), (false, 0));
}

#[test]
fn end_2_words_that_were_talked_over_end_no_call() {
    let mut stage = Stage::answering();
    stage.is_talked_over(vec![cut("r1", "a1", 800, 2_000)]);
    stage.ends("r1", vec![AskNumber(2)], control(GOODBYE));
    assert_eq!(stage.call.phase(), &Phase::Open);
    let asks = stage.asks();
    assert!(matches!(asks.as_slice(), [Ask { want: Want::Answer(Reply::ToolOutput), .. }]));
}
