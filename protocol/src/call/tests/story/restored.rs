//! Stories whose call is written and read again, or goes on in another process.

use super::*;
use crate::call::snapshot::CallSnapshot;

/// What a process that takes the call over gives out, up to its first session.
fn resumed(stage: &mut Stage, after: Duration) {
    let json = stage.call.snapshot(stage.now).to_json().unwrap();
    stage.now.at += after;
    let snapshot = CallSnapshot::from_json(&json).unwrap();
    let setup = Arc::clone(&stage.call.setup);
    stage.call = Call::resume(setup, snapshot, AtTwilio::GoesOn, stage.now).unwrap();
    stage.sent.clear();
    stage.sent_at.clear();
    stage.deliver();
}

fn decider() -> impl Strategy<Value = Decider> {
    prop_oneof![Just(Decider::Model), Just(Decider::Phrases), Just(Decider::Both)]
}

fn wait() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(Duration::ZERO), Just(Duration::from_millis(300))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever happens, a call that is written and read after each event does the same.
    #[test]
    fn res_4_a_call_that_is_written_and_read_after_each_event_goes_on_the_same(
        decider in decider(),
        wait in wait(),
        open in any::<bool>(),
        has_person in any::<bool>(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut plain = Story::new(decider, wait, open, has_person);
        let mut written = Story::new(decider, wait, open, has_person);
        written.stage.is_restored = true;
        for story in [&mut plain, &mut written] {
            steps.iter().cloned().for_each(|step| story.happens(step));
            story.stage.waits(Duration::from_secs(60));
        }
        prop_assert_eq!(&plain.stage.sent, &written.stage.sent);
        prop_assert_eq!(&plain.stage.sent_at, &written.stage.sent_at);
    }

    /// Whenever the process dies, the next one greets nobody twice, asks for the answer to a turn that
    /// waited, lets an ending go on, and brings the call to its end once.
    #[test]
    fn res_4_a_call_whose_process_died_goes_on_without_a_second_greeting(
        decider in decider(),
        wait in wait(),
        open in any::<bool>(),
        has_person in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..60),
        away in 0_u64..40_000,
    ) {
        let mut story = Story::new(decider, wait, open, has_person);
        run(&mut story, steps)?;
        let before = story.stage.call.clone();
        let was_over = matches!(before.phase(), Phase::Over { .. });
        let stage = &mut story.stage;
        resumed(stage, Duration::from_millis(away));
        let answered = !matches!(before.stream, StreamState::Awaited { .. });
        let talks = answered && stage.call.phase() == &Phase::Open;
        let ends = before.ending();
        // Nothing that the caller has said since can take it back, except words that were lost.
        let may_be_taken_back = matches!(before.phase(), Phase::Closing { .. } | Phase::Pausing { .. });
        prop_assert!(stage.call.ending().map(|now| now.reason) == ends.map(|then| then.reason)
            || may_be_taken_back || ends.is_none());
        let speech = &stage.call.speech;
        prop_assert!(was_over || !(speech.agent_speaks() || speech.caller_speaks));
        let stream = StreamSid::parse(&format!("MZ{:032x}", 99)).unwrap();
        stage.does(Event::StreamOpened { stream });
        stage.does(Event::SessionConfigured { session: 1 });
        let asked = stage.asks();
        let greets = stage.lines().iter().any(|(line, _)| *line == ScriptedLine::Greeting);
        let may_greet = before.greeting() == Greeting::Pending && away < 300;
        prop_assert!(!greets || may_greet, "greeted twice");
        let went_on = stage.call.phase() == &Phase::Open && talks;
        if went_on && before.greeting() != Greeting::Pending && !stage.call.tools.will_be_answered() {
            prop_assert!(!asked.is_empty(), "the caller hears nothing");
        }
        for turn in before.unanswered_turns().into_iter().filter(|_| went_on) {
            let answers = |ask: &Ask| ask.want == Want::Answer(Reply::Turn(turn.clone()));
            let silence = stage.lines().iter().any(|(line, _)| *line != ScriptedLine::Greeting);
            prop_assert!(asked.iter().any(answers) || silence, "{turn:?} is not answered");
        }
        stage.waits(Duration::from_secs(5 * 3600));
        prop_assert!(matches!(stage.call.phase(), Phase::Over { .. }), "every call ends");
        prop_assert_eq!(stage.count(&Command::Finish), usize::from(!was_over));
        prop_assert!(stage.count(&Command::HangUp) <= 1);
        prop_assert!(stage.count(&Command::Apologise) <= 1);
    }
}
