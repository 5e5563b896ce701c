//! The greeting, turns, pressed keys, and what a new session is told.

use super::*;

#[test]
fn call_1_a_call_is_answered_when_its_first_stream_opens_and_no_later_stream_changes_that() {
    let mut stage = Stage::new(|_| {});
    let answered = Record::Answered(stage.now.wall);
    for n in 1..=3 {
        let stream = StreamSid::parse(&format!("MZ{n:032x}")).unwrap();
        stage.does(Event::StreamOpened { stream });
    }
    assert_eq!(stage.count(&Command::Record(answered)), 1);
}

#[test]
fn call_2_the_greeting_is_owed_at_the_webhook_and_asked_for_as_soon_as_there_is_a_session() {
    let mut stage = Stage::new(|_| {});
    assert!(stage.asks().is_empty());
    stage.does(Event::SessionConfigured { session: 1 });
    let asks = stage.asks();
    assert!(matches!(
        &asks[..],
        [Ask { want: Want::Line { line: ScriptedLine::Greeting, .. }, .. }]
    ));
    let replay = stage.sent.iter().position(|c| matches!(c, Command::Replay { session: 1, .. }));
    let ask = stage.sent.iter().position(|c| matches!(c, Command::Ask(_)));
    assert!(replay < ask, "the session is told the call so far before anything is asked of it");
}

#[test]
fn greet_3_the_greeting_is_over_when_it_was_played_and_not_when_it_was_sent() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    assert_eq!(stage.call.greeting(), Greeting::Pending);
    stage.speaks("r0", "a0", vec![AskNumber(1)]);
    assert_eq!(stage.call.greeting(), Greeting::Playing);
    assert!(stage.call.agent_is_protected());
    stage.plays("r0", "a0");
    assert_eq!(stage.call.greeting(), Greeting::Done);
    assert!(!stage.call.agent_is_protected());
}

#[test]
fn greet_2_a_greeting_of_which_nothing_came_is_asked_for_again_in_the_next_session() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.does(Event::ResponseStarted { response: resp("r0"), asks: vec![AskNumber(1)] });
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks().len(), 2);
    assert_eq!(stage.asks()[0], stage.asks()[1]);
}

#[test]
fn greet_2_a_greeting_that_came_whole_is_never_asked_for_again() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.begins("r0", "a0", vec![AskNumber(1)]);
    stage.does(Event::AgentAudioDone { item: item("a0"), came_ms: 0 });
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn greet_1_a_played_greeting_is_not_spoken_and_stands_in_the_history() {
    let mut stage = Stage::new(plays_a_recording);
    assert_eq!(stage.call.conversation.entries().count(), 0, "it may not have been played");
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    assert!(stage.asks().is_empty());
    assert_eq!(stage.call.greeting(), Greeting::Done);
    let first = stage.call.conversation.entries().next().unwrap();
    assert!(matches!(first.body, Body::Recorded(_)));
}

#[test]
fn call_12_a_recording_that_fails_is_spoken_once_and_never_played_again() {
    let mut stage = Stage::new(plays_a_recording);
    assert_eq!(stage.call.recording_url(), Some("https://example.com/hello.wav"));
    stage.does(Event::RecordingFailed);
    stage.does(Event::RecordingFailed);
    assert_eq!((stage.call.recording_url(), stage.count(&Command::OpenSession)), (None, 1));
    assert_eq!(stage.call.greeting(), Greeting::Pending);
    stage.does(Event::SessionConfigured { session: 1 });
    assert_eq!(stage.lines().len(), 1);
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.speaks("r0", "a0", vec![AskNumber(1)]);
    stage.plays("r0", "a0");
    assert_eq!((stage.call.greeting(), stage.lines().len()), (Greeting::Done, 1));
    let recorded = |entry: &Arc<Entry>| matches!(entry.body, Body::Recorded(_));
    assert!(!stage.call.conversation.entries().any(recorded));
}

#[test]
fn call_12_once_a_stream_has_opened_a_recording_is_over() {
    let mut stage = Stage::new(plays_a_recording);
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::RecordingFailed);
    stage.does(Event::SessionConfigured { session: 1 });
    assert_eq!((stage.call.recording_url(), stage.lines().len()), (None, 0));
}

fn plays_a_recording(settings: &mut BusinessSettings) {
    settings.greeting.mode = crate::business::GreetingMode::Play;
    settings.greeting.audio_url = Some("https://example.com/hello.wav".to_owned());
}

#[test]
fn ops_1_the_waits_for_the_greeting_and_for_an_answer_are_measured() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.waits(Duration::from_millis(40));
    stage.does(Event::ResponseStarted { response: resp("r0"), asks: vec![AskNumber(1)] });
    stage.does(Event::AgentBegan { response: resp("r0"), item: item("a0") });
    stage.plays_first_of("r0", "a0", Duration::from_millis(3));
    stage.does(Event::SpeechStopped);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.waits(Duration::from_millis(700));
    stage.speaks("r1", "a1", vec![AskNumber(2)]);
    let latencies = stage.call.view(stage.now).latencies;
    assert_eq!((latencies.greeting_ms, latencies.last_turn_ms), (Some(40), Some(700)));
    assert_eq!(latencies.greeting_added_us, Some(3_000));
}

#[test]
fn ops_3_a_turn_has_its_length_and_an_answer_its_wait_whichever_news_comes_first() {
    for plays_early in [false, true] {
        let mut stage = Stage::open();
        stage.does(Event::SpeechStarted);
        stage.waits(Duration::from_millis(1_300));
        stage.does(Event::SpeechStopped);
        stage.does(Event::TurnCommitted { item: item("u1") });
        stage.waits(Duration::from_millis(700));
        stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![AskNumber(2)] });
        if plays_early {
            stage.plays_first_of("r1", "a1", Duration::ZERO);
        }
        stage.does(Event::AgentBegan { response: resp("r1"), item: item("a1") });
        stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 2_100 });
        stage.does(Event::AgentTextDone { item: item("a1"), text: "words".to_owned() });
        let recorded = |stage: &Stage| {
            let of = stage.sent.iter().filter(|sent| {
                let Command::Record(Record::Turn(entry)) = sent else { return false };
                entry.item() == Some(&item("a1"))
            });
            of.count()
        };
        assert_eq!(recorded(&stage), 1);
        if !plays_early {
            stage.plays_first_of("r1", "a1", Duration::ZERO);
            assert_eq!(recorded(&stage), 2, "the wait was not known when it was first recorded");
        }
        let measured = |of| {
            let entry = stage.call.entries().find(|entry| entry.item() == Some(&item(of)));
            stage.call.measured(entry.unwrap())
        };
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(measured("u1"), Measured { waited: None, lasts: millis(1_300) });
        assert_eq!(measured("a1"), Measured { waited: millis(700), lasts: millis(2_100) });
    }
}

#[test]
fn pipe_4_a_committed_turn_is_owed_one_answer_however_often_it_is_told() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.does(Event::TurnCommitted { item: item("u1") });
    let asks = stage.asks();
    assert_eq!(asks.len(), 1);
    assert_eq!(asks[0].want, Want::Answer(Reply::Turn(item("u1"))));
}

#[test]
fn pipe_6_an_answer_does_not_wait_for_the_transcript_which_may_come_late_or_never() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    assert_eq!(stage.asks().len(), 1);
    stage.does(Event::TurnTranscribed { item: item("u1"), text: None });
    stage.does(Event::TurnTranscribed { item: item("u1"), text: Some("כן".to_owned()) });
    let words = stage.call.conversation.entries().find_map(|entry| entry.text());
    assert!(words.is_some());
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn pipe_6_trap_openai_12_words_that_come_late_and_in_another_order_find_their_own_turns() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.speaks("r1", "a1", vec![AskNumber(2)]);
    stage.does(Event::TurnCommitted { item: item("u2") });
    for (turn, text) in [("u2", "second"), ("u1", "first")] {
        stage.does(Event::TurnTranscribed { item: item(turn), text: Some(text.to_owned()) });
    }
    let entries = stage.call.conversation.entries();
    let said: Vec<_> = entries.filter_map(|entry| entry.text()).collect();
    assert_eq!(said[said.len() - 3..], ["first", "words", "second"]);
}

#[test]
fn prompt_4_answers_that_were_cut_short_are_counted_and_shown() {
    let mut stage = Stage::open();
    for (number, outcome) in (1..).zip([Outcome::Incomplete, Outcome::Completed]) {
        stage.does(Event::TurnCommitted { item: item(&format!("u{number}")) });
        let asks = vec![stage.asks().last().unwrap().number];
        let response = resp(&format!("r{number}"));
        stage.begins(response.as_str(), &format!("a{number}"), asks.clone());
        stage.does(Event::ResponseEnded {
            response: Some(response),
            asks,
            outcome,
            calls: Vec::new(),
            usage: Usage::default(),
        });
        assert_eq!(stage.call.view(stage.now).incomplete, 1);
    }
}

#[test]
fn call_8_digits_are_gathered_until_a_hash_or_a_pause_and_are_one_turn() {
    for hash in [true, false] {
        let mut stage = Stage::open();
        stage.does(Event::DigitPressed { digit: '4' });
        stage.waits(Duration::from_millis(1400));
        stage.does(Event::DigitPressed { digit: '2' });
        assert!(stage.asks().is_empty());
        if hash {
            stage.does(Event::DigitPressed { digit: '#' });
        } else {
            stage.waits(Duration::from_millis(1500));
        }
        assert_eq!(stage.asks().len(), 1);
        let told: Vec<_> = (stage.sent.iter())
            .filter_map(|command| {
                let Command::Tell(entry) = command else { return None };
                entry.text()
            })
            .collect();
        assert_eq!(told, ["the caller pressed 42"]);
    }
}

#[test]
fn pipe_10_a_model_that_breaks_off_every_answer_is_given_up_after_five() {
    let mut stage = Stage::open_without_a_person();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let breaks_off = |stage: &mut Stage, n: u32| {
        let ask = stage.asks().last().unwrap().number;
        let (response, of) = (format!("r{n}"), format!("a{n}"));
        stage.begins(&response, &of, vec![ask]);
        stage.does(Event::AgentText { item: item(&of), delta: "שלום".to_owned() });
        stage.loses_session(SessionFault::Passing);
        stage.does(Event::SessionConfigured { session: n + 1 });
    };
    (1..=4).for_each(|n| breaks_off(&mut stage, n));
    let ask = stage.asks().last().unwrap().number;
    stage.speaks("whole", "whole", vec![ask]);
    stage.does(Event::TurnCommitted { item: item("u2") });
    (11..=14).for_each(|n| breaks_off(&mut stage, n));
    assert_eq!(stage.count(&Command::Apologise), 0, "one answer came whole meanwhile");
    breaks_off(&mut stage, 15);
    assert_eq!(stage.count(&Command::Apologise), 1);
}

#[test]
fn res_2_an_answer_of_which_nothing_came_is_asked_for_again_and_one_partly_heard_is_resumed_once() {
    for spoke in [false, true] {
        let mut stage = Stage::open();
        stage.does(Event::TurnCommitted { item: item("u1") });
        let ask = stage.asks()[0].clone();
        if spoke {
            stage.begins("r1", "a1", vec![ask.number]);
            stage.does(Event::AgentText { item: item("a1"), delta: "שלום".to_owned() });
        } else {
            stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask.number] });
        }
        stage.sent.clear();
        stage.loses_session(SessionFault::Passing);
        stage.does(Event::SessionConfigured { session: 2 });
        let asks = stage.asks();
        assert_eq!(asks.len(), 1);
        if spoke {
            assert_eq!(asks[0].want, Want::Answer(Reply::Resume));
            let history = stage.sent.iter().find_map(|command| {
                let Command::Replay { history, .. } = command else { return None };
                Some(history.clone())
            });
            assert_eq!(history.unwrap().last().unwrap().text().unwrap(), "שלום");
        } else {
            assert_eq!(asks[0], ask);
        }
    }
}

#[test]
fn res_2_a_session_that_dies_while_nobody_waits_is_followed_by_silence() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.speaks("r1", "a1", vec![ask]);
    stage.sent.clear();
    stage.loses_session(SessionFault::Passing);
    stage.does(Event::SessionConfigured { session: 2 });
    assert!(stage.asks().is_empty(), "what it said is still being played");
}

fn with_a_recording() -> Stage {
    Stage::new(|settings| {
        settings.greeting.mode = crate::business::GreetingMode::Play;
        settings.greeting.audio_url = Some("https://example.com/hello.wav".to_owned());
    })
}

#[test]
fn call_2_while_a_recording_plays_no_session_is_wanted_and_none_is_missed() {
    let mut stage = with_a_recording().without_a_person();
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.call.phase(), &Phase::Open, "a recording can be longer than any patience");
    assert!(!stage.sent.contains(&Command::OpenSession));
    assert!(!stage.sent.contains(&Command::Apologise));
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    assert_eq!(stage.sent.iter().filter(|sent| **sent == Command::OpenSession).count(), 1);
    stage.waits(Duration::from_secs(9));
    assert_eq!(stage.call.phase(), &Phase::Open);
    stage.waits(Duration::from_secs(2));
    assert!(stage.sent.contains(&Command::Apologise), "from now on a session is missed (RES-3)");
}

#[test]
fn call_2_a_session_is_wanted_at_the_webhook_when_no_recording_plays() {
    for first in [true, false] {
        let mut stage = Stage::new(|settings| settings.greeting.bot_speaks_first = first);
        assert!(!stage.sent.contains(&Command::OpenSession), "it opens by itself");
        stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
        assert!(!stage.sent.contains(&Command::OpenSession));
    }
}

#[test]
fn call_2_a_stream_that_never_opens_behind_a_recording_ends_the_call_in_the_end() {
    let mut stage = with_a_recording();
    stage.waits(Duration::from_secs(15 * 60 + 60));
    assert_eq!(stage.call.ending().map(|ending| ending.reason), Some(EndReason::NotConnected));
}

#[test]
fn greet_1_after_a_recording_the_agent_says_nothing_until_the_caller_has_spoken() {
    let mut stage = with_a_recording();
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.does(Event::SessionConfigured { session: 1 });
    assert!(stage.asks().is_empty());
    stage.does(Event::TurnCommitted { item: item("u1") });
    let asks = stage.asks();
    assert!(
        matches!(&asks[..], [Ask { want: Want::Answer(Reply::Turn(turn)), .. }] if *turn == item("u1"))
    );
}
