use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::clock::Clock;
use crate::dialer::{TcpDialer, tls_config};
use crate::link::Frame;

fn client(base_url: String) -> OpenAiConnector {
    OpenAiConnector::new(base_url, "sk-secret".into(), dialer())
}

fn dialer() -> Arc<dyn Dialer> {
    Arc::new(TcpDialer::new(tls_config().unwrap(), Duration::from_secs(5)))
}

/// Connects to a server that handles the connection with `serve`.
async fn connect_to<F>(
    scheme: &str,
    serve: impl FnOnce(TcpStream) -> F,
) -> Result<Link, ConnectError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("{scheme}://{}/v1/realtime", listener.local_addr().unwrap());
    let connecting = tokio::spawn(async move { client(url).connect("m").await });
    let (stream, _) = listener.accept().await.unwrap();
    tokio::spawn(serve(stream));
    connecting.await.unwrap()
}

/// Reads a request's head, and sends `answer`.
async fn answer(mut stream: TcpStream, answer: &'static str) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_link_is_opened_and_carries_frames_both_ways() {
    let mut link = connect_to("ws", |stream| async {
        let mut server = tokio_tungstenite::accept_async(stream).await.unwrap();
        while let Some(Ok(Message::Text(text))) = server.next().await {
            server.send(Message::Text(text)).await.unwrap();
        }
    })
    .await
    .unwrap();
    link.writer.send(Frame::text("echo".to_owned())).await.unwrap();
    let echo = link.reader.next().await.unwrap().unwrap();
    assert_eq!(echo, Frame::text("echo".to_owned()));
}

#[tokio::test]
async fn res_3_a_refusal_has_its_status_and_the_request_carries_model_and_key() {
    let (seen, request) = tokio::sync::oneshot::channel();
    let refused = connect_to("ws", |stream| async {
        let busy = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
        seen.send(answer(stream, busy).await).unwrap();
    })
    .await
    .unwrap_err();
    assert!(matches!(refused, ConnectError::Refused { status: 429 }));
    let request = request.await.unwrap().to_lowercase();
    assert!(request.starts_with("get /v1/realtime?model=m http/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: bearer sk-secret\r\n"));
}

#[tokio::test]
async fn res_3_a_server_without_tls_or_a_missing_server_is_an_error_at_once() {
    let no_tls = connect_to("wss", |mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let error = no_tls.await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls(_)), "{error}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let away = client(url).connect("m").await.unwrap_err();
    assert!(matches!(&away, ConnectError::Unreachable(_)), "{away}");
    assert!(away.to_string().contains("Connection refused"), "{away}");
}

#[tokio::test(start_paused = true)]
async fn res_3_a_silent_server_is_given_up_after_the_patience() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let clock = Clock::start();
    let began = clock.now();
    let silent = client(url).connect("m").await.unwrap_err();
    assert!(matches!(silent, ConnectError::TimedOut));
    assert!(clock.now() >= began + CONNECT_PATIENCE);
}

#[tokio::test]
async fn ops_6_an_invalid_url_or_key_is_refused_and_the_key_is_not_shown() {
    for url in ["not a url", "https://host/v1/realtime"] {
        let error = client(url.to_owned()).connect("m").await.unwrap_err();
        assert!(matches!(error, ConnectError::BadUrl(_)), "{error}");
    }
    let url = "ws://127.0.0.1:1".to_owned();
    let bad_key = OpenAiConnector::new(url.clone(), "sk-\nsecret".into(), dialer());
    let error = bad_key.connect("m").await.unwrap_err();
    assert!(matches!(error, ConnectError::BadUrl(_)));
    let request = client(url).request("m").unwrap();
    assert!(!format!("{error:?} {error} {request:?}").contains("secret"));
}
