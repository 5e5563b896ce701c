//! What the agent's audio costs from the downlink to the socket of Twilio. What it costs from OpenAI's socket
//! to the downlink is counted in `realtime::session`.

use protocol::ids::{ItemId, ResponseId};

use super::*;
use crate::audio::downlink::Downlink;
use crate::call_clock::CallClock;
use crate::testing;
use crate::twilio_io::PlaybackState;

/// 240 ms, as an average delta: two pieces.
const DELTA_BYTES: usize = 1920;
const DELTAS: u64 = 200;

/// An actor's turn for a delta, the writer's turn, and the marks that come back.
struct Stage {
    downlink: Downlink,
    playback: PlaybackState,
    stream: StreamSid,
    clock: Clock,
    response: ResponseId,
    item: ItemId,
    audio: Payload,
}

impl Stage {
    fn new(outgoing: &mpsc::Sender<String>) -> Self {
        let (downlink, clock) = (Downlink::default(), Clock::start());
        downlink.begin_session(1);
        let mut playback =
            PlaybackState::new(&testing::settings().barge_in, CallClock::start(clock));
        let stream = StreamSid::parse(STREAM).unwrap();
        playback.on_opened(&stream, outgoing, &downlink, clock.now());
        let response = ResponseId::parse("resp_a").unwrap();
        let (item, audio) =
            (ItemId::parse("item_a").unwrap(), Payload::encode(&[0x55; DELTA_BYTES]));
        Self { downlink, playback, stream, clock, response, item, audio }
    }

    fn receive(&self) {
        let Self { response, item, audio, .. } = self;
        let pushed = self.downlink.push(1, response, item, audio, self.clock.now());
        assert!(pushed.now_or_never().is_some());
    }

    fn send(&mut self) {
        assert!(self.playback.send_audio(&self.downlink, self.clock.now()));
    }
}

fn text(frame: Frame) -> String {
    let Frame::Text(text) = frame else { panic!("{frame:?}") };
    text.to_string()
}

#[tokio::test(start_paused = true)]
async fn pipe_8_a_delta_wakes_the_writer_once_and_allocates_its_messages() {
    let (media_socket, twilio) = tokio::io::duplex(64 * 1024);
    let mut twilio = Link::over(twilio, Role::Client);
    let link = Link::over(media_socket, Role::Server);
    let (outgoing, messages) = mpsc::channel(OUTGOING);
    let mut stage = Stage::new(&outgoing);
    let source = Source::of_call(&testing::call_sid(), "stream");
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&waker);
    let mut writing = pin!(write(link.writer, messages, source));
    assert!(writing.as_mut().poll(&mut context).is_pending());

    let (mut received, mut sent, mut written, mut echoed) = (0, 0, 0, 0);
    for number in 0..WARM_UP + DELTAS {
        let counts =
            [measure(|| stage.receive()).count_total, measure(|| stage.send()).count_total];
        assert_eq!(wakes.take(), 1, "media and marks wake the writer once");
        let writes = measure(|| assert!(writing.as_mut().poll(&mut context).is_pending()));
        let mut marks = Vec::new();
        let mut media = 0;
        while let Some(Some(Ok(frame))) = twilio.reader.next().now_or_never() {
            let text = text(frame);
            match text.split_once("\"name\":\"") {
                Some((_, rest)) => marks.push(rest.split('"').next().unwrap().to_owned()),
                None => media += 1,
            }
        }
        assert!(media == 2 && (1..=2).contains(&marks.len()), "{media} {marks:?}");
        tokio::time::advance(Duration::from_millis(240)).await;
        let now = stage.clock.now();
        let Stage { stream, playback, .. } = &mut stage;
        let echo = measure(|| marks.iter().for_each(|name| playback.on_mark(stream, name, now)));
        if number >= WARM_UP {
            received += counts[0];
            sent += counts[1];
            written += writes.count_total;
            echoed += echo.count_total;
        }
        // Renews the task's budget of polls.
        tokio::task::yield_now().await;
    }
    let each = [received, sent, written, echoed].map(|count| count as f64 / DELTAS as f64);
    // Two pieces are two media messages, and a mark for each 180 ms.
    let most = [0.0, 6.0, 3.0, 0.0];
    assert!(each.iter().zip(most).all(|(each, most)| *each <= most), "{each:?} for a delta");
}
