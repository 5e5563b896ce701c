mod crossing;
mod interruption;

use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::call::{Body, Entry, LeadFacts};
use protocol::ids::{BusinessId, CallSid, PhoneNumber, Slug};
use protocol::openai::server_event::ServerFrame;
use protocol::response_gate::{AskNumber, Reply, Want};
use protocol::twilio::forms::{Direction, Party};
use serde_json::{Value, json};
use uuid::Uuid;

use protocol::response_gate::Outcome;

use tokio::sync::mpsc;

use super::connection::SETUP_PATIENCE;
use super::*;
use crate::clock::Clock;
use crate::realtime::session::LastHeard;

/// A session, and the queue of the sender loop it talks to.
struct Stage {
    session: SessionState,
    downlink: Arc<Downlink>,
    socket: mpsc::Receiver<Outgoing>,
    now: Instant,
}

fn read(event: &Value) -> ServerEvent {
    match ServerFrame::parse(&event.to_string()).unwrap() {
        ServerFrame::Event(event) => event,
        ServerFrame::Audio(delta) => panic!("{delta:?}"),
    }
}

/// What the sender loop was told.
#[derive(Debug, PartialEq)]
enum Told {
    Event(Value),
    GoLive,
}

fn setup() -> CallSetup {
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let slug = Slug::parse("locks").unwrap();
    let settings = BusinessSettings::new(slug, "מנעולים", vec![number.clone()]);
    CallSetup {
        transfer: None,
        call_sid: CallSid::parse("CA00000000000000000000000000000001").unwrap(),
        business: BusinessId(Uuid::nil()),
        lines: Arc::new(settings.lines()),
        opening: settings.opening(),
        settings: Arc::new(settings),
        direction: Direction::Inbound,
        person: Party::Withheld,
        business_number: number,
        prompt_version: 1,
        instructions: "answer".into(),
        lead: LeadFacts::default(),
        upstream_patience: Duration::from_secs(10),
        stream_patience: Duration::from_secs(15),
    }
}

fn answer(number: u64, turn: &str) -> RealtimeOrder {
    let want = Want::Answer(Reply::Turn(ItemId::parse(turn).unwrap()));
    RealtimeOrder::Ask(Ask { number: AskNumber(number), want })
}

fn entry(number: u32, text: &str) -> Arc<Entry> {
    let body = Body::System(text.to_owned());
    Arc::new(Entry { number, at: Timestamp::UNIX_EPOCH, body })
}

/// The one thing in a list; `None` if there is none, or more.
fn only<T>(list: Vec<T>) -> Option<T> {
    let [only] = <[T; 1]>::try_from(list).ok()?;
    Some(only)
}

impl Stage {
    fn new() -> Self {
        let now = Clock::start().now();
        let (_, socket) = mpsc::channel(1);
        let downlink = Arc::new(Downlink::default());
        let session = SessionState::new(&setup(), Arc::default(), Arc::clone(&downlink), now);
        Self { session, downlink, socket, now }
    }

    /// A session is told the call so far, and the call knows of it.
    fn live() -> Self {
        let mut stage = Self::new();
        stage.goes_live();
        stage.told();
        stage.reports();
        stage
    }

    fn opens(&mut self) {
        self.session.next_session();
        let (outgoing, socket) = mpsc::channel(64);
        let last_heard = Arc::new(LastHeard::new(self.now));
        self.socket = socket;
        self.session.opening(Socket { outgoing, last_heard }, self.now);
    }

    /// Opens a session, and gives what it was asked to be.
    fn asks_for_settings(&mut self) -> Value {
        self.opens();
        self.hears(&json!({"type": "session.created", "session": {"id": "sess_1"}}));
        let Some(Told::Event(update)) = only(self.told()) else { panic!("no session.update") };
        assert_eq!(update["type"], "session.update");
        update["session"].clone()
    }

    fn goes_live(&mut self) {
        let session = self.asks_for_settings();
        self.hears(&json!({"type": "session.updated", "session": session}));
        let session = self.session.number;
        self.orders(&RealtimeOrder::Replay { session, history: vec![entry(1, "so far")] });
        assert_eq!(self.session.state_name(), "live");
    }

    fn hears(&mut self, event: &Value) -> SessionAction {
        self.session.on_received(self.session.number, &read(event), self.now)
    }

    fn orders(&mut self, order: &RealtimeOrder) {
        assert_eq!(self.session.on_order(order, self.now), SessionAction::None);
    }

    fn told(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        while let Ok(order) = self.socket.try_recv() {
            match order {
                Outgoing::Events(events) => told.extend(
                    events.iter().map(|event| Told::Event(serde_json::from_str(event).unwrap())),
                ),
                Outgoing::GoLive => told.push(Told::GoLive),
            }
        }
        told
    }

    /// The kinds of what the sender loop was told; `live` for the audio.
    fn told_kinds(&mut self) -> Vec<String> {
        let kind = |told| match told {
            Told::Event(event) => event["type"].as_str().unwrap().to_owned(),
            Told::GoLive => "live".to_owned(),
        };
        self.told().into_iter().map(kind).collect()
    }

    fn reports(&mut self) -> Vec<Event> {
        self.session.reports.drain()
    }

    /// OpenAI takes the request that was just sent as this response; gives its metadata.
    fn creates(&mut self, response: &str) -> Value {
        let Some(Told::Event(create)) = only(self.told()) else {
            panic!("not one response.create")
        };
        assert_eq!(create["type"], "response.create");
        let metadata = create["response"]["metadata"].clone();
        self.hears(&json!({"type": "response.created",
            "response": {"id": response, "metadata": metadata}}));
        metadata
    }
}

#[test]
fn call_4_a_session_is_configured_then_told_the_call_and_only_then_live() {
    let mut stage = Stage::new();
    let session = stage.asks_for_settings();
    assert_eq!(stage.session.state_name(), "configuring");
    assert_eq!(stage.reports(), []);

    stage.hears(&json!({"type": "session.updated", "session": session}));
    assert_eq!(stage.reports(), [Event::SessionConfigured { session: 1 }]);
    assert_eq!(stage.told(), [], "no audio and no item before the call so far");

    let history = vec![entry(1, "first"), entry(2, "second")];
    stage.orders(&RealtimeOrder::Replay { session: 1, history });
    let told = stage.told_kinds();
    assert_eq!(told, ["conversation.item.create", "conversation.item.create", "live"]);
    assert_eq!(stage.session.state_name(), "live");
}

#[test]
fn res_2_a_replay_for_a_session_that_is_gone_is_not_told_to_its_successor() {
    let mut stage = Stage::live();
    stage.session.session_ended(SessionFault::Passing, stage.now);
    let session = stage.asks_for_settings();
    stage.hears(&json!({"type": "session.updated", "session": session}));
    stage.orders(&RealtimeOrder::Replay { session: 1, history: vec![entry(1, "old")] });
    assert_eq!((stage.session.state_name(), stage.told()), ("configured", vec![]));
}

#[test]
fn pipe_3_what_is_asked_for_while_no_session_is_live_is_dropped_and_the_call_asks_again() {
    let mut stage = Stage::new();
    stage.orders(&answer(1, "item_1"));
    let session = stage.asks_for_settings();
    stage.orders(&answer(1, "item_1"));
    stage.orders(&RealtimeOrder::Tell(entry(2, "it is in the history")));
    stage.hears(&json!({"type": "session.updated", "session": session}));
    stage.orders(&RealtimeOrder::Replay { session: 1, history: Vec::new() });
    assert_eq!(stage.told(), [Told::GoLive]);

    stage.orders(&answer(1, "item_1"));
    assert_eq!(stage.told_kinds(), ["response.create"], "the same ask counts now");
}

#[test]
fn pipe_3_invariant_1_trap_openai_1_one_response_is_under_way_and_the_next_waits_for_its_end() {
    let mut stage = Stage::live();
    stage.orders(&answer(1, "item_1"));
    let metadata = stage.creates("resp_1");
    stage.orders(&answer(2, "item_2"));
    assert_eq!(stage.told(), []);
    stage.hears(&json!({"type": "response.done",
        "response": {"id": "resp_1", "status": "completed", "output": [], "metadata": metadata}}));
    assert_eq!(stage.told_kinds(), ["response.create"]);
}

#[test]
fn call_4_a_session_that_is_not_as_it_was_asked_to_be_is_ended() {
    let mut stage = Stage::new();
    let mut session = stage.asks_for_settings();
    session["audio"]["output"]["format"]["type"] = json!("audio/pcm");
    let action = stage.hears(&json!({"type": "session.updated", "session": session}));
    assert_eq!(action, SessionAction::End(SessionFault::Passing));
    assert_eq!(stage.reports(), [], "nothing is played over it");
}

#[test]
fn call_4_a_session_that_is_not_configured_in_time_is_ended() {
    let mut stage = Stage::new();
    stage.asks_for_settings();
    let due = stage.session.poll_timeout(stage.now).unwrap();
    assert_eq!(due, stage.now + SETUP_PATIENCE);
    let early = due - Duration::from_millis(1);
    assert_eq!(stage.session.handle_timeout(early), SessionAction::None);
    assert_eq!(stage.session.handle_timeout(due), SessionAction::End(SessionFault::Passing));
}

#[test]
fn pipe_3_the_tool_calls_of_a_response_are_reported_with_its_end_and_once() {
    let mut stage = Stage::live();
    stage.orders(&answer(1, "item_1"));
    let metadata = stage.creates("resp_1");
    stage.reports();
    let call = json!({"id": "item_9", "type": "function_call", "status": "completed",
        "call_id": "call_1", "name": "call_control", "arguments": "{}"});
    let done = json!({"type": "response.done", "response": {"id": "resp_1",
        "status": "completed", "output": [call], "metadata": metadata}});
    stage.hears(&done);
    stage.hears(&done);

    let Some(Event::ResponseEnded { asks, outcome, calls, .. }) = only(stage.reports()) else {
        panic!("not one end")
    };
    assert_eq!((asks, outcome), (vec![AskNumber(1)], Outcome::Completed));
    let call = only(calls).unwrap();
    assert_eq!((call.call.as_str(), call.name.as_str()), ("call_1", "call_control"));
}

#[test]
fn res_2_a_lost_session_is_tried_again_after_growing_pauses_and_at_once_after_a_good_one() {
    let mut stage = Stage::new();
    let mut pauses = Vec::new();
    for _ in 0..6 {
        stage.opens();
        stage.session.session_ended(SessionFault::Passing, stage.now);
        pauses.push(stage.session.retry_at().unwrap() - stage.now);
    }
    let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    assert_eq!(millis, [0, 250, 500, 1000, 2000, 2000]);
    stage.goes_live();
    stage.session.session_ended(SessionFault::Passing, stage.now);
    assert_eq!(stage.session.retry_at(), Some(stage.now));
}

#[test]
fn res_3_no_other_session_is_tried_where_none_can_help() {
    let mut stage = Stage::new();
    stage.asks_for_settings();
    let action = stage.hears(&json!({"type": "error", "error": {"type": "invalid_request_error",
        "code": "invalid_api_key", "message": "no", "param": null, "event_id": null}}));
    assert_eq!(action, SessionAction::End(SessionFault::Lasting));
    stage.session.session_ended(SessionFault::Lasting, stage.now);
    assert_eq!((stage.session.retry_at(), stage.session.is_open()), (None, false));
    assert_eq!(stage.reports(), [Event::SessionLost { fault: SessionFault::Lasting }]);
}

#[test]
fn res_2_of_a_session_that_is_gone_only_the_words_of_a_turn_count() {
    let mut stage = Stage::live();
    stage.session.session_ended(SessionFault::Passing, stage.now);
    stage.goes_live();
    stage.reports();
    let item = ItemId::parse("item_1").unwrap();
    let words = json!({"type": "conversation.item.input_audio_transcription.completed",
        "item_id": "item_1", "content_index": 0, "transcript": "shalom"});
    let speech = json!({"type": "input_audio_buffer.speech_started",
        "item_id": "item_2", "audio_start_ms": 0});
    for late in [&speech, &words] {
        assert_eq!(stage.session.on_received(1, &read(late), stage.now), SessionAction::None);
    }
    let text = Some("shalom".to_owned());
    assert_eq!(stage.reports(), [Event::TurnTranscribed { item, text }]);
}

#[test]
fn ops_3_what_a_transcription_is_billed_for_is_reported_before_its_words_whatever_its_session() {
    let words = |usage: serde_json::Value| {
        json!({"type": "conversation.item.input_audio_transcription.completed",
            "item_id": "item_1", "content_index": 0, "transcript": "shalom", "usage": usage})
    };
    let tokens = json!({"type": "tokens", "total_tokens": 14, "input_tokens": 12,
        "output_tokens": 2, "input_token_details": {"audio_tokens": 12, "text_tokens": 0}});
    let whisper = json!({"type": "duration", "seconds": 2});
    for is_gone in [false, true] {
        for (usage, ms) in [(&tokens, Some(1_200)), (&whisper, Some(2_000)), (&json!(null), None)] {
            let mut stage = Stage::live();
            if is_gone {
                stage.session.session_ended(SessionFault::Passing, stage.now);
                stage.goes_live();
            }
            stage.reports();
            stage.session.on_received(1, &read(&words(usage.clone())), stage.now);
            let reports = stage.reports();
            let length = ms.map(std::time::Duration::from_millis);
            let billed = length.map(|length| Event::TurnBilled { length });
            assert_eq!(reports.len(), 1 + billed.iter().len(), "{usage}: {reports:?}");
            assert_eq!(
                reports.iter().find(|r| matches!(r, Event::TurnBilled { .. })),
                billed.as_ref()
            );
            assert!(matches!(reports.last(), Some(Event::TurnTranscribed { .. })));
        }
    }
}

#[test]
fn end_2_a_call_that_a_response_makes_is_reported_before_the_response_is_over() {
    let made = |name: Value| {
        json!({"type": "response.function_call_arguments.done", "response_id": "resp_1",
            "item_id": "item_9", "output_index": 1, "call_id": "call_1", "name": name,
            "arguments": "{}"})
    };
    let mut stage = Stage::live();
    stage.reports();
    stage.hears(&made(json!("call_control")));
    stage.hears(&made(json!(null)));
    let (response, name) = (ResponseId::parse("resp_1").unwrap(), "call_control".to_owned());
    let arguments = "{}".to_owned();
    assert_eq!(stage.reports(), [Event::CallMade { response, name, arguments }]);
}
