//! The call stepped by hand: no clock, no sockets, only what happened and what is wanted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::business::BusinessSettings;
use crate::ids::*;
use crate::response_gate::{Ask, AskNumber, Outcome, Reply, ScriptedLine, Want};
use crate::twilio::forms::{CallStatus, Caller, Direction};

const CALL: &str = "CA00000000000000000000000000000001";
const STREAM: &str = "MZ00000000000000000000000000000001";

/// A call, the time, and what it has asked for so far.
struct Stage {
    call: Call,
    now: Now,
    sent: Vec<Command>,
}

#[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves by hand")]
fn base() -> Now {
    Now { at: Instant::now(), wall: "2026-11-21T09:00:00Z".parse().unwrap() }
}

fn setup(change: impl FnOnce(&mut BusinessSettings)) -> CallSetup {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let slug = Slug::parse("locks").unwrap();
    let mut settings = BusinessSettings::new(slug, "מנעולים", vec![number.clone()]);
    change(&mut settings);
    CallSetup {
        call_sid: CallSid::parse(CALL).unwrap(),
        business: BusinessId(Uuid::nil()),
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        settings: Arc::new(settings),
        direction: Direction::Inbound,
        person: Caller::Withheld,
        business_number: number,
        prompt_version: 1,
        instructions: "answer".into(),
        lead: LeadFacts::default(),
        upstream_patience: Duration::from_secs(10),
    }
}

impl Stage {
    fn new(change: impl FnOnce(&mut BusinessSettings)) -> Self {
        let now = base();
        let mut stage = Self { call: Call::new(setup(change), now), now, sent: Vec::new() };
        stage.deliver();
        stage
    }

    /// A call with a stream, a session, and its greeting behind it.
    fn open() -> Self {
        let mut stage = Self::new(|_| {});
        stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
        stage.does(Event::SessionConfigured { session: 1 });
        stage.speaks("r0", "a0", vec![AskNumber(1)]);
        stage.plays("r0", "a0");
        stage.sent.clear();
        stage
    }

    fn does(&mut self, event: Event) {
        self.call.handle(event, self.now);
        self.deliver();
    }

    fn waits(&mut self, time: Duration) {
        let until = self.now.at + time;
        while let Some((at, _)) = self.call.poll_timeout()
            && at <= until
        {
            self.now.at = at;
            self.call.handle_timeout(self.now);
            self.deliver();
        }
        self.now.at = until;
    }

    fn deliver(&mut self) {
        let new: Vec<(u64, Command)> =
            self.call.outbox().map(|(number, command)| (number, command.clone())).collect();
        for (number, command) in new {
            self.call.delivered(number);
            self.sent.push(command);
        }
    }

    /// The agent says something to its end, faster than it is heard.
    fn speaks(&mut self, response: &str, of: &str, asks: Vec<AskNumber>) {
        self.begins(response, of, asks.clone());
        self.does(Event::AgentAudioDone { item: item(of) });
        self.does(Event::AgentTextDone { item: item(of), text: "words".to_owned() });
        self.ends(response, asks, Vec::new());
    }

    fn begins(&mut self, response: &str, of: &str, asks: Vec<AskNumber>) {
        self.does(Event::ResponseStarted { response: resp(response), asks });
        self.does(Event::AgentItem { response: resp(response), item: item(of) });
        self.does(Event::AgentBegan { response: resp(response), item: item(of) });
        self.does(Event::ItemPlaying { response: resp(response), item: item(of) });
    }

    fn ends(&mut self, response: &str, asks: Vec<AskNumber>, calls: Vec<FunctionCall>) {
        self.does(Event::ResponseEnded {
            response: Some(resp(response)),
            asks,
            outcome: Outcome::Completed,
            calls,
            usage: Usage::default(),
        });
    }

    fn plays(&mut self, response: &str, of: &str) {
        self.does(Event::ItemPlayed { response: resp(response), item: item(of) });
    }

    fn asks(&self) -> Vec<Ask> {
        (self.sent.iter())
            .filter_map(|command| match command {
                Command::Ask(ask) => Some(ask.clone()),
                _ => None,
            })
            .collect()
    }

    fn count(&self, wanted: &Command) -> usize {
        self.sent.iter().filter(|command| *command == wanted).count()
    }

    fn reason(&self) -> Option<EndReason> {
        self.call.ending().map(|ending| ending.reason)
    }
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

fn resp(name: &str) -> ResponseId {
    ResponseId::parse(name).unwrap()
}

fn control(arguments: &str) -> Vec<FunctionCall> {
    let call = ToolCallId::parse("call_1").unwrap();
    vec![FunctionCall { call, name: "call_control".to_owned(), arguments: arguments.to_owned() }]
}

const GOODBYE: &str = r#"{"should_end_call":true,"end_reason":"user_goodbye"}"#;

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
    stage.does(Event::SessionLost { fault: SessionFault::Passing });
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks().len(), 2);
    assert_eq!(stage.asks()[0], stage.asks()[1]);
}

#[test]
fn greet_2_a_greeting_that_came_whole_is_never_asked_for_again() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.begins("r0", "a0", vec![AskNumber(1)]);
    stage.does(Event::AgentAudioDone { item: item("a0") });
    stage.does(Event::SessionLost { fault: SessionFault::Passing });
    stage.does(Event::SessionConfigured { session: 2 });
    assert_eq!(stage.asks().len(), 1);
}

#[test]
fn greet_1_a_played_greeting_is_not_spoken_and_stands_in_the_history() {
    let mut stage = Stage::new(|settings| {
        settings.greeting.mode = crate::business::GreetingMode::Play;
        settings.greeting.audio_url = Some("https://example.com/hello.wav".to_owned());
    });
    stage.does(Event::SessionConfigured { session: 1 });
    assert!(stage.asks().is_empty());
    assert_eq!(stage.call.greeting(), Greeting::Done);
    let first = &stage.call.conversation().entries()[0];
    assert!(matches!(first.body, Body::Recorded(_)));
}

#[test]
fn ops_1_the_waits_for_the_greeting_and_for_an_answer_are_measured() {
    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.does(Event::StreamOpened { stream: StreamSid::parse(STREAM).unwrap() });
    stage.waits(Duration::from_millis(40));
    stage.speaks("r0", "a0", vec![AskNumber(1)]);
    stage.does(Event::SpeechStopped);
    stage.does(Event::TurnCommitted { item: item("u1") });
    stage.waits(Duration::from_millis(700));
    stage.speaks("r1", "a1", vec![AskNumber(2)]);
    let latencies = stage.call.view(stage.now).latencies;
    assert_eq!((latencies.greeting_ms, latencies.last_turn_ms), (Some(40), Some(700)));
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
    let words = stage.call.conversation().entries().iter().find_map(|entry| entry.text());
    assert!(words.is_some());
    assert_eq!(stage.asks().len(), 1);
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
            .filter_map(|command| match command {
                Command::Tell(entry) => entry.text(),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["the caller pressed 42"]);
    }
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
        stage.does(Event::SessionLost { fault: SessionFault::Passing });
        stage.does(Event::SessionConfigured { session: 2 });
        let asks = stage.asks();
        assert_eq!(asks.len(), 1);
        if spoke {
            assert_eq!(asks[0].want, Want::Answer(Reply::Resume));
            let history = stage.sent.iter().find_map(|command| match command {
                Command::Replay { history, .. } => Some(history.clone()),
                _ => None,
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
    stage.does(Event::SessionLost { fault: SessionFault::Passing });
    stage.does(Event::SessionConfigured { session: 2 });
    assert!(stage.asks().is_empty(), "what it said is still being played");
}

#[test]
fn end_2_words_spoken_with_an_accepted_call_control_are_the_closing() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.asks().len(), 1, "no closing line is asked for");
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.plays("r1", "a1");
    stage.waits(Duration::from_millis(999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
}

#[test]
fn end_2_a_silent_call_control_gets_the_closing_line_and_a_refused_one_a_follow_up() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], control(r#"{"should_end_call":true,"end_reason":"machine"}"#));
    let asks = stage.asks();
    assert_eq!(asks[1].want, Want::Answer(Reply::ToolOutput));
    stage.does(Event::ResponseStarted { response: resp("r2"), asks: vec![asks[1].number] });
    stage.ends("r2", vec![asks[1].number], control(GOODBYE));
    let Want::Line { line, text, .. } = &stage.asks()[2].want else { panic!() };
    assert_eq!(*line, ScriptedLine::Closing);
    assert!(text.contains("להתראות"));
}

#[test]
fn end_2_going_on_in_a_response_that_spoke_is_not_followed_by_another() {
    for (spoke, follow_ups) in [(true, 0), (false, 1)] {
        let mut stage = Stage::open();
        stage.does(Event::TurnCommitted { item: item("u1") });
        let ask = stage.asks()[0].number;
        stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
        if spoke {
            stage.does(Event::AgentBegan { response: resp("r1"), item: item("a1") });
        }
        stage.ends("r1", vec![ask], control(r#"{"should_end_call":false}"#));
        assert_eq!(stage.asks().len() - 1, follow_ups);
    }
}

#[test]
fn end_6_without_the_mark_or_without_the_line_the_call_is_ended_all_the_same() {
    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    let ask = stage.asks()[0].number;
    stage.begins("r1", "a1", vec![ask]);
    let plays_until = stage.now.at + Duration::from_secs(4);
    stage.does(Event::ItemQueued { item: item("a1"), plays_until });
    stage.waits(Duration::from_millis(6999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);

    let mut stage = Stage::open();
    stage.does(Event::ShutdownOrdered);
    stage.waits(Duration::from_millis(4999));
    assert_eq!(stage.count(&Command::HangUp), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::HangUp), 1);
}

#[test]
fn call_5_a_terminal_status_a_stop_and_an_operator_each_end_the_call_at_once() {
    let stream = StreamSid::parse(STREAM).unwrap();
    let status = Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(7) };
    let stop = Event::StreamClosed { stream, how: StreamEnd::Stopped };
    for (event, reason) in [
        (status, EndReason::CallerHungUp),
        (stop, EndReason::CallerHungUp),
        (Event::OperatorHungUp, EndReason::Operator),
    ] {
        let mut stage = Stage::open();
        stage.does(event);
        assert_eq!(stage.reason(), Some(reason));
        assert_eq!(stage.sent.last(), Some(&Command::Finish));
        assert_eq!(stage.call.poll_timeout(), None);
    }
}

#[test]
fn call_5_a_lost_stream_has_15_seconds_to_come_back_and_so_has_the_first_to_open() {
    let mut stage = Stage::open();
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Lost });
    stage.waits(Duration::from_secs(14));
    let second = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream: second.clone() });
    stage.waits(Duration::from_secs(60));
    assert_eq!(stage.reason(), None);
    stage.does(Event::StreamClosed { stream: second, how: StreamEnd::Lost });
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::StreamLost));

    let mut stage = Stage::new(|_| {});
    stage.does(Event::SessionConfigured { session: 1 });
    stage.waits(Duration::from_secs(15));
    assert_eq!(stage.reason(), Some(EndReason::NotConnected));
}

#[test]
fn call_9_the_end_of_a_stream_that_was_replaced_changes_nothing() {
    let mut stage = Stage::open();
    let second = StreamSid::parse("MZ00000000000000000000000000000002").unwrap();
    stage.does(Event::StreamOpened { stream: second });
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.reason(), None);
}

#[test]
fn res_3_a_session_that_cannot_be_had_ends_in_an_apology_by_twiml() {
    let mut stage = Stage::open();
    stage.does(Event::SessionLost { fault: SessionFault::Passing });
    stage.waits(Duration::from_millis(9999));
    assert_eq!(stage.count(&Command::Apologise), 0);
    stage.waits(Duration::from_millis(1));
    assert_eq!(stage.count(&Command::Apologise), 1);
    assert_eq!(stage.reason(), Some(EndReason::UpstreamFailed));

    let mut stage = Stage::open();
    stage.does(Event::SessionLost { fault: SessionFault::Lasting });
    assert_eq!(stage.count(&Command::Apologise), 1, "no other try would help");
    let stream = StreamSid::parse(STREAM).unwrap();
    stage.does(Event::StreamClosed { stream, how: StreamEnd::Stopped });
    assert_eq!(stage.count(&Command::Finish), 0, "our own redirect stopped the stream");
    stage.does(Event::StatusReported { status: CallStatus::Completed, duration_secs: Some(20) });
    assert_eq!(stage.count(&Command::Finish), 1);
}

#[test]
fn pipe_8_a_tool_that_takes_too_long_is_answered_for_and_its_late_answer_changes_nothing() {
    let mut stage = Stage::open();
    stage.does(Event::TurnCommitted { item: item("u1") });
    let ask = stage.asks()[0].number;
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    let call = ToolCallId::parse("call_9").unwrap();
    let name = "update_lead_details".to_owned();
    let arguments = "{}".to_owned();
    stage.ends("r1", vec![ask], vec![FunctionCall { call: call.clone(), name, arguments }]);
    assert_eq!(stage.asks().len(), 1);
    stage.waits(Duration::from_secs(10));
    assert_eq!(stage.asks().len(), 2);
    let outcome = ToolOutcome { output: "{}".to_owned(), succeeded: true };
    stage.does(Event::ToolFinished { call, outcome });
    assert_eq!(stage.asks().len(), 2);
}

#[derive(Debug, Clone)]
enum Step {
    Stream(u8),
    StreamGone(u8, bool),
    SessionUp,
    SessionDown(bool),
    Turn(u8),
    Words(u8),
    Serve(bool),
    Speak,
    Played,
    Control(u8),
    Digit,
    Status,
    Operator,
    Shutdown,
    GaveUp,
    HangUpAnswered,
    Later(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..3).prop_map(Step::Stream),
        (0u8..3, any::<bool>()).prop_map(|(n, stop)| Step::StreamGone(n, stop)),
        Just(Step::SessionUp),
        any::<bool>().prop_map(Step::SessionDown),
        (0u8..20).prop_map(Step::Turn),
        (0u8..20).prop_map(Step::Words),
        any::<bool>().prop_map(Step::Serve),
        Just(Step::Speak),
        Just(Step::Played),
        (0u8..4).prop_map(Step::Control),
        Just(Step::Digit),
        Just(Step::Status),
        Just(Step::Operator),
        Just(Step::Shutdown),
        Just(Step::GaveUp),
        Just(Step::HangUpAnswered),
        (0u16..20_000).prop_map(Step::Later),
    ]
}

proptest! {
    /// Invariants 2 and 3: any story ends at most once, hangs up at most once, greets at most once
    /// once it was heard, and then is quiet.
    #[test]
    fn invariant_2_any_story_ends_at_most_once_greets_once_and_then_is_quiet(
        steps in proptest::collection::vec(step(), 1..80)
    ) {
        let mut stage = Stage::new(|_| {});
        let mut greeted = false;
        let (mut made, mut running): (u32, Option<(String, Vec<AskNumber>, bool)>) = (0, None);
        for step in steps {
            let over_before = matches!(stage.call.phase(), Phase::Over { .. });
            let sent_before = stage.sent.len();
            let stream = |n: u8| StreamSid::parse(&format!("MZ{n:032x}")).unwrap();
            match step {
                Step::Stream(n) => stage.does(Event::StreamOpened { stream: stream(n) }),
                Step::StreamGone(n, stop) => {
                    let how = if stop { StreamEnd::Stopped } else { StreamEnd::Lost };
                    stage.does(Event::StreamClosed { stream: stream(n), how });
                }
                Step::SessionUp => stage.does(Event::SessionConfigured { session: made }),
                Step::SessionDown(lasting) => {
                    running = None;
                    let fault =
                        if lasting { SessionFault::Lasting } else { SessionFault::Passing };
                    stage.does(Event::SessionLost { fault });
                }
                Step::Turn(n) => stage.does(Event::TurnCommitted { item: item(&format!("u{n}")) }),
                Step::Words(n) => stage.does(Event::TurnTranscribed {
                    item: item(&format!("u{n}")),
                    text: Some("כן".to_owned()),
                }),
                Step::Serve(_) if running.is_none() => {
                    let served: Vec<AskNumber> =
                        stage.asks().last().map(|ask| ask.number).into_iter().collect();
                    made += 1;
                    let response = format!("r{made}");
                    stage.does(Event::ResponseStarted {
                        response: resp(&response),
                        asks: served.clone(),
                    });
                    running = Some((response, served, false));
                }
                Step::Serve(ends) => if let Some((response, asks, _)) = running.take_if(|_| ends) {
                    stage.ends(&response, asks, Vec::new());
                }
                Step::Speak => if let Some((response, _, spoke)) = &mut running {
                    *spoke = true;
                    let of = format!("a{made}");
                    let response = resp(response);
                    stage.does(Event::AgentBegan { response: response.clone(), item: item(&of) });
                    stage.does(Event::ItemPlaying { response, item: item(&of) });
                }
                Step::Played => stage.plays(&format!("r{made}"), &format!("a{made}")),
                Step::Control(n) => if let Some((response, asks, _)) = running.take() {
                    let arguments = [GOODBYE, "{", r#"{"should_end_call":false}"#,
                        r#"{"should_end_call":true,"end_reason":"lead_complete"}"#][usize::from(n)];
                    stage.ends(&response, asks, control(arguments));
                }
                Step::Digit => stage.does(Event::DigitPressed { digit: '7' }),
                Step::Status => stage.does(Event::StatusReported {
                    status: CallStatus::Completed, duration_secs: Some(1),
                }),
                Step::Operator => stage.does(Event::OperatorHungUp),
                Step::Shutdown => stage.does(Event::ShutdownOrdered),
                Step::GaveUp => stage.does(Event::PartGaveUp),
                Step::HangUpAnswered => stage.does(Event::HangUpAnswered),
                Step::Later(ms) => stage.waits(Duration::from_millis(ms.into())),
            }
            let greets = stage.sent[sent_before..].iter().any(|command| matches!(
                command,
                Command::Ask(Ask { want: Want::Line { line: ScriptedLine::Greeting, .. }, .. })
            ));
            prop_assert!(!(greets && greeted), "asked to greet again after it was heard");
            greeted |= stage.call.greeting() != Greeting::Pending;
            if over_before {
                let quiet = stage.sent[sent_before..]
                    .iter()
                    .all(|command| matches!(command, Command::Record(_)));
                prop_assert!(quiet, "{:?}", &stage.sent[sent_before..]);
            }
        }
        prop_assert!(stage.count(&Command::HangUp) <= 1);
        prop_assert!(stage.count(&Command::Finish) <= 1);
        prop_assert!(stage.count(&Command::Apologise) <= 1);
        stage.waits(Duration::from_secs(3600));
        prop_assert!(matches!(stage.call.phase(), Phase::Over { .. }), "every call ends");
        prop_assert_eq!(stage.count(&Command::Finish), 1);
    }
}
