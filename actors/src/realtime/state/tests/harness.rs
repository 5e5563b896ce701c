//! A session's state under test, with OpenAI and CallActor played by the test.

use jiff::Timestamp;
use protocol::business::BusinessSettings;
use protocol::call::{Body, Entry, LeadFacts, SessionAges};
use protocol::ids::{BusinessId, CallSid, PhoneNumber, Slug};
use protocol::openai::server_event::ServerFrame;
use protocol::response_gate::{Ask, AskNumber, Manner, Reply, Want};
use protocol::twilio::forms::{Direction, Party};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::super::*;
use crate::clock::Clock;
use crate::realtime::session::LastReceived;

/// A session's state, and what it sends to its sender loop.
pub(super) struct Harness {
    pub(super) session: SessionState,
    pub(super) downlink: Arc<Downlink>,
    pub(super) socket: mpsc::Receiver<Outgoing>,
    pub(super) now: Instant,
}

pub(super) fn read(event: &Value) -> ServerEvent {
    match ServerFrame::parse(&event.to_string()).unwrap() {
        ServerFrame::Event(event) => event,
        ServerFrame::Audio(delta) => panic!("{delta:?}"),
    }
}

/// An order to the sender loop.
#[derive(Debug, PartialEq)]
pub(super) enum Sent {
    Event(Value),
    GoLive,
}

pub(super) fn setup() -> CallSetup {
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
        session_ages: SessionAges::default(),
        is_test: false,
    }
}

pub(super) fn answer(number: u64, turn: &str) -> RealtimeOrder {
    let want = Want::Answer(Reply::Turn(ItemId::parse(turn).unwrap()));
    RealtimeOrder::Ask(Ask { number: AskNumber(number), want, manner: Manner::default() })
}

pub(super) fn entry(number: u32, text: &str) -> Arc<Entry> {
    let body = Body::System(text.to_owned());
    Arc::new(Entry { number, at: Timestamp::UNIX_EPOCH, body })
}

/// The only element of a list. `None` if there is not exactly one.
pub(super) fn only<T>(list: Vec<T>) -> Option<T> {
    let [only] = <[T; 1]>::try_from(list).ok()?;
    Some(only)
}

impl Harness {
    pub(super) fn new() -> Self {
        let now = Clock::start().now();
        let (_, socket) = mpsc::channel(1);
        let downlink = Arc::new(Downlink::default());
        downlink.begin_session(1);
        let session =
            SessionState::new(&setup(), Arc::default(), Arc::clone(&downlink), Arc::default(), now);
        Self { session, downlink, socket, now }
    }

    /// A live session, with the call replayed.
    pub(super) fn live() -> Self {
        let mut harness = Self::new();
        harness.go_live();
        harness.sent();
        harness.reports();
        harness
    }

    pub(super) fn open_session(&mut self) {
        self.session.next_session();
        let (outgoing, socket) = mpsc::channel(64);
        let last_received = Arc::new(LastReceived::new(self.now));
        self.socket = socket;
        self.session.opening(Socket { outgoing, last_received }, self.now);
    }

    /// Opens a session. Returns the settings that it was sent.
    pub(super) fn configure(&mut self) -> Value {
        self.open_session();
        self.receive(&json!({"type": "session.created", "session": {"id": "sess_1"}}));
        let Some(Sent::Event(update)) = only(self.sent()) else { panic!("no session.update") };
        assert_eq!(update["type"], "session.update");
        update["session"].clone()
    }

    pub(super) fn go_live(&mut self) {
        let session = self.configure();
        self.receive(&json!({"type": "session.updated", "session": session}));
        let session = self.session.number;
        self.order(&RealtimeOrder::Replay { session, history: vec![entry(1, "so far")] });
        assert_eq!(self.session.state_name(), "live");
    }

    pub(super) fn receive(&mut self, event: &Value) -> SessionAction {
        self.session.on_received(self.session.number, &read(event), self.now)
    }

    pub(super) fn order(&mut self, order: &RealtimeOrder) {
        assert_eq!(self.session.on_order(order, self.now), SessionAction::None);
    }

    pub(super) fn sent(&mut self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while let Ok(order) = self.socket.try_recv() {
            match order {
                Outgoing::Events(events) => sent.extend(
                    events.iter().map(|event| Sent::Event(serde_json::from_str(event).unwrap())),
                ),
                Outgoing::GoLive => sent.push(Sent::GoLive),
            }
        }
        sent
    }

    /// The types of the sent events; `live` stands for the audio.
    pub(super) fn sent_kinds(&mut self) -> Vec<String> {
        let kind = |sent| match sent {
            Sent::Event(event) => event["type"].as_str().unwrap().to_owned(),
            Sent::GoLive => "live".to_owned(),
        };
        self.sent().into_iter().map(kind).collect()
    }

    pub(super) fn reports(&mut self) -> Vec<Event> {
        self.session.reports.drain()
    }

    /// OpenAI speaks a whole response to the request just sent.
    pub(super) fn is_answered(&mut self, response: &str) {
        let metadata = self.create_response(response);
        self.audio_begins(response, "item_a");
        self.is_done(response, &metadata, "completed", &json!([]));
    }

    /// The first audio of an item comes.
    pub(super) fn audio_begins(&mut self, response: &str, item: &str) {
        let (of, item) = (ResponseId::parse(response).unwrap(), ItemId::parse(item).unwrap());
        self.session.on_audio_began(self.session.number, &of, &item, self.now);
    }

    /// `response.done` comes.
    pub(super) fn is_done(
        &mut self,
        response: &str,
        metadata: &Value,
        status: &str,
        output: &Value,
    ) -> SessionAction {
        self.receive(&json!({"type": "response.done", "response": {"id": response,
            "status": status, "output": output, "metadata": metadata}}))
    }

    /// OpenAI answers the request just sent with this response. Returns its metadata.
    pub(super) fn create_response(&mut self, response: &str) -> Value {
        let Some(Sent::Event(create)) = only(self.sent()) else {
            panic!("not one response.create")
        };
        assert_eq!(create["type"], "response.create");
        let metadata = create["response"]["metadata"].clone();
        self.receive(&json!({"type": "response.created",
            "response": {"id": response, "metadata": metadata}}));
        metadata
    }
}
