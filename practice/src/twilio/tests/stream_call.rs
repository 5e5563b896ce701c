//! A call of its media stream alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::ids::CallSid;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::within;
use crate::speech::{Decoded, SpeechDecoder, Voice};
use crate::twilio::{CallerHandle, EndedBy, StreamCall};

const CALL: &str = "CA00000000000000000000000000000007";

type Server = WebSocketStream<DuplexStream>;

/// A caller, the work of the call, and the daemon's end of its socket.
fn begin() -> (CallerHandle, JoinHandle<()>, DuplexStream) {
    let (theirs, ours) = tokio::io::duplex(64 * 1024);
    let call = StreamCall {
        call_sid: CallSid::parse(CALL).unwrap(),
        language: "en".to_owned(),
        voice: Voice::built_in(),
        seed: 1,
    };
    let (caller, work) = call.begin(theirs);
    (caller, tokio::spawn(work), ours)
}

async fn event(server: &mut Server, wanted: &str) -> Value {
    loop {
        let message = within(server.next()).await.expect("the socket is open").unwrap();
        let Message::Text(text) = message else { panic!("{message:?}") };
        let message: Value = serde_json::from_str(text.as_str()).unwrap();
        if message["event"] == wanted {
            return message;
        }
    }
}

async fn send(server: &mut Server, message: Value) {
    within(server.send(Message::text(message.to_string()))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn con_5_a_call_of_its_stream_alone_speaks_listens_and_hangs_up_as_any_other() {
    let (caller, working, ours) = begin();
    let mut server = WebSocketStream::from_raw_socket(ours, Role::Server, None).await;
    let start = event(&mut server, "start").await;
    assert_eq!(start["start"]["callSid"], CALL);

    let stream = start["streamSid"].clone();
    let spoken = Voice::built_in().speak("welcome", "en");
    let payload = STANDARD.encode(spoken.ulaw());
    send(
        &mut server,
        json!({"event": "media", "streamSid": stream, "media": {"payload": payload}}),
    )
    .await;
    send(&mut server, json!({"event": "mark", "streamSid": stream, "mark": {"name": "end"}})).await;
    let (mark, heard) = tokio::join!(event(&mut server, "mark"), caller.hears("welcome"));
    assert_eq!(mark["mark"]["name"], "end");
    assert!(heard.is_ok());

    let saying = {
        let caller = caller.clone();
        tokio::spawn(async move { caller.say("good morning").await })
    };
    let mut decoder = SpeechDecoder::new();
    let words = loop {
        let media = event(&mut server, "media").await;
        let ulaw = STANDARD.decode(media["media"]["payload"].as_str().unwrap()).unwrap();
        if let Some(Decoded::Utterance { text, .. }) = decoder.decode(&ulaw).pop() {
            break text;
        }
    };
    assert_eq!(words, "good morning");
    saying.await.unwrap().unwrap();

    caller.hang_up();
    event(&mut server, "stop").await;
    assert!(matches!(within(server.next()).await, Some(Ok(Message::Close(_)))));
    within(working).await.unwrap();
    assert_eq!(caller.view().borrow().ended, Some(EndedBy::CallerHangUp));
}

#[tokio::test(start_paused = true)]
async fn con_5_a_call_of_its_stream_alone_is_over_when_the_socket_is_closed() {
    let (caller, working, ours) = begin();
    drop(ours);
    within(working).await.unwrap();
    assert!(caller.say("anybody?").await.is_err());
}
