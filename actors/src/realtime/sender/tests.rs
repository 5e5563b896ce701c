use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{FutureExt, StreamExt, sink};
use protocol::ids::CallSid;
use supervision::Lease;
use tokio::task::JoinHandle;

use super::*;
use crate::link::{Link, LinkReader};

/// A live sender loop over an in-memory link in which `room` messages may wait.
async fn live(room: usize) -> (Arc<SenderLoop>, Arc<Uplink>, LinkReader) {
    let (link, peer) = Link::pair(room);
    let (sender, uplink) = over(link.writer).await;
    sender.go_live();
    (sender, uplink, peer.reader)
}

async fn over(writer: LinkWriter) -> (Arc<SenderLoop>, Arc<Uplink>) {
    let uplink = Arc::new(Uplink::default());
    let alive = Arc::new(Lease::new(()).take().await);
    let call = CallSid::parse("CA0123456789abcdef0123456789abcdef").unwrap();
    let source = Source::of_call(&call, "session");
    let sender = SenderLoop::new(writer, alive, Arc::clone(&uplink), Clock::start(), source);
    (Arc::new(sender), uplink)
}

fn silence() -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep(Duration::ZERO))
}

/// The session's task.
fn running(sender: &Arc<SenderLoop>) -> JoinHandle<LinkError> {
    let sender = Arc::clone(sender);
    tokio::spawn(async move {
        let mut silence = silence();
        loop {
            if let Err(error) = sender.run(&mut silence).await {
                return error;
            }
        }
    })
}

/// Frame `of`: its number is in its first two bytes.
fn push(uplink: &Uplink, of: u16) {
    let mut audio = [0xFF; 160];
    audio[..2].copy_from_slice(&of.to_be_bytes());
    let at = u64::from(of) * 20;
    uplink.push(Payload::encode(&audio), at, Clock::start().now());
}

/// What OpenAI has received: a frame's number, or another event's text.
fn received(frame: Option<Result<Frame, LinkError>>) -> Result<u16, String> {
    let Some(Ok(Frame::Text(text))) = frame else { panic!("no text: {frame:?}") };
    let event: serde_json::Value = serde_json::from_str(&text).unwrap();
    let Some(audio) = event["audio"].as_str() else { return Err(text.to_string()) };
    let audio = STANDARD.decode(audio).unwrap();
    Ok(u16::from_be_bytes([audio[0], audio[1]]))
}

#[tokio::test(start_paused = true)]
async fn pipe_8_a_frame_is_sent_by_the_task_that_brings_it() {
    let (_sender, uplink, mut openai) = live(8).await;
    for of in 0..3 {
        push(&uplink, of);
        assert_eq!(received(openai.next().now_or_never().unwrap()), Ok(of));
    }
}

#[tokio::test(start_paused = true)]
async fn pipe_2_frames_wait_until_the_session_is_live_and_orders_go_first() {
    let (link, mut peer) = Link::pair(8);
    let (sender, uplink) = over(link.writer).await;
    push(&uplink, 1);
    let running = running(&sender);
    tokio::task::yield_now().await;
    assert!(peer.reader.next().now_or_never().is_none());

    sender.go_live();
    sender.send(vec!["{}".to_owned()]);
    push(&uplink, 2);
    let mut got = Vec::new();
    for _ in 0..3 {
        got.push(received(peer.reader.next().await));
    }
    assert_eq!(got, [Err("{}".to_owned()), Ok(1), Ok(2)]);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn pipe_2_while_the_socket_is_full_frames_wait_in_the_queue_and_leave_in_order() {
    let (sender, uplink, mut openai) = live(2).await;
    let running = running(&sender);
    tokio::task::yield_now().await;
    for of in 0..100 {
        push(&uplink, of);
    }
    assert!(uplink.counters().depth >= 97, "{:?}", uplink.counters());
    for of in 0..100 {
        assert_eq!(received(openai.next().await), Ok(of));
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipe_1_invariant_6_whoever_turns_the_loop_frames_leave_once_and_in_order() {
    const FRAMES: u16 = 3_000;
    let (sender, uplink, mut openai) = live(16).await;
    let running = running(&sender);
    let bringing = tokio::spawn(async move {
        for of in 0..FRAMES {
            push(&uplink, of);
            while uplink.counters().depth > 100 {
                tokio::task::yield_now().await;
            }
        }
    });
    let ordering = tokio::spawn(async move {
        loop {
            // Competes for the loop.
            sender.wake();
            tokio::task::yield_now().await;
        }
    });
    for of in 0..FRAMES {
        assert_eq!(received(openai.next().await), Ok(of));
    }
    bringing.await.unwrap();
    ordering.abort();
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn res_2_a_panic_in_a_turn_belongs_to_the_session_and_not_to_the_stream() {
    let writer =
        sink::unfold((), async |(), _: Frame| -> Result<(), LinkError> { panic!("a bug") });
    let (sender, uplink) = over(Box::pin(writer)).await;
    sender.go_live();
    push(&uplink, 1);
    push(&uplink, 2);
    assert_eq!(uplink.counters().sent, 1, "a loop that is over takes nothing more");

    let panic = running(&sender).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug"));
}

#[tokio::test(start_paused = true)]
async fn pipe_3_the_loop_says_when_its_orders_are_sent() {
    let (link, mut peer) = Link::pair(1);
    let (sender, _uplink) = over(link.writer).await;
    let mut silence = silence();
    assert!(sender.run(&mut silence).now_or_never().is_none(), "there are none");
    sender.send(vec!["1".to_owned(), "2".to_owned()]);
    assert!(sender.run(&mut silence).now_or_never().is_none(), "there is room for one");
    assert!(sender.is_blocked());
    assert_eq!(received(peer.reader.next().await), Err("1".to_owned()));
    assert!(matches!(sender.run(&mut silence).now_or_never(), Some(Ok(()))));
    assert!(!sender.is_blocked());
}

#[tokio::test(start_paused = true)]
async fn res_3_a_socket_that_breaks_for_the_stream_ends_the_session() {
    let (sender, uplink, openai) = live(8).await;
    drop(openai);
    push(&uplink, 1);
    let mut silence = silence();
    let ended = tokio::time::timeout(Duration::from_secs(1), sender.run(&mut silence));
    assert!(matches!(ended.await, Ok(Err(LinkError::Gone))));
}

#[tokio::test(start_paused = true)]
async fn pipe_2_silence_replaces_the_frames_of_a_line_that_brings_none() {
    let (sender, uplink, mut openai) = live(100).await;
    push(&uplink, 1);
    uplink.speech_started(&protocol::ids::ItemId::parse("turn").unwrap(), 0);
    let running = running(&sender);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // From 750 ms on, every 20 ms.
    assert_eq!(uplink.counters().padded, 13);
    assert_eq!(received(openai.next().await), Ok(1));
    running.abort();
}
