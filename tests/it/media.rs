//! The media socket: who may open one, and which of several serves the call (CALL-1, CALL-9, OPS-6).

use std::time::Duration;

use frontdesk::config::{Patience, Twilio};
use frontdesk::world::World;
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::SignedDuration;
use practice::twilio::CallView;
use protocol::ids::{BusinessId, CallSid};
use protocol::twilio::forms::Direction;
use protocol::twilio::token::StreamTokens;
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{
    brief, call_form, nothing_left, number, post_as_twilio, practice, signature, within, world,
};

const CALL: &str = "CA00000000000000000000000000000007";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_9_a_hundred_webhooks_and_five_sockets_start_one_actor_tree_and_one_session() {
    let world = world(brief).await;
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    for answer in within("the answers", caller.replay_webhook(100)).await {
        let body = answer.unwrap();
        assert!(std::str::from_utf8(&body).unwrap().contains("<Connect>"));
    }
    let mut newest = None;
    for _ in 0..5 {
        newest = Some(within("a further stream", caller.open_second_stream()).await.unwrap());
    }
    let one_is_left = |view: &CallView| {
        let (last, others) = view.streams.split_last().unwrap();
        last.ended.is_none() && others.iter().all(|stream| stream.ended.is_some())
    };
    within("the end of the older ones", caller.until(one_is_left)).await.unwrap();
    assert_eq!(world.calls().await.unwrap().len(), 1);
    assert_eq!(world.actors().await.unwrap().len(), 5 + 5);

    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    let view = caller.view().borrow().clone();
    let last = view.streams.last().unwrap();
    assert_eq!(Some(&last.stream_sid), newest.as_ref());
    assert!(last.bytes_received > 0, "the newest stream has the voice");
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.streams.len(), 6);
    assert_eq!(outcome.view.violations, []);
    nothing_left(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.sessions, 1);
    assert_eq!(record.said_texts(), ["שלום", "בתל אביב"]);
    assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
    world.close().await;
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// Opens a media socket with this signature, as Twilio does.
async fn media_socket(world: &World, signed: Option<&str>) -> Result<Socket, Error> {
    let url = format!("ws://{}/twilio/media", world.app.twilio_address());
    let mut request = url.into_client_request().unwrap();
    if let Some(signature) = signed {
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn signed_media_socket(world: &World) -> Socket {
    let url = format!("ws://{}/twilio/media", world.app.twilio_address());
    media_socket(world, Some(&signature(&url, &[]))).await.unwrap()
}

/// Starts a stream of [`CALL`] with these parameters.
async fn present(socket: &mut Socket, parameters: serde_json::Value) {
    present_as("MZ00000000000000000000000000000001", socket, parameters).await;
}

async fn present_as(sid: &str, socket: &mut Socket, parameters: serde_json::Value) {
    let connected = json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" });
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": sid,
        "start": {
            "accountSid": Twilio::PRACTICE_ACCOUNT, "streamSid": sid, "callSid": CALL,
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": parameters,
        },
    });
    for message in [connected, start] {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
}

/// Waits until the daemon has closed the socket.
async fn closed(what: &str, socket: &mut Socket) {
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    within(what, end).await;
}

#[tokio::test]
async fn ops_6_an_unsigned_media_handshake_is_forbidden() {
    let world = world(brief).await;
    let wrong = signature("ws://127.0.0.1/twilio/other", &[]);
    for signed in [None, Some(wrong.as_str())] {
        match media_socket(&world, signed).await {
            Err(Error::Http(refusal)) => assert_eq!(refusal.status(), 403),
            other => panic!("{other:?}"),
        }
    }
    world.close().await;
}

#[tokio::test]
async fn call_1_a_stream_needs_a_token_of_its_call_and_business() {
    let world = world(brief).await;
    post_as_twilio(&world, "/twilio/voice", &call_form(&world, CALL, "ringing")).await;
    let (ours, call) = (StreamTokens::new(Twilio::PRACTICE_TOKEN), CallSid::parse(CALL).unwrap());
    let other_call = CallSid::parse("CA00000000000000000000000000000008").unwrap();
    let other_business = BusinessId(world.app.services().new_id());
    let now = world.app.services().clock.wall();
    let long_ago = now - SignedDuration::from_hours(2);
    let inbound = Direction::Inbound;
    let good = ours.issue(&call, world.business_id, inbound, now);
    let forger = StreamTokens::new("another-auth-token");
    let refused = [
        ("no token", json!({})),
        ("a malformed token", json!({ "token": "CA.x" })),
        (
            "a forged token",
            json!({ "token": forger.issue(&call, world.business_id, inbound, now) }),
        ),
        ("an altered token", json!({ "token": good.replacen("inbound", "outbound", 1) })),
        (
            "an old token",
            json!({ "token": ours.issue(&call, world.business_id, inbound, long_ago) }),
        ),
        (
            "another call's token",
            json!({ "token": ours.issue(&other_call, world.business_id, inbound, now) }),
        ),
        (
            "another business's token",
            json!({ "token": ours.issue(&call, other_business, inbound, now) }),
        ),
    ];
    for (what, parameters) in refused {
        let mut socket = signed_media_socket(&world).await;
        present(&mut socket, parameters).await;
        closed(what, &mut socket).await;
        assert_eq!(world.calls().await.unwrap()[0].call.stream, "awaited", "{what}");
    }
    let mut socket = signed_media_socket(&world).await;
    present(&mut socket, json!({ "token": good })).await;
    let first = within("the greeting's audio", socket.next()).await.unwrap().unwrap();
    assert!(first.to_text().unwrap().contains("\"media\""), "{first}");
    assert_eq!(world.calls().await.unwrap()[0].call.stream, "open");
    world.close().await;
}

#[tokio::test]
async fn ops_6_a_media_socket_without_a_start_message_is_closed_after_its_time_limit() {
    let patience = Patience::default();
    assert_eq!((patience.start.as_secs(), patience.stream.as_secs()), (10, 15));
    let world = world(|plan| {
        brief(plan);
        plan.config.server.patience.start = Duration::from_millis(200);
    })
    .await;
    let mut socket = signed_media_socket(&world).await;
    closed("the end of patience", &mut socket).await;
    world.close().await;
}

#[tokio::test]
async fn call_9_of_two_streams_the_one_opened_last_wins_though_the_other_starts_later() {
    let world = world(brief).await;
    post_as_twilio(&world, "/twilio/voice", &call_form(&world, CALL, "ringing")).await;
    let call = CallSid::parse(CALL).unwrap();
    let tokens = StreamTokens::new(Twilio::PRACTICE_TOKEN);
    let now = world.app.services().clock.wall();
    let token = tokens.issue(&call, world.business_id, Direction::Inbound, now);
    let mut older = signed_media_socket(&world).await;
    let mut newer = signed_media_socket(&world).await;
    let newest = "MZ00000000000000000000000000000002";
    present_as(newest, &mut newer, json!({ "token": token })).await;
    within("the greeting's audio", newer.next()).await.unwrap().unwrap();
    present(&mut older, json!({ "token": token })).await;
    closed("the older stream", &mut older).await;
    let next = within("more of the greeting", newer.next()).await.unwrap().unwrap();
    assert!(next.to_text().unwrap().contains(newest), "{next}");
    world.close().await;
}
