//! A browser with a microphone speaks the wire of a media stream.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entities::users::UserRole;
use frontdesk::config::{ModelProvider, WebSocketUrl};
use frontdesk::world::{Plan, World};
use futures_util::{SinkExt as _, StreamExt as _};
use http::StatusCode;
use practice::openai::{Options, Server};
use practice::speech::{Decoded, FRAME_BYTES, SpeechDecoder, Voice};
use practice::transport::BoxedStream;
use protocol::ids::CallSid;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{AT, ended, hang_up, noam, shows, start};
use crate::console::browser::{Browser, PASSWORD, user, with_console};
use crate::support::{plan, virtually, within};

const STREAM: &str = "MZ00000000000000000000000000000001";

type Socket = WebSocketStream<BoxedStream>;

/// A world in which the model is no practice provider, as far as the daemon knows.
async fn world() -> (World, Server) {
    let mut plan: Plan = plan();
    with_console(&mut plan);
    let options = Options { brain: plan.openai.brain.clone(), ..Options::default() };
    let acceptor = plan.platform.network.practice_acceptor().await.unwrap();
    let openai = Server::start(acceptor, options);
    plan.config.openai.provider = ModelProvider::OpenAi;
    plan.config.openai.api_key = Some("any key".into());
    plan.config.openai.realtime_url = WebSocketUrl::parse(&openai.url()).unwrap();
    (World::open(plan).await.unwrap(), openai)
}

async fn socket(
    world: &World,
    call: &CallSid,
    session: &str,
    origin: Option<&str>,
) -> Result<Socket, Error> {
    let address = world.app.console_address().unwrap();
    let url = format!("ws://{address}{AT}/{call}/media");
    let mut request = url.into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("cookie", format!("__Host-frontdesk={session}").parse().unwrap());
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    let dialer = world.network().practice_dialer();
    let stream = dialer.dial(&address.ip().to_string(), address.port()).await.unwrap();
    client_async(request, stream).await.map(|(socket, _)| socket)
}

fn origin(world: &World) -> String {
    format!("http://{}", world.app.console_address().unwrap())
}

async fn opened(world: &World, call: &CallSid, browser: &Browser<'_>) -> Socket {
    let session = browser.session().unwrap();
    socket(world, call, session, Some(&origin(world))).await.unwrap()
}

/// The status with which a socket was refused.
fn status(refused: Result<Socket, Error>) -> StatusCode {
    match refused {
        Err(Error::Http(answer)) => answer.status(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the socket was opened"),
    }
}

async fn send(socket: &mut Socket, message: Value) {
    within("the message", socket.send(Message::text(message.to_string()))).await.unwrap();
}

async fn begin(socket: &mut Socket, call: &CallSid) {
    send(socket, json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})).await;
    let format = json!({"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1});
    let start = json!({
        "accountSid": "AC00000000000000000000000000000000", "streamSid": STREAM, "callSid": call,
        "tracks": ["inbound"], "mediaFormat": format, "customParameters": {},
    });
    send(
        socket,
        json!({"event": "start", "sequenceNumber": "1", "streamSid": STREAM, "start": start}),
    )
    .await;
}

async fn frame(socket: &mut Socket, number: u64, ulaw: &[u8]) {
    let media = json!({
        "track": "inbound", "chunk": (number + 1).to_string(),
        "timestamp": (number * 20).to_string(), "payload": STANDARD.encode(ulaw),
    });
    let number = (number + 2).to_string();
    send(
        socket,
        json!({"event": "media", "sequenceNumber": number, "streamSid": STREAM, "media": media}),
    )
    .await;
}

/// What comes until a message of this kind; `None`: the socket is closed.
async fn until(socket: &mut Socket, kind: &str, ulaw: &mut Vec<u8>) -> Option<Value> {
    loop {
        match within("a message", socket.next()).await? {
            Ok(Message::Text(text)) => {
                let message: Value = serde_json::from_str(text.as_str()).unwrap();
                assert_eq!(message["streamSid"], STREAM);
                if message["event"] == "media" {
                    let payload = message["media"]["payload"].as_str().unwrap();
                    ulaw.extend(STANDARD.decode(payload).unwrap());
                }
                if message["event"] == kind {
                    return Some(message);
                }
            }
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[test]
fn con_5_the_socket_is_for_the_page_of_whoever_has_begun_the_call_and_for_it_alone() {
    virtually(async {
        let (world, _openai) = world().await;
        let mut browser = noam(&world).await;
        let page = browser.get(AT).await;
        assert_eq!(
            page.headers["permissions-policy"],
            "microphone=(self), camera=(), geolocation=()"
        );
        assert!(page.text().contains("value=\"microphone\""), "{}", page.text());
        let elsewhere = browser.get("/console/style-guide").await;
        assert_eq!(
            elsewhere.headers["permissions-policy"],
            "microphone=(), camera=(), geolocation=()"
        );
        let call = start(&mut browser, "published").await;
        let session = browser.session().unwrap().to_owned();
        for foreign in [None, Some("https://evil.example"), Some("null")] {
            let refused = status(socket(&world, &call, &session, foreign).await);
            assert_eq!(refused, StatusCode::FORBIDDEN, "{foreign:?}");
        }
        let own = origin(&world);
        let nobody = status(socket(&world, &call, &"0".repeat(64), Some(&own)).await);
        assert_eq!(nobody, StatusCode::SEE_OTHER, "to the sign-in");
        user(&world, "another", UserRole::Business, &[world.business_id]).await;
        let mut other = Browser::new(&world);
        other.sign_in("another", PASSWORD, "").await;
        let other = socket(&world, &call, other.session().unwrap(), Some(&own)).await;
        assert_eq!(status(other), StatusCode::NOT_FOUND);
        let _first = opened(&world, &call, &browser).await;
        let second = socket(&world, &call, &session, Some(&own)).await;
        assert_eq!(status(second), StatusCode::NOT_FOUND, "one socket for each call");
        hang_up(&mut browser, &call).await;
        ended(&world, &call).await;
        world.close().await;
    });
}

#[test]
fn con_5_a_browser_hears_the_greeting_returns_its_mark_interrupts_and_goes() {
    virtually(async {
        let (world, openai) = world().await;
        let mut browser = noam(&world).await;
        let call = start(&mut browser, "published").await;
        let mut socket = opened(&world, &call, &browser).await;
        begin(&mut socket, &call).await;
        let mut heard = Vec::new();
        let mut marks = Vec::new();
        let words = loop {
            let mark = until(&mut socket, "mark", &mut heard).await.expect("the greeting");
            marks.push(mark["mark"]["name"].as_str().unwrap().to_owned());
            let decoded = SpeechDecoder::new().decode(&heard);
            if let Some(Decoded::Utterance { text, .. }) = decoded.into_iter().last() {
                break text;
            }
        };
        assert_eq!(words, "שלום");
        // As long as it takes to play it.
        tokio::time::sleep(Duration::from_millis(heard.len() as u64 / 8)).await;
        for name in marks {
            send(&mut socket, json!({"event": "mark", "sequenceNumber": "2", "streamSid": STREAM, "mark": {"name": name}})).await;
        }
        let spoken = Voice::built_in().speak("יש לי דלת תקועה ואני צריך עזרה דחופה מאוד", "he");
        let mut number = 0;
        for speech in spoken.frames() {
            frame(&mut socket, number, &speech).await;
            number += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut answer = Vec::new();
        for _ in 0..100 {
            frame(&mut socket, number, &[0xFF; FRAME_BYTES]).await;
            number += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until(&mut socket, "media", &mut answer).await.expect("an answer");
        // Into the answer, which is played now.
        let again = Voice::built_in().speak("רגע רגע רגע רגע רגע רגע", "he");
        for speech in again.frames() {
            frame(&mut socket, number, &speech).await;
            number += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until(&mut socket, "clear", &mut answer).await.expect("an interruption clears");
        let record = openai.log().record();
        assert_eq!(record.heard_texts()[0], spoken.text());
        drop(socket);
        assert_eq!(ended(&world, &call).await.end_reason.as_deref(), Some("caller_hung_up"));
        shows(&mut browser, &call, "The test call is over").await;
        world.close().await;
    });
}

#[test]
fn con_5_the_agents_hang_up_closes_the_socket_and_a_call_without_one_ends() {
    virtually(async {
        let (world, _openai) = world().await;
        let mut browser = noam(&world).await;
        let call = start(&mut browser, "published").await;
        let mut socket = opened(&world, &call, &browser).await;
        begin(&mut socket, &call).await;
        world.post(&format!("api/calls/{call}/hangup")).await.unwrap();
        assert_eq!(until(&mut socket, "no such message", &mut Vec::new()).await, None);
        assert_eq!(ended(&world, &call).await.end_reason.as_deref(), Some("operator"));
        shows(&mut browser, &call, "The test call is over").await;

        let silent = start(&mut browser, "published").await;
        ended(&world, &silent).await;
        shows(&mut browser, &silent, "The test call is over").await;

        let wrong = start(&mut browser, "published").await;
        let mut socket = opened(&world, &wrong, &browser).await;
        begin(&mut socket, &call).await;
        assert_eq!(
            until(&mut socket, "media", &mut Vec::new()).await,
            None,
            "another call's start"
        );
        ended(&world, &wrong).await;
        world.close().await;
    });
}
