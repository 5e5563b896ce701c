//! What the record keeps of an answer that the end of the call cut off (BARGE-6).

use super::*;

fn cut(of: &str, heard_ms: u32) -> CutItem {
    CutItem { response: resp("r1"), item: item(of), heard_ms, came_ms: 2_000 }
}

/// The agent is in the middle of an answer of which all words came.
fn answering() -> Stage {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: "one two three four".to_owned() });
    stage
}

fn stream_ends(stage: &mut Stage, how: StreamEnd) {
    stage.does(Event::StreamClosed { stream: StreamSid::parse(STREAM).unwrap(), how });
}

/// The last record of an item.
fn recorded(stage: &Stage, of: &str) -> Option<(Option<String>, AgentSpeech)> {
    stage.sent.iter().rev().find_map(|command| {
        let Command::Record(Record::Turn(entry)) = command else { return None };
        let Body::Agent { item: known, speech, .. } = &entry.body else { return None };
        (*known == item(of)).then(|| (entry.text(), *speech))
    })
}

#[test]
fn barge_6_of_an_answer_that_the_caller_hung_up_on_the_record_keeps_what_was_heard() {
    let half = (Some("one two".to_owned()), AgentSpeech::Interrupted { heard_ms: 1_100 });

    let mut stage = answering();
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 1_100)] });
    stream_ends(&mut stage, StreamEnd::Stopped);
    assert_eq!(recorded(&stage, "a1"), Some(half.clone()));

    // The terminal status can come before the news of the stream.
    let mut stage = answering();
    let status = CallStatus::Completed;
    stage.does(Event::StatusReported { status, duration_secs: Some(9) });
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 1_100)] });
    assert_eq!(recorded(&stage, "a1"), Some(half));
}

#[test]
fn barge_6_an_answer_of_which_nothing_was_heard_leaves_no_words() {
    let mut stage = answering();
    stage.does(Event::AgentItem { response: resp("r1"), item: item("a2") });
    stage.does(Event::AgentText { item: item("a2"), delta: "never heard".to_owned() });
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 0)] });
    stream_ends(&mut stage, StreamEnd::Stopped);
    let nothing = AgentSpeech::Interrupted { heard_ms: 0 };
    assert_eq!(recorded(&stage, "a1"), Some((Some(String::new()), nothing)));
    assert_eq!(recorded(&stage, "a2"), None, "nothing of it came");
}

#[test]
fn barge_6_a_stream_that_comes_back_plays_the_rest() {
    let mut stage = answering();
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 1_100)] });
    stream_ends(&mut stage, StreamEnd::Lost);
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.plays("r1", "a1");
    stream_ends(&mut stage, StreamEnd::Stopped);
    let whole = (Some("one two three four".to_owned()), AgentSpeech::Whole);
    assert_eq!(recorded(&stage, "a1"), Some(whole));

    let mut stage = answering();
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 1_100)] });
    stream_ends(&mut stage, StreamEnd::Lost);
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::StreamLost));
    let half = (Some("one two".to_owned()), AgentSpeech::Interrupted { heard_ms: 1_100 });
    assert_eq!(recorded(&stage, "a1"), Some(half));
}

#[test]
fn barge_6_an_answer_whose_mark_was_lost_counts_as_heard() {
    let mut stage = answering();
    let plays_until = stage.now.at + Duration::from_secs(2);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.waits(Duration::from_secs(6));
    stage.does(Event::PlaybackStopped { items: vec![cut("a1", 180)] });
    stream_ends(&mut stage, StreamEnd::Stopped);
    let whole = (Some("one two three four".to_owned()), AgentSpeech::Whole);
    assert_eq!(recorded(&stage, "a1"), Some(whole));
}

/// The agent's items and words, as a new session is told them.
fn replayed(stage: &Stage) -> Vec<String> {
    let history = stage.sent.iter().rev().find_map(|command| {
        let Command::Replay { history, .. } = command else { return None };
        Some(history.clone())
    });
    let agent = |entry: &Arc<Entry>| {
        matches!(entry.body, Body::Agent { .. }).then(|| entry.text().unwrap_or_default())
    };
    history.unwrap().iter().filter_map(agent).collect()
}

/// The session is lost when `came_ms` of the item's audio have come.
fn breaks_off(stage: &mut Stage, of: &str, came_ms: u32) {
    stage.does(Event::AgentBrokeOff { response: resp("r1"), item: item(of), came_ms });
    stage.loses_session(SessionFault::Passing);
}

#[test]
fn barge_6_of_an_answer_that_broke_off_the_record_and_the_next_session_keep_what_came() {
    for all_words in [true, false] {
        let mut stage = Stage::open();
        let ask = stage.turn("u1");
        stage.begins("r1", "a1", vec![ask]);
        let text = "one two three four".to_owned();
        stage.does(if all_words {
            Event::AgentTextDone { item: item("a1"), text }
        } else {
            Event::AgentText { item: item("a1"), delta: text }
        });
        breaks_off(&mut stage, "a1", 600);
        assert_eq!(recorded(&stage, "a1"), Some((Some("one two".to_owned()), AgentSpeech::Cut)));
        stage.does(Event::SessionConfigured { session: 2 });
        assert_eq!(replayed(&stage), ["words", "one two"]);
        assert_eq!(stage.asks().last().unwrap().want, Want::Answer(Reply::Resume));
        stage.does(Event::AgentTextDone { item: item("a1"), text: "of a lost session".to_owned() });
        stage.plays("r1", "a1");
        assert_eq!(recorded(&stage, "a1"), Some((Some("one two".to_owned()), AgentSpeech::Cut)));
    }
}

#[test]
fn barge_6_how_fast_the_agent_speaks_is_known_from_what_it_said_before() {
    let mut stage = Stage::open();
    let ask = stage.turn("u0");
    stage.begins("r-slow", "a-slow", vec![ask]);
    stage.does(Event::AgentAudioDone { item: item("a-slow"), came_ms: 2_000 });
    stage.does(Event::AgentTextDone { item: item("a-slow"), text: "ten lettrs".to_owned() });
    stage.ends("r-slow", vec![ask], Vec::new());
    stage.plays("r-slow", "a-slow");
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentTextDone { item: item("a1"), text: "one two three four".to_owned() });
    breaks_off(&mut stage, "a1", 1_400);
    assert_eq!(recorded(&stage, "a1").unwrap().0.as_deref(), Some("one two"));
}

#[test]
fn barge_6_words_that_the_audio_has_reached_stay_when_the_session_is_lost() {
    let mut stage = answering();
    breaks_off(&mut stage, "a1", 5_000);
    assert_eq!(recorded(&stage, "a1").unwrap().0.as_deref(), Some("one two three four"));

    // Its second item has words and no audio. The first one came whole.
    let mut stage = answering();
    stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 900 });
    stage.does(Event::AgentItem { response: resp("r1"), item: item("a2") });
    stage.does(Event::AgentTextDone { item: item("a2"), text: "never heard".to_owned() });
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(replayed(&stage), ["words", "one two three four", ""]);
    assert_eq!(recorded(&stage, "a2").unwrap().0.as_deref(), Some(""));
}

#[test]
fn barge_6_what_broke_off_and_is_then_talked_over_is_cut_to_what_was_heard() {
    let mut stage = answering();
    breaks_off(&mut stage, "a1", 600);
    let items = vec![CutItem { came_ms: 600, ..cut("a1", 350) }];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    let heard = (Some("one".to_owned()), AgentSpeech::Interrupted { heard_ms: 350 });
    assert_eq!(recorded(&stage, "a1"), Some(heard));
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(replayed(&stage), ["words", "one"]);
    assert!(stage.asks().iter().all(|ask| ask.want != Want::Answer(Reply::Resume)));
}

/// The agent's words that the session is told anew.
fn corrected(stage: &Stage) -> Vec<Option<String>> {
    let texts = stage.sent.iter().filter_map(|command| {
        let Command::Correct(entry) = command else { return None };
        Some(entry.text())
    });
    texts.collect()
}

#[test]
fn barge_6_a_session_that_was_told_more_than_was_heard_is_told_anew() {
    let mut stage = answering();
    breaks_off(&mut stage, "a1", 600);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(replayed(&stage), ["words", "one two"]);
    let items = vec![CutItem { came_ms: 600, ..cut("a1", 350) }];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    assert_eq!(corrected(&stage), [Some("one".to_owned())]);
    let withdrawn = |command: &Command| matches!(command, Command::Withdraw(_));
    assert!(stage.sent.iter().any(withdrawn), "what was cut is not finished");
}

#[test]
fn barge_6_a_session_is_told_nothing_anew_of_its_own_items_or_of_what_was_heard() {
    // Its own item is truncated.
    let mut stage = answering();
    let items = vec![cut("a1", 1_100)];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    assert_eq!(corrected(&stage), []);
    // The cut comes after the last word.
    let mut stage = answering();
    breaks_off(&mut stage, "a1", 600);
    stage.does(Event::SessionConfigured { session: 2 });
    let items = vec![CutItem { came_ms: 600, ..cut("a1", 600) }];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    assert_eq!(corrected(&stage), []);
    // There is no session. The next one is told what was heard.
    let mut stage = answering();
    breaks_off(&mut stage, "a1", 600);
    let items = vec![CutItem { came_ms: 600, ..cut("a1", 0) }];
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took: Duration::ZERO, items }));
    assert_eq!(corrected(&stage), []);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(replayed(&stage), ["words", ""]);
}
