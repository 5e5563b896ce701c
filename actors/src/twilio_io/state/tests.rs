mod interruption;

use futures_util::FutureExt;
use protocol::audio::payload::Payload;
use protocol::business::BargeInPreset;
use protocol::ids::ResponseId;
use serde_json::Value;

use super::*;
use crate::clock::Clock;

const FIRST: &str = "MZ00000000000000000000000000000001";
const SECOND: &str = "MZ00000000000000000000000000000002";

/// A playback, the agent's audio, and the socket Twilio would be at.
struct Stage {
    playback: PlaybackState,
    downlink: Downlink,
    socket: mpsc::Receiver<String>,
    now: Instant,
}

/// A message as Twilio gets it.
#[derive(Debug, PartialEq, Eq)]
enum Got {
    /// So many milliseconds of audio.
    Audio(u32),
    /// A mark that follows so many bytes of its item, counted on this stream.
    Mark(u32),
    Clear,
}

fn sid(stream: &str) -> StreamSid {
    StreamSid::parse(stream).unwrap()
}

fn response() -> ResponseId {
    ResponseId::parse("resp_1").unwrap()
}

fn item(name: &str) -> ItemId {
    ItemId::parse(name).unwrap()
}

fn played(of: &str) -> Event {
    Event::ItemPlayed { response: response(), item: item(of) }
}

impl Stage {
    /// A stream is open, and the call knows it.
    fn open() -> Self {
        Self::with(&BargeInSettings::default())
    }

    fn with(settings: &BargeInSettings) -> Self {
        let (_, socket) = mpsc::channel(1);
        let (playback, downlink) = (PlaybackState::new(settings), Downlink::default());
        let mut stage = Self { playback, downlink, socket, now: Clock::start().now() };
        stage.opens(FIRST);
        assert_eq!(stage.reports(), [Event::StreamOpened { stream: sid(FIRST) }]);
        stage
    }

    fn opens(&mut self, stream: &str) {
        self.opens_with(stream, 64);
    }

    /// A stream opens whose socket takes so many messages.
    fn opens_with(&mut self, stream: &str, room: usize) {
        let (outgoing, socket) = mpsc::channel(room);
        self.socket = socket;
        self.playback.on_opened(&sid(stream), &outgoing, &self.downlink, self.now);
    }

    fn passes(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
    }

    /// OpenAI sends so much of an item.
    fn comes(&self, of: &str, millis: usize) {
        let audio = Payload::encode(&vec![0x55; millis * BYTES_PER_MS]);
        let (response, item) = (response(), item(of));
        let pushed = self.downlink.push(&response, &item, &audio, self.now);
        assert!(pushed.now_or_never().is_some(), "there is room");
    }

    fn ends(&self, of: &str) {
        self.downlink.end_item(&response(), &item(of));
    }

    /// Sends what can go, and gives it with the marks' names.
    fn sends_named(&mut self) -> Vec<(Got, String)> {
        self.playback.send_audio(&self.downlink, self.now);
        std::iter::from_fn(|| self.socket.try_recv().ok()).map(|text| read(&text)).collect()
    }

    fn sends(&mut self) -> Vec<Got> {
        self.sends_named().into_iter().map(|(got, _)| got).collect()
    }

    /// Sends what can go, and gives the names of the marks.
    fn marks(&mut self) -> Vec<String> {
        let sent = self.sends_named().into_iter();
        sent.filter(|(got, _)| matches!(got, Got::Mark(_))).map(|(_, name)| name).collect()
    }

    fn echoes(&mut self, stream: &str, mark: &str) {
        self.playback.on_mark(&sid(stream), mark, self.now);
    }

    fn reports(&mut self) -> Vec<Event> {
        self.playback.reports.drain()
    }
}

fn read(text: &str) -> (Got, String) {
    let message: Value = serde_json::from_str(text).unwrap();
    if message["event"] == "clear" {
        return (Got::Clear, String::new());
    }
    if message["event"] == "mark" {
        let name = message["mark"]["name"].as_str().unwrap().to_owned();
        let position = name.rsplit(':').next().unwrap().parse().unwrap();
        return (Got::Mark(position), name);
    }
    let audio = message["media"]["payload"].as_str().unwrap().to_owned();
    (Got::Audio(Payload::from_string(audio).unwrap().millis()), String::new())
}

#[test]
fn barge_3_trap_twilio_7_all_there_is_goes_out_at_once_with_a_mark_each_180_ms_and_at_the_end() {
    let mut stage = Stage::open();
    stage.comes("a", 400);
    stage.ends("a");
    let expected = [
        Got::Audio(180),
        Got::Mark(1440),
        Got::Audio(180),
        Got::Mark(2880),
        Got::Audio(40),
        Got::Mark(3200),
    ];
    assert_eq!(stage.sends(), expected);
    let plays_until = stage.now + Duration::from_millis(400);
    let playing =
        Event::ItemPlaying { response: response(), item: item("a"), added: Duration::ZERO };
    let queued = Event::ItemQueued { item: item("a"), plays_until };
    assert_eq!(stage.reports(), [playing, queued]);
}

#[test]
fn greet_5_what_is_added_counts_from_the_audios_coming_or_from_the_streams_opening_if_that_was_later()
 {
    let mut stage = Stage::open();
    stage.comes("late", 20);
    stage.passes(7);
    stage.sends();
    stage.comes("early", 20);
    stage.passes(500);
    stage.opens(SECOND);
    stage.passes(3);
    stage.sends();
    let added: Vec<_> = (stage.reports().into_iter())
        .filter_map(|report| {
            let Event::ItemPlaying { item, added, .. } = report else { return None };
            Some((item.to_string(), added.as_millis()))
        })
        .collect();
    assert_eq!(added[0], ("late".to_owned(), 7));
    assert_eq!(added.last(), Some(&("early".to_owned(), 3)));
}

#[test]
fn barge_3_invariant_4_an_item_counts_as_played_when_the_mark_at_its_end_comes_back() {
    let mut stage = Stage::open();
    stage.comes("a", 360);
    stage.ends("a");
    let marks = stage.marks();
    stage.reports();
    stage.passes(5_000);
    let (last, before) = marks.split_last().unwrap();
    for mark in before {
        stage.echoes(FIRST, mark);
    }
    assert_eq!(stage.reports(), [], "however late it is");
    stage.echoes(FIRST, last);
    stage.echoes(FIRST, last);
    assert_eq!(stage.reports(), [played("a")]);
}

#[test]
fn res_2_a_new_stream_plays_what_was_not_heard_cut_at_60_ms_and_counts_on() {
    let mut stage = Stage::open();
    stage.comes("a", 360);
    let marks = stage.marks();
    stage.passes(180);
    stage.echoes(FIRST, &marks[0]);
    stage.passes(100);
    stage.reports();

    stage.opens(SECOND);
    stage.ends("a");
    assert_eq!(stage.downlink.waiting_ms(), 120, "280 of 360 ms were heard; 240 is a cut");
    assert_eq!(stage.sends(), [Got::Audio(60), Got::Audio(60), Got::Mark(960)]);
    let queued = stage.now + Duration::from_millis(120);
    let expected = [
        Event::StreamOpened { stream: sid(SECOND) },
        Event::ItemQueued { item: item("a"), plays_until: queued },
    ];
    assert_eq!(stage.reports(), expected);
}

#[test]
fn res_2_items_behind_the_one_that_was_cut_off_are_played_whole_on_the_new_stream() {
    let mut stage = Stage::open();
    stage.comes("a", 120);
    stage.ends("a");
    stage.comes("b", 120);
    stage.ends("b");
    stage.sends();
    stage.passes(60);
    stage.opens(SECOND);
    stage.reports();

    let marks = stage.marks();
    assert_eq!(marks.len(), 2, "one at each end: {marks:?}");
    for mark in &marks {
        stage.echoes(SECOND, mark);
    }
    let ends: Vec<_> = stage.reports().into_iter().filter(is_played).collect();
    assert_eq!(ends, [played("a"), played("b")]);
}

fn is_played(report: &Event) -> bool {
    matches!(report, Event::ItemPlayed { .. })
}

#[test]
fn res_2_marks_of_an_old_stream_are_ignored() {
    let mut stage = Stage::open();
    stage.comes("a", 180);
    stage.ends("a");
    let old = stage.marks();
    stage.opens(SECOND);
    let new = stage.marks();
    stage.reports();

    for mark in &old {
        stage.echoes(FIRST, mark);
        stage.echoes(SECOND, mark);
    }
    stage.echoes(FIRST, new.last().unwrap());
    stage.echoes(SECOND, "not ours");
    assert_eq!(stage.reports(), []);
    stage.echoes(SECOND, new.last().unwrap());
    assert_eq!(stage.reports(), [played("a")]);
}

#[test]
fn res_2_an_item_heard_to_its_end_counts_as_played_though_its_last_mark_is_lost_with_the_stream() {
    let mut stage = Stage::open();
    stage.comes("a", 180);
    stage.ends("a");
    stage.sends();
    stage.passes(500);
    stage.reports();
    stage.opens(SECOND);
    assert_eq!(stage.sends(), []);
    assert_eq!(stage.reports(), [played("a"), Event::StreamOpened { stream: sid(SECOND) }]);
}

#[test]
fn res_2_the_rest_of_an_item_counts_on_where_the_lost_stream_had_played_all_it_was_given() {
    let mut stage = Stage::open();
    stage.comes("a", 180);
    stage.sends();
    stage.passes(500);
    stage.opens(SECOND);
    stage.reports();
    stage.comes("a", 360);
    let marks = stage.marks();
    assert_eq!(stage.reports(), [], "it was reported to play before");

    stage.passes(180);
    stage.echoes(SECOND, &marks[0]);
    stage.opens(FIRST);
    assert_eq!(stage.downlink.waiting_ms(), 180, "360 of 540 ms were heard");
}

#[test]
fn res_7_audio_waits_in_the_downlink_while_the_socket_takes_no_more() {
    let mut stage = Stage::open();
    stage.opens_with(SECOND, 2);
    stage.comes("a", 360);
    assert!(!stage.playback.send_audio(&stage.downlink, stage.now));
    assert_eq!(stage.downlink.waiting_ms(), 180);
    assert_eq!(stage.sends(), [Got::Audio(180), Got::Mark(1440)]);
    assert_eq!(stage.sends(), [Got::Audio(180), Got::Mark(2880)]);
}

#[test]
fn res_2_audio_waits_for_a_stream_that_comes_back_and_a_close_of_an_older_one_ends_nothing() {
    let mut stage = Stage::open();
    stage.opens(SECOND);
    stage.playback.on_closed(&sid(FIRST), StreamEnd::Lost);
    stage.comes("a", 20);
    assert_eq!(stage.sends(), [Got::Audio(20)]);

    stage.playback.on_closed(&sid(SECOND), StreamEnd::Stopped);
    stage.comes("a", 20);
    assert_eq!(stage.sends(), []);
    assert_eq!((stage.downlink.waiting_ms(), stage.playback.state_name()), (20, "no stream"));
}
