//! Traces that hold, and traces with one step wrong each.

use std::sync::{Arc, Mutex};

use practice::openai::Behaviour;
use practice::twilio::LineQuality;
use protocol::ids::PhoneNumber;
use tokio::sync::watch;

use super::*;
use crate::chaos::play::businesses;
use crate::chaos::stage;
use crate::chaos::story::{Act, Caller, Deed, Finally, Moment, Trouble, When};
use crate::simulate::trace::{Trace, Verdict};
use crate::virtual_time::{self, process::Process};

fn story(troubles: Vec<Fault>) -> Story {
    let troubles = troubles.into_iter();
    let troubles = troubles.map(|what| Trouble { at: Moment::At(Duration::ZERO), what }).collect();
    Story {
        seed: 1,
        nodes: 1,
        callers: Vec::new(),
        writers: Vec::new(),
        troubles,
        model: Behaviour::default(),
        setting: Default::default(),
    }
}

/// Plays lines such as `1250 call/0 done 3`: milliseconds, actor and generation, message. Returns the
/// invariant that broke at the last line; none may break before it.
fn play_in(story: &Story, lines: &[&str]) -> Option<u8> {
    let mut watcher = Watcher::new(story);
    let mut last = None;
    for line in lines {
        assert_eq!(last, None, "before {line:?}");
        let (at_ms, rest) = line.split_once(' ').unwrap();
        let (actor, message) = rest.split_once(' ').unwrap();
        let (actor, generation) = actor.split_once('/').unwrap();
        let point = TracePoint {
            number: 1,
            at_ms: at_ms.parse().unwrap(),
            call: "CA1",
            actor,
            generation: generation.parse().unwrap(),
            may_panic: false,
            message,
            process: Process::OUTSIDE,
        };
        last = watcher.see(&point, Some(0)).map(|broken| broken.invariant.0);
    }
    last
}

fn play(lines: &[&str]) -> Option<u8> {
    play_in(&story(Vec::new()), lines)
}

const CREATE: &str = "1 realtime/0 to OpenAI: response.create {}";
const DONE: &str = "2 realtime/0 takes 1, attempt 1: Received { session: 1, event: ResponseDone(ResponseDone { .. }) }";

#[test]
fn invariant_1_a_second_response_beside_the_first_is_detected() {
    assert_eq!(play(&[CREATE, CREATE]), Some(1));
    assert_eq!(play(&[CREATE, DONE, CREATE]), None);
    let refused =
        "2 realtime/0 takes 1, attempt 1: Received { session: 1, event: Error(ErrorEvent {}) }";
    assert_eq!(play(&[CREATE, refused, CREATE]), None);
    assert_eq!(play(&[CREATE, "2 realtime/0 task socket ended", CREATE]), None);
    assert_eq!(play(&[CREATE, "2 realtime/0 to OpenAI: response.cancel {}", CREATE]), Some(1));
}

#[test]
fn invariant_5_a_session_beside_another_is_detected() {
    let (opens, closes) = ("1 realtime/0 task socket began", "2 realtime/0 task socket ended");
    assert_eq!(play(&[opens, opens]), Some(5));
    assert_eq!(play(&[opens, closes, "3 realtime/1 task socket began"]), None);
}

#[test]
fn a_daemon_s_steps_are_not_held_against_another() {
    let mut watcher = Watcher::new(&story(Vec::new()));
    let mut sees = |process, message| {
        let point = TracePoint {
            number: 1,
            at_ms: 1,
            call: "CA1",
            actor: "realtime",
            generation: 0,
            may_panic: false,
            message,
            process: Process(process),
        };
        watcher.see(&point, Some(0)).map(|broken| broken.invariant.0)
    };
    assert_eq!(sees(1, "task socket began"), None);
    assert_eq!(sees(2, "task socket began"), None, "who may have a session is told by leases");
    assert_eq!(sees(2, "task socket began"), Some(5));
}

#[test]
fn invariant_9_a_task_that_outlives_its_call_is_detected() {
    let begins = "1 call_supervisor/0 task hang up began";
    let (ends, gone) = ("2 call_supervisor/0 task hang up ended", "3 call_supervisor/0 gone");
    assert_eq!(play(&[begins, gone]), Some(9));
    assert_eq!(play(&[begins, ends, gone]), None);
}

#[test]
fn invariant_7_an_event_that_is_done_before_its_effects_are_published_is_detected() {
    let takes = "1 call/0 takes 1, attempt 1: SessionLost";
    assert_eq!(play(&[takes, "1 call/0 done 1"]), Some(7));
    assert_eq!(play(&[takes, "1 call/0 published 1", "1 call/0 done 1"]), None);
    assert_eq!(play(&["1 twilio_io/0 takes 1, attempt 1: Mark", "1 twilio_io/0 done 1"]), None);
}

#[test]
fn invariant_7_an_event_that_is_lost_is_detected() {
    let first = "1 lead/0 takes 1, attempt 1: Ensure";
    assert_eq!(play(&[first, "2 lead/1 takes 2, attempt 1: Update"]), Some(7));
    assert_eq!(play(&[first, "1 lead/0 done 1", "2 lead/0 takes 3, attempt 1: Update"]), Some(7));
    let again = "2 lead/1 takes 1, attempt 2: Ensure";
    let next = "3 lead/1 takes 2, attempt 1: Update";
    assert_eq!(play(&[first, again, "2 lead/1 done 1", next]), None);
    assert_eq!(play(&[first, again, next]), None, "it crashed its handler twice");
}

#[test]
fn invariant_8_a_successor_beside_what_is_left_of_its_predecessor_is_detected() {
    let (starts, task) = ("1 realtime/0 starts", "1 realtime/0 task session began");
    let (gone, ended) = ("2 realtime/0 gone", "2 realtime/0 task session ended");
    let successor = "3 realtime/1 starts";
    assert_eq!(play(&[starts, task, gone, successor]), Some(8));
    assert_eq!(play(&[starts, task, ended, successor]), Some(8));
    assert_eq!(play(&[starts, task, gone, ended, successor]), None);
    assert_eq!(play(&[starts, task, gone, ended, "3 lead/1 starts"]), None);
}

#[test]
fn invariant_10_audio_after_a_cut_is_detected_unless_the_socket_can_stall() {
    let writer = "1 stream/0 task stream writer began";
    let clear = r#"99 stream/0 to Twilio: {\"event\":\"clear\"}"#;
    let audio = "100 stream/0 to Twilio: media 160 bytes 01234567";
    assert_eq!(play(&[writer, audio, clear, audio]), Some(10));
    assert_eq!(play(&[writer, audio, clear, CREATE, audio]), None);
    assert_eq!(play(&[writer, clear, writer, audio]), None, "it may be the older socket's");
    let just_before = "98 realtime/0 to OpenAI: response.create {}";
    assert_eq!(play(&[writer, just_before, clear, audio]), None, "the clear may have waited");
    let stalls = |call| story(vec![Fault::MediaSocketStalls { call, lasts: Duration::ZERO }]);
    assert_eq!(play_in(&stalls(0), &[writer, clear, audio]), None);
    assert_eq!(play_in(&stalls(1), &[writer, clear, audio]), Some(10));
}

#[test]
fn invariant_16_a_crash_that_nobody_caused_is_detected() {
    let crash = |error: &str| format!("1 introspection/0 ActorCrashed {{ error: {error:?} }}");
    assert_eq!(play(&[&crash("index out of bounds")]), Some(16));
    assert_eq!(play(&[&crash("crashed at a trace point")]), None);
}

/// A caller who talks over the agent, and hangs up.
fn interrupter() -> Caller {
    let over = When::AgentSpeaks(Duration::from_secs(1));
    let says = |text| Act { when: over, what: Deed::Say(text) };
    Caller {
        business: 1,
        number: PhoneNumber::parse("+972502000001").ok(),
        answers: None,
        dials_at: Duration::ZERO,
        line: LineQuality::default(),
        acts: vec![says("I was locked out"), says("I am new here"), says("sure")],
        then: Finally::HangsUpAfter(Duration::from_secs(6)),
    }
}

/// Texts that the watcher does not know any more would make it blind.
#[test]
fn the_watcher_understands_the_trace_of_a_call() {
    let story = Story { callers: vec![interrupter()], ..story(Vec::new()) };
    let watcher = Arc::new(Mutex::new((Watcher::new(&story), BTreeSet::new(), 0, None)));
    let trace = Trace::new(|| 0, None);
    let hooked = Arc::clone(&watcher);
    trace.set_hook(move |point| {
        let mut watched = hooked.lock().unwrap();
        let (watcher, kinds, of_realtime, broken) = &mut *watched;
        kinds.extend(Step::read(point.actor, point.message).map(Step::name));
        let place = (!point.call.is_empty()).then_some(0);
        *broken = broken.take().or_else(|| watcher.see(point, place));
        *of_realtime += u32::from(point.may_panic && point.actor == "realtime");
        if *of_realtime == 60 && point.actor == "realtime" { Verdict::Panic } else { Verdict::GoOn }
    });
    let listening = trace.listen();
    let dialled = watch::Sender::default();
    virtual_time::run(1, virtual_time::begins(), async |platform| {
        stage::play(&story, &businesses().unwrap(), platform, &dialled, &watch::Sender::default())
            .await
            .unwrap();
    });
    drop(listening);
    let (_, kinds, _, broken) = &*watcher.lock().unwrap();
    assert_eq!(*broken, None);
    let known = [
        "asks for response",
        "crashed",
        "done",
        "gone",
        "published",
        "sends audio",
        "sends clear",
        "starts",
        "takes",
        "task begins",
        "task ends",
    ];
    assert_eq!(Vec::from_iter(kinds.iter().copied()), known);
}
