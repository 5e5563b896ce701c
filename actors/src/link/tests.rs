use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};

use super::*;

async fn next_text(link: &mut Link) -> Option<String> {
    match link.reader.next().await? {
        Ok(Frame::Text(text)) => Some(text.to_string()),
        other => panic!("no text: {other:?}"),
    }
}

fn close() -> Frame {
    Frame::Close { code: None, reason: String::new() }
}

#[tokio::test]
async fn in_memory_frames_arrive_in_order_and_the_writer_waits_for_the_reader() {
    let (mut left, mut right) = Link::pair(1);
    left.writer.send(Frame::text("1".to_owned())).await.unwrap();
    let mut second = left.writer.send(Frame::text("2".to_owned()));
    assert!((&mut second).now_or_never().is_none());

    assert_eq!(next_text(&mut right).await.as_deref(), Some("1"));
    second.await.unwrap();
    assert_eq!(next_text(&mut right).await.as_deref(), Some("2"));
}

#[tokio::test]
async fn in_memory_a_reader_ends_after_the_close_and_a_writer_without_a_reader_gets_an_error() {
    let (mut left, mut right) = Link::pair(4);
    left.writer.send(close()).await.unwrap();
    left.writer.send(Frame::text("late".to_owned())).await.unwrap();
    assert_eq!(right.reader.next().await.unwrap().unwrap(), close());
    assert!(right.reader.next().await.is_none());
    drop(left);
    let refused = right.writer.send(Frame::text("x".to_owned())).await;
    assert!(matches!(refused, Err(LinkError::Gone)));
}

#[tokio::test]
async fn in_memory_a_cancelled_wait_loses_no_frame() {
    let (mut left, mut right) = Link::pair(4);
    assert!(right.reader.next().now_or_never().is_none());
    left.writer.send(Frame::text("1".to_owned())).await.unwrap();
    assert_eq!(next_text(&mut right).await.as_deref(), Some("1"));
}

fn sockets(buffer: usize) -> (Link, Link) {
    let (client, server) = tokio::io::duplex(buffer);
    (Link::over(client, Role::Client), Link::over(server, Role::Server))
}

#[tokio::test]
async fn every_kind_of_frame_crosses_a_websocket_and_pings_are_answered() {
    let (mut client, mut server) = sockets(64 * 1024);
    let frames = [
        Frame::text("שלום".to_owned()),
        Frame::Binary(2),
        Frame::Ping(Bytes::from_static(b"1")),
        Frame::Close { code: Some(4000), reason: "invalid_model".to_owned() },
    ];
    for frame in &frames {
        client.writer.send(frame.clone()).await.unwrap();
    }
    for frame in frames {
        assert_eq!(server.reader.next().await.unwrap().unwrap(), frame);
    }
    assert!(server.reader.next().await.is_none());
    let pong = client.reader.next().await.unwrap().unwrap();
    assert_eq!(pong, Frame::Pong(Bytes::from_static(b"1")));
    let closed = client.reader.next().await.unwrap().unwrap();
    assert!(matches!(closed, Frame::Close { code: Some(4000), .. }));
}

#[tokio::test]
async fn ops_6_a_message_over_the_limit_breaks_the_link_and_is_not_read() {
    let (client, server) = tokio::io::duplex(8 * 1024);
    let mut server = Link::over(server, Role::Server);
    let writing = tokio::spawn(async move {
        let limitless = Some(WebSocketConfig::default());
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, limitless).await;
        client.send(Message::text("x".repeat(MAX_BYTES + 1))).await
    });
    let Some(Err(LinkError::Socket(error))) = server.reader.next().await else {
        panic!("the link still works")
    };
    let too_long =
        matches!(*error, tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }));
    assert!(too_long, "{error}");
    drop(server);
    assert!(writing.await.unwrap().is_err());
}

#[tokio::test]
async fn res_2_a_message_of_the_largest_size_can_be_sent() {
    let (mut client, mut server) = sockets(64 * 1024);
    let text = Frame::text("x".repeat(MAX_BYTES));
    let sent = text.clone();
    let sending = tokio::spawn(async move { client.writer.send(sent).await.map(|()| client) });
    assert_eq!(server.reader.next().await.unwrap().unwrap(), text);
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn res_3_a_broken_connection_is_distinguished_from_a_closed_one() {
    let (client, server) = tokio::io::duplex(1024);
    let mut server = Link::over(server, Role::Server);
    drop(client);
    let Some(Err(LinkError::Socket(error))) = server.reader.next().await else {
        panic!("it was not closed")
    };
    let reset = tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake);
    assert_eq!(error.to_string(), reset.to_string());
}

#[tokio::test]
async fn a_protocol_error_breaks_the_link() {
    let (mut client, server) = tokio::io::duplex(1024);
    let mut server = Link::over(server, Role::Server);
    // A masked, empty frame of the reserved kind 3.
    client.write_all(&[0x83, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert!(matches!(server.reader.next().await, Some(Err(LinkError::Socket(_)))));
}

/// A waker that counts.
fn counted() -> (Arc<Wakes>, Waker) {
    let wakes = Arc::new(Wakes::default());
    (Arc::clone(&wakes), Waker::from(wakes))
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn what_arrives_wakes_the_reader_and_not_the_writer() {
    let (mut client, mut server) = sockets(64 * 1024);
    let (reader, reader_waker) = counted();
    let (writer, writer_waker) = counted();
    let mut reading = Context::from_waker(&reader_waker);
    let mut writing = Context::from_waker(&writer_waker);
    assert!(server.reader.as_mut().poll_next(&mut reading).is_pending());
    server.writer.start_send_unpin(Frame::text("to the client".to_owned())).unwrap();
    assert!(server.writer.as_mut().poll_flush(&mut writing).is_ready());

    client.writer.send(Frame::text("to the server".to_owned())).await.unwrap();
    assert_eq!((reader.0.load(Ordering::SeqCst), writer.0.load(Ordering::SeqCst)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn res_2_a_writer_that_waits_for_room_goes_on_though_its_reader_answers_pings_meanwhile() {
    let (mut client, Link { mut reader, mut writer }) = sockets(64);
    let text = Frame::text("x".repeat(4000));
    let sent = text.clone();
    let writing = tokio::spawn(async move { writer.send(sent).await });
    let reading = tokio::spawn(async move { while let Some(Ok(_)) = reader.next().await {} });
    for ping in 0..20_u8 {
        client.writer.send(Frame::Ping(Bytes::copy_from_slice(&[ping]))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut received = Vec::new();
    while !received.contains(&text) {
        received.push(client.reader.next().await.unwrap().unwrap());
    }
    writing.await.unwrap().unwrap();
    drop(client);
    reading.await.unwrap();
}

#[tokio::test]
async fn frames_that_are_fed_leave_together_with_the_flush() {
    let (mut client, mut server) = sockets(64 * 1024);
    for text in ["media", "mark"] {
        client.writer.feed(Frame::text(text.to_owned())).await.unwrap();
    }
    assert!(next_text(&mut server).now_or_never().is_none());
    client.writer.flush().await.unwrap();
    assert_eq!(next_text(&mut server).await.as_deref(), Some("media"));
    assert_eq!(next_text(&mut server).now_or_never().flatten().as_deref(), Some("mark"));
}

#[tokio::test]
async fn ops_6_texts_of_every_length_are_framed_and_masked_as_another_library_reads_them() {
    for role in [Role::Client, Role::Server] {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        let mut ours = Link::over(ours, role);
        let other = if role == Role::Client { Role::Server } else { Role::Client };
        let mut theirs = WebSocketStream::from_raw_socket(theirs, other, None).await;
        for length in [0, 1, 2, 3, 4, 5, 7, 8, 125, 126, 127, 4090, 4096, 65_535, 65_536, 65_537] {
            let text: String = (0..length).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
            ours.writer.send(Frame::text(text.clone())).await.unwrap();
            assert_eq!(theirs.next().await.unwrap().unwrap(), Message::text(text));
        }
    }
}

#[tokio::test]
async fn order_is_kept_between_texts_pings_and_the_close_and_nothing_follows_it() {
    let (mut client, mut server) = sockets(64 * 1024);
    let frames = [
        Frame::text("1".to_owned()),
        Frame::Ping(Bytes::from_static(b"2")),
        Frame::text("3".repeat(10_000)),
        close(),
    ];
    for frame in &frames {
        client.writer.feed(frame.clone()).await.unwrap();
    }
    let refused = client.writer.feed(Frame::text("late".to_owned())).await;
    assert!(matches!(refused, Err(LinkError::Socket(_))));
    client.writer.flush().await.unwrap();
    let mut texts = Vec::new();
    while let Some(Ok(frame)) = server.reader.next().await {
        if !matches!(frame, Frame::Ping(_)) {
            texts.push(frame);
        }
    }
    assert_eq!(texts, [frames[0].clone(), frames[2].clone(), close()]);
}

#[tokio::test]
async fn res_7_the_memory_of_a_long_message_is_not_kept() {
    let everything_passes = tokio::io::join(tokio::io::empty(), tokio::io::sink());
    let mut client = Link::over(everything_passes, Role::Client);
    client.writer.send(Frame::text("first".to_owned())).await.unwrap();
    let long = Frame::text("x".repeat(100_000));
    let mut sent = None;
    let memory = allocation_counter::measure(|| {
        sent = client.writer.send(long).now_or_never();
    });
    assert!(matches!(sent, Some(Ok(()))));
    assert!(memory.bytes_max >= 100_000 && memory.bytes_current <= 0, "{memory:?}");
}

#[tokio::test]
async fn res_7_what_a_stuck_stream_does_not_take_is_bounded() {
    let (mut client, _server) = sockets(64);
    let long = Frame::text("x".repeat(MAX_BYTES));
    let fed = |client: &mut Link| client.writer.feed(long.clone()).now_or_never().unwrap();
    assert!(fed(&mut client).is_ok());
    let full = std::iter::repeat_with(|| fed(&mut client)).take(2).find_map(Result::err);
    let Some(LinkError::Socket(error)) = full else { panic!("it takes everything") };
    assert!(matches!(*error, tungstenite::Error::WriteBufferFull(_)), "{error}");
}
