use futures_util::FutureExt;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::Role;

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

async fn socket(stream: DuplexStream, role: Role) -> WebSocketStream<DuplexStream> {
    WebSocketStream::from_raw_socket(stream, role, Some(websocket_config())).await
}

async fn sockets() -> (Link, Link) {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let client = Link::over(socket(client, Role::Client).await);
    (client, Link::over(socket(server, Role::Server).await))
}

#[tokio::test]
async fn every_kind_of_frame_crosses_a_websocket_and_pings_are_answered() {
    let (mut client, mut server) = sockets().await;
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
    let mut server = Link::over(socket(server, Role::Server).await);
    let writing = tokio::spawn(async move {
        let limitless = Some(WebSocketConfig::default());
        let client = WebSocketStream::from_raw_socket(client, Role::Client, limitless).await;
        Link::over(client).writer.send(Frame::text("x".repeat(MAX_BYTES + 1))).await
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
    let (mut client, mut server) = sockets().await;
    let text = Frame::text("x".repeat(MAX_BYTES));
    let sent = text.clone();
    let sending = tokio::spawn(async move { client.writer.send(sent).await.map(|()| client) });
    assert_eq!(server.reader.next().await.unwrap().unwrap(), text);
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn res_3_a_broken_connection_is_distinguished_from_a_closed_one() {
    let (client, server) = tokio::io::duplex(1024);
    let mut server = Link::over(socket(server, Role::Server).await);
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
    let mut server = Link::over(socket(server, Role::Server).await);
    // A masked, empty frame of the reserved kind 3.
    client.write_all(&[0x83, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert!(matches!(server.reader.next().await, Some(Err(LinkError::Socket(_)))));
}
