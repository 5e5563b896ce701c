//! The server over sockets and in memory.

mod links;
mod story;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;
use crate::openai::behaviour::Transcription;
use crate::openai::brain::Brain;
use crate::speech::Voice;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn dial(
    server: &Server,
    query: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, Error> {
    let mut request = format!("{}{query}", server.url()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    Ok(connect_async(request).await?.0)
}

const MODEL: &str = "?model=gpt-realtime-2.1";
const KEY: [(&str, &str); 1] = [("authorization", "Bearer sk-test")];

async fn next_event(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other @ (Message::Binary(_) | Message::Close(_) | Message::Frame(_)) => {
                panic!("a text frame expected, not {other:?}")
            }
        }
    }
}

fn handshake() -> Handshake {
    Handshake {
        model: Some("gpt-realtime-2.1".to_owned()),
        key: Some("sk-test".to_owned()),
        beta: false,
    }
}

/// The next event of this type in memory. Earlier events are skipped.
async fn until(link: &mut MemoryLink, kind: &str) -> Value {
    loop {
        if let Frame::Text(text) = link.receiver.recv().await.expect(kind) {
            let event: Value = serde_json::from_str(&text).unwrap();
            if event["type"] == kind {
                return event;
            }
        }
    }
}

async fn send(link: &MemoryLink, event: Value) {
    link.sender.send(Frame::Text(event.to_string())).await.unwrap();
}

fn phone() -> Value {
    json!({"type": "session.update", "session": {"type": "realtime", "audio": {
        "input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "whisper-1"},
            "turn_detection": {"type": "server_vad", "create_response": false,
                "interrupt_response": false}},
        "output": {"format": {"type": "audio/pcmu"}}}}})
}

#[tokio::test]
async fn prac_3_a_socket_gets_its_session_and_answers_over_the_wire() {
    let server = Server::on_loopback(Options::default()).await.unwrap();
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    assert_eq!(next_event(&mut socket).await["type"], "session.created");
    socket.send(Message::text(phone().to_string())).await.unwrap();
    assert_eq!(next_event(&mut socket).await["type"], "session.updated");
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(next_event(&mut socket).await["error"]["code"], "invalid_event");
    server.log().look(|record| {
        assert_eq!((record.sessions, record.alive, record.connections), (1, 1, 1));
        assert_eq!(record.count("session.update"), 1);
        assert_eq!(record.of_kind("session.update").next().unwrap().body, phone());
    });
    drop(socket);
    server.log().wait_for(|record| record.alive == 0).await;
}

#[tokio::test]
async fn prac_3_the_upgrade_succeeds_and_then_an_error_and_a_close_come() {
    let server =
        Server::on_loopback(Options { key: Some("sk-good".to_owned()), ..Options::default() })
            .await
            .unwrap();
    let beta = [KEY[0], ("openai-beta", "realtime=v1")];
    for (query, headers, code, close) in [
        (MODEL, &beta[..], Some("beta_api_shape_disabled"), 4000),
        (MODEL, &KEY[..], Some("invalid_api_key"), 3000),
        (MODEL, &[], None, 3000),
        ("", &[("authorization", "Bearer sk-good")], Some("missing_model"), 4000),
    ] {
        let mut socket = dial(&server, query, headers).await.unwrap();
        let event = next_event(&mut socket).await;
        assert_eq!(
            (event["type"].as_str(), event["error"]["code"].as_str()),
            (Some("error"), code)
        );
        let Message::Close(Some(frame)) = socket.next().await.unwrap().unwrap() else {
            panic!("no close");
        };
        assert_eq!(u16::from(frame.code), close);
    }
    assert_eq!(server.log().look(|record| record.sessions), 0);
}

#[tokio::test]
async fn prac_3_connections_are_refused_by_status_or_by_quota_as_often_as_planned() {
    let server = Server::on_loopback(Options::default()).await.unwrap();
    server.faults().refuse_next(ConnectRefusal::Http(429), 1);
    server.faults().refuse_next(ConnectRefusal::Http(503), 1);
    server.faults().refuse_next(ConnectRefusal::NoQuota, 1);
    for status in [429, 503] {
        let Err(Error::Http(response)) = dial(&server, MODEL, &KEY).await else { panic!("taken") };
        assert_eq!(response.status().as_u16(), status);
    }
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    assert_eq!(next_event(&mut socket).await["error"]["type"], "insufficient_quota");
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    assert_eq!(next_event(&mut socket).await["type"], "session.created");
    assert_eq!(server.log().look(|record| (record.connections, record.sessions)), (4, 1));
}

#[tokio::test]
async fn prac_3_a_dropped_connection_ends_without_a_close() {
    let server = Server::on_loopback(Options::default()).await.unwrap();
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    next_event(&mut socket).await;
    server.faults().drop_now();
    let end = socket.next().await;
    assert!(!matches!(end, Some(Ok(_))), "{end:?}");
    server.log().wait_for(|record| record.alive == 0).await;
}

#[tokio::test]
async fn prac_3_dropping_the_server_ends_its_sessions() {
    let server = Server::on_loopback(Options::default()).await.unwrap();
    let log = server.log().clone();
    let mut socket = dial(&server, MODEL, &KEY).await.unwrap();
    next_event(&mut socket).await;
    drop(server);
    log.wait_for(|record| record.alive == 0).await;
}

#[tokio::test(start_paused = true)]
async fn prac_3_a_whole_turn_runs_in_memory_under_paused_time() {
    let server = Server::in_memory(Options { brain: Brain::Echo, ..Options::default() });
    let mut link = server.connect(handshake()).unwrap();
    send(&link, phone()).await;
    until(&mut link, "session.updated").await;
    let mut audio = Voice::built_in().speak("בתל אביב", "he").ulaw().to_vec();
    audio.extend([0xFF; 4000]);
    let audio = BASE64_STANDARD.encode(audio);
    send(&link, json!({"type": "input_audio_buffer.append", "audio": audio})).await;
    until(&mut link, "input_audio_buffer.committed").await;
    send(&link, json!({"type": "response.create"})).await;
    let done = until(&mut link, "response.done").await;
    assert_eq!(done["response"]["output"][0]["content"][0]["transcript"], "בתל אביב");
    server.log().look(|record| {
        assert_eq!(
            (record.heard_texts(), record.said_texts()),
            (vec!["בתל אביב"], vec!["בתל אביב"])
        );
        assert_eq!(record.faults().count(), 0);
        assert_eq!((record.responses, record.done["completed"]), (1, 1));
    });
    drop(link);
    server.log().wait_for(|record| record.alive == 0).await;
}

#[tokio::test(start_paused = true)]
async fn prac_3_a_stalled_session_says_nothing_until_it_goes_on() {
    let server = Server::in_memory(Options::default());
    let mut link = server.connect(handshake()).unwrap();
    until(&mut link, "session.created").await;
    server.faults().stall();
    tokio::task::yield_now().await;
    send(&link, phone()).await;
    let silence = tokio::time::timeout(Duration::from_secs(60), link.receiver.recv()).await;
    assert!(silence.is_err(), "not even a ping came: {silence:?}");
    server.faults().go_on();
    until(&mut link, "session.updated").await;
}

#[tokio::test(start_paused = true)]
async fn prac_3_faults_reach_sessions_that_are_alive() {
    let server = Server::in_memory(Options::default());
    let mut link = server.connect(handshake()).unwrap();
    until(&mut link, "session.created").await;
    server.faults().inject(json!({"type": "practice.something"}));
    until(&mut link, "practice.something").await;
    server.faults().behave(|behaviour| {
        behaviour.rtt = Duration::from_secs(2);
        behaviour.transcription = Transcription::Never;
    });
    let failed =
        ResponseFault::Failed { kind: "server_error".to_owned(), code: None, message: None };
    server.faults().fault_next_response(failed);
    tokio::task::yield_now().await;
    let asked = server.shared.now();
    send(&link, json!({"type": "response.create"})).await;
    until(&mut link, "response.created").await;
    assert!(server.shared.now() - asked >= Duration::from_secs(2));
    let done = until(&mut link, "response.done").await;
    assert_eq!(done["response"]["status"], "failed");
    server.faults().expire();
    assert_eq!(until(&mut link, "error").await["error"]["code"], "session_expired");
    assert!(matches!(link.receiver.recv().await, Some(Frame::Close(..))));
}

#[tokio::test]
async fn prac_3_a_refusal_by_status_holds_in_memory_too() {
    let server = Server::in_memory(Options::default());
    server.faults().refuse_next(ConnectRefusal::Http(503), 1);
    assert_eq!(server.connect(handshake()).unwrap_err(), 503);
    assert!(server.connect(handshake()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn servers_with_one_seed_give_the_same_ids_and_sessions_differ() {
    let seeded = |seed| Server::in_memory(Options { seed, ..Options::default() });
    let ids = async |server: &Server| {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let mut link = server.connect(handshake()).unwrap();
            ids.push(until(&mut link, "session.created").await["session"]["id"].clone());
        }
        ids
    };
    let (one, again, other) = (seeded(7), seeded(7), seeded(8));
    let first = ids(&one).await;
    assert_ne!(first[0], first[1]);
    assert!(ids(&other).await.iter().all(|id| !first.contains(id)));
    assert_eq!(ids(&again).await, first);
}
