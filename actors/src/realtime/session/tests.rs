//! What the agent's audio costs from OpenAI's socket to the downlink. What it costs from there on is counted
//! in `twilio_io::pumps`.

use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Wake, Waker};

use allocation_counter::measure;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::audio::downlink::AgentAudio;
use crate::testing::{self, Unreachable};

/// 240 ms, as an average delta.
const DELTA_BYTES: usize = 1920;
const WARM_UP: u64 = 200;
const DELTAS: u64 = 200;

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn delta() -> Frame {
    let audio = Payload::encode(&[0x55; DELTA_BYTES]);
    Frame::text(format!(
        r#"{{"type":"response.output_audio.delta","event_id":"event_a","response_id":"resp_a","item_id":"item_a","output_index":0,"content_index":0,"delta":"{}"}}"#,
        audio.as_str()
    ))
}

#[tokio::test(start_paused = true)]
async fn pipe_8_a_delta_wakes_the_reader_once_and_is_copied_once() {
    let (session_socket, openai) = tokio::io::duplex(64 * 1024);
    let mut openai = Link::over(openai, Role::Server);
    let parts = testing::call(Arc::new(Unreachable));
    parts.downlink.begin_session(1);
    let last_received = Arc::new(LastReceived::new(parts.clock.now()));
    let source = Source::of_call(&testing::call_sid(), "session");
    let session = Session::new(1, Arc::clone(&parts), last_received, source);
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&waker);
    let mut reading = pin!(session.read(Link::over(session_socket, Role::Client).reader));
    assert!(reading.as_mut().poll(&mut context).is_pending());

    let mut allocations = 0;
    for number in 0..WARM_UP + DELTAS {
        openai.writer.send(delta()).await.unwrap();
        assert_eq!(wakes.0.swap(0, Ordering::SeqCst), 1, "the task that reads the session");
        let cost = measure(|| assert!(reading.as_mut().poll(&mut context).is_pending()));
        let mut pieces = 0;
        while let Some(AgentAudio::Piece(_)) = parts.downlink.peek() {
            parts.downlink.pop();
            pieces += 1;
        }
        assert_eq!(pieces, 2);
        if number >= WARM_UP {
            allocations += cost.count_total;
        }
        // Renews the task's budget of polls.
        tokio::task::yield_now().await;
    }
    let each = allocations as f64 / DELTAS as f64;
    // The copy of its audio, and the names of its response and item.
    assert!(each <= 4.0, "{each} for a delta");
}
