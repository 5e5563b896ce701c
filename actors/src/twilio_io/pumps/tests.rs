//! What a frame costs on its whole way, from the socket of Twilio to that of OpenAI: allocations and
//! wakes. Counts, not times.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use allocation_counter::measure;
use futures_util::FutureExt;
use protocol::ids::CallSid;
use supervision::Lease;
use tokio_tungstenite::tungstenite::protocol::Role;

mod down;

use super::*;
use crate::link::Text;
use crate::realtime::SenderLoop;

const STREAM: &str = "MZaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const WARM_UP: u64 = 200;
const FRAMES: u64 = 500;

/// The caller's frame `number`, as Twilio writes it.
fn media(number: u64) -> Frame {
    let payload = Payload::encode(&[0x55; 160]);
    let (sequence, chunk, at) = (number + 1, number, number * 20);
    Frame::text(format!(
        r#"{{"event":"media","sequenceNumber":"{sequence}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{at}","payload":"{}"}},"streamSid":"{STREAM}"}}"#,
        payload.as_str()
    ))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn pipe_1_pipe_8_a_frame_wakes_one_task_and_allocates_nothing_but_its_share_of_a_chunk() {
    let (twilio, media_socket) = tokio::io::duplex(64 * 1024);
    let (session_socket, openai) = tokio::io::duplex(64 * 1024);
    let mut twilio = Link::over(twilio, Role::Client);
    let mut openai = Link::over(openai, Role::Server);
    let call = CallSid::parse("CA0123456789abcdef0123456789abcdef").unwrap();
    let source = Source::of_call(&call, "stream");
    let (uplink, clock) = (Arc::new(Uplink::default()), Clock::start());
    let alive = Arc::new(Lease::new(()).take().await);
    let session = Link::over(session_socket, Role::Client);
    let sender = SenderLoop::new(session.writer, alive, Arc::clone(&uplink), clock, source.clone());
    let sender = Arc::new(sender);
    sender.go_live();

    let (reader_wakes, session_wakes) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let (reader, session) =
        (Waker::from(Arc::clone(&reader_wakes)), Waker::from(Arc::clone(&session_wakes)));
    let (mut reader, mut session) = (Context::from_waker(&reader), Context::from_waker(&session));
    let sinks = MediaSinks {
        inbox: Inbox::new(8),
        uplink: Arc::clone(&uplink),
        loudness: Arc::default(),
        clock,
        source,
    };
    let stream = StreamSid::parse(STREAM).unwrap();
    let media_link = Link::over(media_socket, Role::Server);
    let mut reading = pin!(read(media_link.reader, &stream, &sinks));
    let mut silence = Box::pin(tokio::time::sleep(Duration::ZERO));
    let mut sending = pin!(sender.run(&mut silence));
    assert!(sending.as_mut().poll(&mut session).is_pending());
    assert!(reading.as_mut().poll(&mut reader).is_pending());

    let mut allocations = 0;
    for number in 0..WARM_UP + FRAMES {
        twilio.writer.send(media(number)).await.unwrap();
        assert_eq!(reader_wakes.take(), 1, "the task that reads the stream");
        let cost = measure(|| assert!(reading.as_mut().poll(&mut reader).is_pending()));
        let sent: Option<Result<Frame, _>> = openai.reader.next().now_or_never().flatten();
        assert!(matches!(sent, Some(Ok(Frame::Text(Text { .. })))), "it is on the wire");
        assert_eq!(session_wakes.take(), 0, "the session's task sleeps on");
        if number >= WARM_UP {
            allocations += cost.count_total;
        }
        // Renews the task's budget of polls.
        tokio::task::yield_now().await;
    }
    // 200 ms of decoded audio are kept in one block of memory: a block for ten frames.
    assert!(allocations <= FRAMES / 10 + FRAMES / 20, "{allocations} for {FRAMES} frames");
}
