//! What becomes of the agent's words: of the greeting, an answer, a last line.

use super::*;

/// What the transcript has of an item.
fn said(stage: &Stage, of: &str) -> String {
    let entry = stage.call.conversation.entry_of(&item(of)).unwrap();
    entry.text().unwrap_or_default()
}

#[test]
fn res_4_a_greeting_that_had_begun_is_not_repeated_and_one_short_sentence_follows() {
    let mut stage = silent();
    stage.begins("r0", "a0", vec![AskNumber(1)]);
    stage.dies();
    assert_eq!(stage.call.greeting(), Greeting::Done);
    assert_eq!(stage.wants(), [SHORT_SENTENCE]);
    assert!(stage.replayed().last().unwrap().contains("Do not greet them again"));
}

#[test]
fn res_4_of_a_greeting_that_was_cut_off_the_transcript_has_what_can_have_been_heard() {
    // Whether or not its words had come, and its audio.
    for (words, audio) in [(false, false), (true, false), (true, true)] {
        let mut stage = Stage::new(|settings| {
            settings.greeting.text = Some("one two three four five six".to_owned());
        });
        stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
        stage.does(Event::SessionConfigured { session: 1 });
        stage.begins("r0", "a0", vec![AskNumber(1)]);
        if words {
            let text = "one two three four five six".to_owned();
            stage.does(Event::AgentTextDone { item: item("a0"), text });
        }
        if audio {
            stage.does(Event::AgentAudioDone { item: item("a0"), came_ms: 9_000 });
            let plays_until = stage.now.at + Duration::from_secs(9);
            stage.does(Event::ItemQueued { item: item("a0"), plays_until });
        }
        stage.is_taken_over();
        let said = said(&stage, "a0");
        // 3 s have passed. Without the audio's length, letters are counted.
        let expected = if audio { "one two" } else { "one two three four five six" };
        assert_eq!(said, expected, "words: {words}, audio: {audio}");
        let mut rows = stage.sent.iter().filter_map(|command| {
            let Command::Record(Record::Turn(entry)) = command else { return None };
            entry.text().filter(|_| entry.item() == Some(&item("a0")))
        });
        assert_eq!(rows.next_back().as_deref(), Some(expected), "words: {words}, audio: {audio}");
    }
}

#[test]
fn greet_2_a_greeting_whose_audio_waited_for_the_stream_is_asked_for_again() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.does(Event::ResponseStarted { response: resp("r0"), asks: vec![AskNumber(1)] });
    stage.does(Event::AgentItem { response: resp("r0"), item: item("a0") });
    stage.does(Event::AgentBegan { response: resp("r0"), item: item("a0") });
    stage.does(Event::AgentTextDone { item: item("a0"), text: "words".to_owned() });
    stage.is_taken_over_after(AT_ONCE, AtTwilio::GoesOn);
    stage.comes_back();
    assert!(matches!(stage.wants()[..], [ref want] if is_greeting(want)), "{:?}", stage.wants());
    assert_eq!(said(&stage, "a0"), "", "nobody heard it");
    stage.last_line_is_heard("again");
    assert_eq!(stage.call.greeting(), Greeting::Done);
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn res_4_a_greeting_of_which_no_audio_had_come_is_spoken() {
    let mut begun = silent();
    begun.does(Event::ResponseStarted { response: resp("r0"), asks: vec![AskNumber(1)] });
    begun.does(Event::AgentItem { response: resp("r0"), item: item("a0") });
    for mut stage in [Stage::new(|_| {}), silent(), begun] {
        stage.is_taken_over_after(AT_ONCE, AtTwilio::GoesOn);
        stage.comes_back();
        assert!(
            matches!(stage.wants()[..], [ref want] if is_greeting(want)),
            "{:?}",
            stage.wants()
        );
        assert!(!stage.replayed().iter().any(|told| told.contains("cut off")));
    }
}

/// No model answers so soon.
const AT_ONCE: Duration = Duration::from_millis(299);

/// The process that has died may not have reached the database, and have greeted the caller all the same.
#[test]
fn greet_2_a_greeting_that_may_have_begun_since_the_snapshot_is_not_begun_again() {
    for mut stage in [Stage::new(|_| {}), silent()] {
        let text = "שלום, כאן מנעולי תל אביב. השיחה מוקלטת.";
        let setup = Arc::make_mut(&mut stage.call.setup);
        setup.opening = crate::business::OpeningLine::Spoken { text: text.to_owned() };
        stage.is_taken_over_after(AT_ONCE + Duration::from_millis(1), AtTwilio::GoesOn);
        stage.comes_back();
        assert_eq!(stage.wants(), [SHORT_SENTENCE]);
        let told = stage.replayed().last().unwrap().clone();
        assert!(told.contains("whom they have reached") && told.ends_with(text), "{told}");
        stage.last_line_is_heard("who-speaks");
        stage.dies();
        assert_eq!(stage.call.greeting(), Greeting::Done);
        assert_eq!(stage.wants(), [SHORT_SENTENCE], "nobody greets later either");
    }
}

/// What the caller has said is answered, and the answer says who speaks.
#[test]
fn greet_2_a_turn_that_waited_for_the_greeting_is_answered_without_it() {
    let mut stage = silent();
    stage.turn("u1");
    stage.words("u1", "מה המחיר?");
    stage.dies();
    assert_eq!(stage.wants(), [turn("u1")]);
    assert!(stage.replayed().last().unwrap().contains("whom they have reached"));
}

/// Twilio has had no document yet, so it has connected nothing.
#[test]
fn greet_2_a_call_whose_first_webhook_comes_again_is_greeted_however_late() {
    let mut stage = Stage::new(|_| {});
    stage.is_taken_over_after(Duration::from_secs(9), AtTwilio::Begins);
    stage.comes_back();
    assert!(matches!(stage.wants()[..], [ref want] if is_greeting(want)), "{:?}", stage.wants());

    let mut was_open = silent();
    was_open.is_taken_over_after(Duration::from_secs(9), AtTwilio::Begins);
    was_open.comes_back();
    assert_eq!(was_open.wants(), [SHORT_SENTENCE], "its stream had been open");
}

#[test]
fn res_4_an_answer_partly_heard_goes_into_the_history_as_heard_and_is_finished() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.words("u1", "מה המחיר?");
    stage.begins("r1", "a1", vec![ask]);
    let words = "one two three four five".to_owned();
    stage.does(Event::AgentTextDone { item: item("a1"), text: words });
    stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 2_000 });
    let plays_until = stage.now.at + Duration::from_secs(2);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.now.at += Duration::from_millis(1_200);
    stage.dies();
    assert_eq!(stage.wants(), [SHORT_SENTENCE]);
    assert!(stage.replayed().iter().any(|told| told == "one two three"), "{:?}", stage.replayed());
}

#[test]
fn res_4_an_answer_of_which_nothing_is_known_to_be_heard_is_asked_for_again() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.words("u1", "מה המחיר?");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentText { item: item("a1"), delta: "seven eight".to_owned() });
    stage.dies();
    assert_eq!(stage.wants(), [turn("u1")]);
    assert!(!stage.replayed().iter().any(|told| told.contains("seven")));
}

#[test]
fn res_4_an_answer_heard_to_its_end_is_not_given_again() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.words("u1", "מה המחיר?");
    stage.speaks("r1", "a1", vec![ask]);
    stage.plays("r1", "a1");
    stage.dies();
    assert_eq!(stage.wants(), [SHORT_SENTENCE]);
}

#[test]
fn res_4_a_last_line_of_which_nothing_was_heard_is_spoken_again_and_the_call_ends() {
    let mut awaited = Stage::open();
    awaited.does(Event::ShutdownOrdered);
    let mut scripted = Stage::open();
    scripted.does(Event::ShutdownOrdered);
    let ask = scripted.asks()[0].number;
    scripted.begins("r1", "a1", vec![ask]);
    let mut own_words = Stage::open();
    let ask = own_words.turn("u1");
    own_words.words("u1", "bye");
    own_words.begins("r1", "a1", vec![ask]);
    own_words.ends("r1", vec![ask], control(GOODBYE));
    for mut stage in [awaited, scripted, own_words] {
        let (ending, closing) = (stage.call.ending(), stage.call.setup().lines.closing.clone());
        assert_eq!(stage.call.phase().name(), "closing");
        stage.dies();
        assert_eq!(stage.call.ending(), ending);
        assert_eq!(stage.lines(), [(ScriptedLine::Closing, closing)]);
        assert_eq!(stage.asks().len(), 1, "nothing else is said");
        stage.last_line_is_heard("last");
        stage.waits(Duration::from_secs(5));
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

#[test]
fn res_4_a_last_line_of_which_only_a_part_was_heard_is_spoken_again_in_whole() {
    for scripted in [true, false] {
        let mut stage = Stage::open();
        let ask = if scripted {
            stage.does(Event::ShutdownOrdered);
            stage.asks()[0].number
        } else {
            let ask = stage.turn("u1");
            stage.words("u1", "bye");
            ask
        };
        stage.begins("r1", "a1", vec![ask]);
        stage.does(Event::AgentTextDone { item: item("a1"), text: "one two three".to_owned() });
        stage.does(Event::AgentAudioDone { item: item("a1"), came_ms: 3_000 });
        let plays_until = stage.now.at + Duration::from_secs(3);
        stage.does(Event::ItemQueued { item: item("a1"), plays_until });
        stage.ends("r1", vec![ask], if scripted { Vec::new() } else { control(GOODBYE) });
        stage.now.at += Duration::from_millis(1_200);
        assert_eq!(stage.call.phase().name(), "closing");
        let closing = stage.call.setup().lines.closing.clone();
        stage.dies();
        assert_eq!(said(&stage, "a1"), "one", "scripted: {scripted}");
        assert_eq!(stage.lines(), [(ScriptedLine::Closing, closing)], "scripted: {scripted}");
        assert_eq!(stage.asks().len(), 1, "nothing else is said");
        assert_eq!(stage.call.phase().name(), "closing");
        stage.last_line_is_heard("last");
        stage.waits(Duration::from_secs(5));
        assert_eq!(stage.count(&Command::HangUp), 1);
    }
}

#[test]
fn res_4_a_last_line_that_was_heard_is_not_repeated() {
    let mut pausing = Stage::open();
    pausing.does(Event::ShutdownOrdered);
    pausing.last_line_is_heard("last");
    assert_eq!(pausing.call.phase().name(), "pausing");
    pausing.dies();
    assert_eq!(pausing.asks(), []);
    pausing.waits(Duration::from_secs(5));
    assert_eq!(pausing.count(&Command::HangUp), 1);
}
