//! A call is written and read again.

use serde_json::Value;

use super::*;
use crate::business::TimeSpan;
use crate::call::snapshot::{CallSnapshot, SNAPSHOT_VERSION, SnapshotError};

/// Calls as version 1 wrote them, without the age of the session.
const VERSION_1: &str = include_str!("snapshot/v1.json");
/// Calls as version 2 wrote them. If today's format differs, raise `SNAPSHOT_VERSION`, keep this file,
/// and write the new one with `write_the_examples`.
const VERSION_2: &str = include_str!("snapshot/v2.json");

fn json(call: &Call, now: Now) -> String {
    call.snapshot(now).to_json().unwrap()
}

fn read(json: &str) -> Result<CallSnapshot, SnapshotError> {
    CallSnapshot::from_json(json)
}

/// The call, written and read again. It is the same.
pub(super) fn restored(call: &Call, now: Now) -> Call {
    let snapshot = call.snapshot(now);
    let read = read(&snapshot.to_json().unwrap()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{snapshot:?}"));
    Call::restore(Arc::clone(&call.setup), read).unwrap()
}

fn setup_with_calendar() -> CallSetup {
    setup(|settings| {
        settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
        settings.ending.required_lead_fields = vec!["city".to_owned()];
    })
}

pub(super) fn tool(id: &str, name: &str, arguments: &str) -> FunctionCall {
    let call = ToolCallId::parse(id).unwrap();
    FunctionCall { call, name: name.to_owned(), arguments: arguments.to_owned() }
}

/// An open call with tools that run, keys that are pressed, an interruption and undelivered commands.
fn busy() -> (Call, Now) {
    let mut stage = Stage::open();
    stage.call.setup = Arc::new(setup_with_calendar());
    stage.does(Event::TranscriptionRefused { instead: Some("whisper-1".to_owned()) });
    let known = [("full_name".to_owned(), "נועה".to_owned())].into();
    let captured = ["full_name".to_owned()].into();
    let lead = LeadFacts { id: Some(LeadId(Uuid::from_u128(5))), known, captured };
    stage.does(Event::LeadKnown { lead });
    let ask = stage.turn("u1");
    stage.words("u1", "כן, אני צריך מנעול");
    stage.begins("r1", "a1", vec![ask]);
    stage.does(Event::AgentText { item: item("a1"), delta: "one two three".to_owned() });
    stage.waits(Duration::from_millis(1_234));
    let cut = CutItem { response: resp("r1"), item: item("a1"), heard_ms: 800, came_ms: 2_000 };
    let took = Duration::from_micros(300);
    stage.does(Event::AgentInterrupted(AgentCut { number: 1, took, items: vec![cut] }));
    let offered = vec!["2026-11-22T10:00:00Z".parse().unwrap()];
    let used = vec![
        tool("call_1", "find_available_slots", "{}"),
        tool("call_2", "update_lead_details", r#"{"city":"Haifa"}"#),
        tool("call_3", "create_appointment", r#"{"slot_start":"2026-11-22T10:00"}"#),
        tool("call_4", "call_control", r#"{"should_end_call":false}"#),
        tool("call_5", "no_such_tool", "{"),
    ];
    let usage = Usage { text_in: 10, audio_out: 20, ..Usage::default() };
    stage.does(Event::ResponseEnded {
        response: Some(resp("r1")),
        asks: vec![ask],
        outcome: Outcome::Called,
        calls: used,
        usage,
    });
    let outcome = ToolOutcome { output: "{}".to_owned(), succeeded: true, offered };
    stage.does(Event::ToolFinished { call: ToolCallId::parse("call_1").unwrap(), outcome });
    stage.does(Event::TurnBilled { length: Duration::from_millis(2_500) });
    stage.does(Event::EndlessTurnCommitted { item: item("u2") });
    stage.does(Event::DigitPressed { digit: '7' });
    stage.does(Event::SpeechStarted);
    let plays_until = stage.now.at + Duration::from_secs(2);
    stage.does(Event::ItemQueued { item: item("early"), plays_until });
    let Stage { mut call, now, .. } = stage;
    call.handle(Event::SessionLost { fault: SessionFault::Passing, unplayed: vec![] }, now);
    call.handle(Event::SessionConfigured { session: 2 }, now);
    (call, now)
}

/// The agent's last line is spoken, and the caller says something.
fn closing() -> Stage {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(GOODBYE));
    stage.does(Event::TurnCommitted { item: item("u2") });
    stage
}

/// Calls in every phase.
pub(super) fn scenes() -> Vec<(&'static str, Call, Now)> {
    let of = |name, stage: Stage| (name, stage.call, stage.now);
    let at_webhook = ("at the webhook", Call::new(setup(|_| {}), base()), base());
    let (call, now) = busy();
    let busy = ("busy", call, now);
    let mut line_is_awaited = Stage::open();
    line_is_awaited.does(Event::ShutdownOrdered);
    let mut pausing = closing();
    pausing.words("u2", "ביי");
    pausing.plays("r1", "a1");
    let mut hanging_up = Stage::open();
    hanging_up.does(Event::ShutdownOrdered);
    hanging_up.waits(Duration::from_secs(5));
    let mut failing = Stage::open();
    let ask = failing.turn("u1");
    failing.ends_unserved("r1", vec![ask], Outcome::Failed);
    let mut given_up = Stage::open();
    given_up.loses_session(SessionFault::Lasting(FatalCause::Quota));
    let mut apologising = Stage::open_without_a_person();
    apologising.loses_session(SessionFault::Lasting(FatalCause::Quota));
    let mut ringing = Stage::open();
    ringing.begins("r1", "a1", Vec::new());
    ringing.plays("r1", "a1");
    ringing.ends("r1", Vec::new(), calls("transfer_call", "{}"));
    ringing.last_line_is_heard("farewell");
    ringing.waits(Duration::ZERO);
    let mut lost = Stage::open();
    let stream = StreamSid::parse(STREAM).unwrap();
    lost.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    let mut over = Stage::open();
    over.does(Event::StatusReported { status: CallStatus::NoAnswer, duration_secs: Some(9) });
    vec![
        at_webhook,
        busy,
        of("closing, the line is awaited", line_is_awaited),
        of("closing, the line is spoken", closing()),
        of("pausing", pausing),
        of("hanging up", hanging_up),
        of("an ask in trouble", failing),
        of("put through", given_up),
        of("apologising", apologising),
        of("handing over", ringing),
        of("the stream is lost", lost),
        of("over", over),
    ]
}

fn written() -> Value {
    let snapshots = scenes().into_iter().map(|(name, call, now)| {
        (name.to_owned(), serde_json::from_str::<Value>(&json(&call, now)).unwrap())
    });
    Value::Object(snapshots.collect())
}

#[test]
#[ignore = "writes a file that is kept"]
fn write_the_examples() {
    let file =
        format!("{}/src/call/tests/snapshot/v{SNAPSHOT_VERSION}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(file, serde_json::to_string_pretty(&written()).unwrap() + "\n").unwrap();
}

#[test]
fn res_4_the_examples_of_all_versions_are_still_read() {
    [VERSION_1, VERSION_2].into_iter().for_each(examples_are_read);
}

fn examples_are_read(examples: &str) {
    let examples: Value = serde_json::from_str(examples).unwrap();
    let examples = examples.as_object().unwrap();
    let phases: Vec<String> = (examples.values())
        .map(|example| {
            let snapshot = read(&example.to_string()).unwrap();
            assert_eq!(snapshot.call_sid().as_str(), CALL);
            let call = Call::restore(setup(|_| {}), snapshot).unwrap();
            call.phase().name().to_owned()
        })
        .collect();
    for phase in ["open", "closing", "pausing", "handing_over", "hanging_up", "over"] {
        assert!(phases.iter().any(|known| known == phase), "no example is {phase}");
    }
}

#[test]
fn res_4_a_change_of_the_format_raises_its_version() {
    let examples: Value = serde_json::from_str(VERSION_2).unwrap();
    for (name, written) in written().as_object().unwrap() {
        let example = &examples[name];
        assert!(written == example, "{name}: the format of version 2 has changed");
    }
}

#[test]
fn res_4_every_scene_is_the_same_after_it_was_written_and_read() {
    for (_, call, now) in scenes() {
        let _same = restored(&call, now);
    }
}

#[test]
fn res_4_what_cannot_be_read_is_refused_in_words() {
    let (call, now) = busy();
    let good = json(&call, now);
    let newer = good.replacen("\"version\":2", "\"version\":3", 1);
    assert_eq!(read(&newer).unwrap_err(), SnapshotError::Newer { version: 3 });
    let text = SnapshotError::Newer { version: 3 }.to_string();
    assert_eq!(text, "the snapshot has version 3, and this daemon reads up to 2");
    assert_eq!(
        read(r#"{"version":7,"anything":[]}"#).unwrap_err(),
        SnapshotError::Newer { version: 7 }
    );
    let words = |json: &str| read(json).unwrap_err().to_string();
    assert!(words("").starts_with("the snapshot can't be read: "), "{}", words(""));
    assert!(words("[]").starts_with("the snapshot can't be read: "));
    assert!(words("{}").contains("missing field `version`"), "{}", words("{}"));
    assert!(words(&good[..good.len() / 2]).contains("EOF"));
    let wrong = good.replacen("\"stream\":{\"open\"", "\"stream\":{\"ajar\"", 1);
    assert!(words(&wrong).contains("state.stream"), "{}", words(&wrong));
    let moved = good.replacen("\"number\":1,", "\"number\":9,", 1);
    assert!(words(&moved).contains("entry 9 is out of its place"), "{}", words(&moved));
}

#[test]
fn res_4_a_snapshot_of_another_call_is_refused() {
    let (call, now) = busy();
    let mut other = setup(|_| {});
    other.call_sid = CallSid::parse("CA00000000000000000000000000000002").unwrap();
    let refused = Call::restore(other, call.snapshot(now)).unwrap_err();
    assert_eq!(refused, SnapshotError::OtherCall { call_sid: call.setup.call_sid.clone() });
}

/// A talk of ten minutes: a turn every ten seconds, and a tool in every fourth answer.
fn ten_minutes() -> Stage {
    let asked = "שלום, אני צריך להחליף את המנעול בדלת הכניסה, וגם לבדוק את המנעול של המרפסת";
    let answer = "בשמחה. נוכל להגיע מחר בין תשע לאחת עשרה, או ביום חמישי אחרי הצהריים. מה נוח לך \
                  יותר, ובאיזו עיר אתם נמצאים? אשמח גם לשם מלא ולכתובת.";
    let mut stage = Stage::open();
    for number in 0..60 {
        let (turn, response) = (format!("item_caller_{number:09}"), format!("resp_{number:015}"));
        let of = item(&format!("item_agent_{number:010}"));
        stage.waits(Duration::from_secs(5));
        let ask = stage.turn(&turn);
        stage.words(&turn, asked);
        stage.begins(&response, of.as_str(), vec![ask]);
        stage.does(Event::AgentText { item: of.clone(), delta: answer.to_owned() });
        stage.does(Event::AgentTextDone { item: of.clone(), text: answer.to_owned() });
        stage.does(Event::AgentAudioDone { item: of.clone(), came_ms: 5_000 });
        let calls = if number % 4 == 0 {
            vec![tool(&format!("call_{number}"), "update_lead_details", r#"{"city":"Haifa"}"#)]
        } else {
            Vec::new()
        };
        stage.ends(&response, vec![ask], calls);
        let outcome = ToolOutcome::new(r#"{"ok":true,"missing":[]}"#.to_owned(), true);
        let call = ToolCallId::parse(&format!("call_{number}")).unwrap();
        stage.does(Event::ToolFinished { call, outcome });
        stage.waits(Duration::from_secs(5));
        stage.plays(&response, of.as_str());
    }
    stage
}

#[test]
fn res_4_a_snapshot_is_small() {
    let bytes = |stage: &Stage| json(&stage.call, stage.now).len();
    let first = bytes(&Stage::open());
    assert!(first < 2 * 1024, "{first} bytes after the greeting");
    let mut stage = ten_minutes();
    let talked = bytes(&stage);
    assert!(talked < 48 * 1024, "{talked} bytes after ten minutes");
    // A new session is about to be told the transcript: it is in the outbox, too.
    stage.call.handle(Event::SessionConfigured { session: 2 }, stage.now);
    let told = bytes(&stage);
    assert!(told < 96 * 1024, "{told} bytes with the replay");
}
