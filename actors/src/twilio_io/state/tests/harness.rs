//! A playback under test, with OpenAI, Twilio and CallActor played by the test.

use futures_util::FutureExt;
use protocol::audio::payload::Payload;
use protocol::ids::ResponseId;
use serde_json::Value;

use super::super::*;
use crate::clock::Clock;

pub(super) const FIRST: &str = "MZ00000000000000000000000000000001";
pub(super) const SECOND: &str = "MZ00000000000000000000000000000002";

/// A playback, the downlink, and what is sent to Twilio's socket.
pub(super) struct Harness {
    pub(super) playback: PlaybackState,
    pub(super) downlink: Downlink,
    pub(super) socket: mpsc::Receiver<String>,
    pub(super) now: Instant,
}

/// A message as Twilio receives it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Audio, in milliseconds.
    Audio(u32),
    /// A mark, with the bytes of its item that this stream sent before it.
    Mark(u32),
    Clear,
}

pub(super) fn sid(stream: &str) -> StreamSid {
    StreamSid::parse(stream).unwrap()
}

pub(super) fn response() -> ResponseId {
    ResponseId::parse("resp_1").unwrap()
}

pub(super) fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

pub(super) fn played(of: &str) -> Event {
    Event::ItemPlayed { response: response(), item: item(of) }
}

impl Harness {
    /// A stream is open and reported.
    pub(super) fn open() -> Self {
        Self::with(&BargeInSettings::default())
    }

    pub(super) fn with(settings: &BargeInSettings) -> Self {
        let (_, socket) = mpsc::channel(1);
        let clock = Clock::start();
        let time = CallClock::start(clock);
        let (playback, downlink) = (PlaybackState::new(settings, time), Downlink::default());
        downlink.begin_session(1);
        let mut harness = Self { playback, downlink, socket, now: clock.now() };
        harness.open_stream(FIRST);
        assert_eq!(harness.reports(), [Event::StreamOpened { stream: sid(FIRST) }]);
        harness
    }

    pub(super) fn open_stream(&mut self, stream: &str) {
        self.open_stream_with_room(stream, 64);
    }

    /// Opens a stream whose socket has room for so many messages.
    pub(super) fn open_stream_with_room(&mut self, stream: &str, room: usize) {
        let (outgoing, socket) = mpsc::channel(room);
        self.socket = socket;
        self.playback.on_opened(&sid(stream), &outgoing, &self.downlink, self.now);
    }

    pub(super) fn close_stream(&mut self, stream: &str, how: StreamEnd) {
        self.playback.on_closed(&sid(stream), how, &self.downlink, self.now);
    }

    pub(super) fn advance(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// OpenAI sends so many milliseconds of an item.
    pub(super) fn receive_audio(&self, of: &str, millis: usize) {
        let audio = Payload::encode(&vec![0x55; millis * BYTES_PER_MS]);
        let (response, item) = (response(), item(of));
        let pushed = self.downlink.push(1, &response, &item, &audio, self.now);
        assert!(pushed.now_or_never().is_some(), "there is room");
    }

    pub(super) fn end_item(&self, of: &str) {
        self.downlink.end_item(1, &response(), &item(of));
    }

    /// Sends what can be sent. Returns it with the marks' names.
    pub(super) fn send_named(&mut self) -> Vec<(Message, String)> {
        self.playback.send_audio(&self.downlink, self.now);
        std::iter::from_fn(|| self.socket.try_recv().ok()).map(|text| read(&text)).collect()
    }

    pub(super) fn send(&mut self) -> Vec<Message> {
        self.send_named().into_iter().map(|(message, _)| message).collect()
    }

    /// Sends what can be sent. Returns the names of the marks.
    pub(super) fn send_marks(&mut self) -> Vec<String> {
        let sent = self.send_named().into_iter();
        sent.filter(|(message, _)| matches!(message, Message::Mark(_)))
            .map(|(_, name)| name)
            .collect()
    }

    pub(super) fn return_mark(&mut self, stream: &str, mark: &str) {
        self.playback.on_mark(&sid(stream), mark, self.now);
    }

    pub(super) fn reports(&mut self) -> Vec<Event> {
        self.playback.reports.drain()
    }
}

pub(super) fn read(text: &str) -> (Message, String) {
    let message: Value = serde_json::from_str(text).unwrap();
    if message["event"] == "clear" {
        return (Message::Clear, String::new());
    }
    if message["event"] == "mark" {
        let name = message["mark"]["name"].as_str().unwrap().to_owned();
        let position = name.rsplit(':').next().unwrap().parse().unwrap();
        return (Message::Mark(position), name);
    }
    let audio = message["media"]["payload"].as_str().unwrap().to_owned();
    (Message::Audio(Payload::from_string(audio).unwrap().millis()), String::new())
}
