//! A call as Twilio makes it: webhook, media stream, status. To a relay it is the stream alone.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use form_urlencoded::Serializer;
use practice::twilio::sign;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::caller::Caller;
use super::lanes::Speaker;
use super::scene::{Scene, count};
use super::script::Script;
use crate::bench::findings::Target;
use crate::bench::wire::handshake;
use crate::bench::wire::reader::{Frame, FrameReader};

/// From the webhook's answer to the stream. The greeting is ready by then.
const ANSWERS: Duration = Duration::from_millis(700);
/// How long a call lasts that warms the subject up: until the caller has interrupted an answer.
const WARM_UP: Duration = Duration::from_secs(7);

/// What a caller comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Stays until the load ends all calls.
    Stays,
    /// Hangs up after this time.
    Leaves(Duration),
    /// Runs once through what happens in a call, and hangs up.
    WarmsUp,
}

impl Role {
    fn lasts(self) -> Option<Duration> {
        match self {
            Self::Stays => None,
            Self::Leaves(after) => Some(after),
            Self::WarmsUp => Some(WARM_UP),
        }
    }

    fn script(self, caller: u32) -> Script {
        match self {
            Self::Stays | Self::Leaves(_) => Script::new(caller),
            Self::WarmsUp => Script::of_few_words(),
        }
    }
}

/// Plays one call until it ends.
pub(super) async fn call(scene: Rc<Scene>, target: Target, role: Role) {
    let index = scene.begin_call();
    match stream(&scene, &target, index, role).await {
        Ok(caller) => {
            if !caller.has_hung_up() {
                count(&scene.streams_lost);
            }
            count(&scene.ended);
        }
        Err(error) => {
            tracing::warn!(%error, index, "a call was not connected");
            count(&scene.refused);
        }
    }
    let Target::Daemon { .. } = target else { return };
    let ended = [("CallStatus", "completed"), ("CallDuration", "60")];
    if let Err(error) = webhook(&target, index, "/twilio/status", &ended).await {
        tracing::warn!(%error, index, "a call's end was not taken");
    }
}

/// A call that is too many: the daemon apologises, and takes it for no call.
pub(super) async fn call_too_many(scene: Rc<Scene>, target: Target, index: u32) {
    let twiml = webhook(&target, index, "/twilio/voice", &[("CallStatus", "ringing")]).await;
    let is_shed = twiml.is_ok_and(|twiml| twiml.contains("<Say") && !twiml.contains("<Stream"));
    count(if is_shed { &scene.shed } else { &scene.not_shed });
}

/// The call's stream, to its end. An error means that it did not begin.
async fn stream(
    scene: &Rc<Scene>,
    target: &Target,
    index: u32,
    role: Role,
) -> io::Result<Rc<Caller>> {
    let (address, path, signature, parameters) = match target {
        Target::Relay { address } => (address, "/", None, Map::new()),
        Target::Daemon { address, auth_token, .. } => {
            let status = [("CallStatus", "ringing")];
            let twiml = webhook(target, index, "/twilio/voice", &status).await?;
            let parameters = parameters(&twiml)?;
            tokio::time::sleep(ANSWERS).await;
            let url = format!("ws://{address}/twilio/media");
            (address, "/twilio/media", Some(sign(auth_token, &url, &[])), parameters)
        }
    };
    let mut tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let host = address.to_string();
    let begun = handshake::ask(&mut tcp, &host, path, signature.as_deref()).await?;
    let (reader, writer) = tcp.into_split();
    let stream_sid = format!("MZ{index:032x}");
    let opening = opening(&stream_sid, &call_sid(index), parameters);
    let script = |number| role.script(number);
    let caller = Rc::new(Caller::new(Rc::clone(scene), stream_sid, writer, &opening, script));
    let speaker: Rc<dyn Speaker> = Rc::<Caller>::clone(&caller);
    scene.callers.add(Rc::clone(&speaker));
    count(&scene.connected);
    if scene.is_ending.get() {
        caller.hang_up();
    }
    let heard = listen(scene, FrameReader::new(reader, &begun), &caller);
    let leaves = async {
        match role.lasts() {
            None => std::future::pending().await,
            Some(lasts) => tokio::time::sleep(lasts).await,
        }
        caller.leave().await;
        // The other side closes the stream.
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        biased;
        heard = heard => heard,
        () = leaves => Ok(()),
    };
    if let Err(error) = ended {
        tracing::warn!(%error, index, "a stream broke");
    }
    scene.callers.remove(&speaker);
    Ok(caller)
}

async fn listen(
    scene: &Scene,
    mut reader: FrameReader<impl tokio::io::AsyncRead + Unpin>,
    caller: &Caller,
) -> io::Result<()> {
    while let Some(frame) = reader.next().await? {
        match frame {
            Frame::Text(place) => caller.hear(reader.bytes(place), scene.now())?,
            Frame::Ping(place) => caller.answer_ping(reader.bytes(place)),
            Frame::Pong => {}
            Frame::Close => break,
        }
    }
    Ok(())
}

fn call_sid(index: u32) -> String {
    format!("CA{index:032x}")
}

fn opening(stream_sid: &str, call_sid: &str, parameters: Map<String, Value>) -> [String; 2] {
    let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
    let start = json!({
        "event": "start",
        "sequenceNumber": "1",
        "start": {
            "streamSid": stream_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        },
        "streamSid": stream_sid,
    });
    [connected.to_string(), start.to_string()]
}

/// The `<Parameter>`s of a `<Stream>`.
fn parameters(twiml: &str) -> io::Result<Map<String, Value>> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        rest.split('"').next().map(str::to_owned)
    };
    if !twiml.contains("<Stream") {
        let text = format!("no stream, but {twiml}");
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, text));
    }
    let tags = twiml.split("<Parameter ").skip(1).filter_map(|rest| rest.split('>').next());
    let pairs = tags
        .filter_map(|tag| Some((attribute(tag, "name")?, Value::String(attribute(tag, "value")?))));
    Ok(pairs.collect())
}

/// Sends a webhook, signed, and returns the answer's body.
async fn webhook(
    target: &Target,
    index: u32,
    path: &str,
    more: &[(&str, &str)],
) -> io::Result<String> {
    let Target::Daemon { address, account, auth_token, number } = target else {
        return Ok(String::new());
    };
    let (sid, from) = (call_sid(index), format!("+97250{:07}", 1_000_000 + index));
    let mut form = vec![
        ("CallSid", sid.as_str()),
        ("AccountSid", account.as_str()),
        ("From", from.as_str()),
        ("To", number.as_str()),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
    ];
    form.extend(more);
    let owned: Vec<_> = form.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let signature = sign(auth_token, &format!("http://{address}{path}"), &owned);
    let body = Serializer::new(String::new()).extend_pairs(form).finish();
    post(*address, path, &signature, &body).await
}

async fn post(address: SocketAddr, path: &str, signature: &str, body: &str) -> io::Result<String> {
    let mut tcp = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Twilio-Signature: \
         {signature}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
         {length}\r\n\r\n{body}"
    );
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_a_stream_are_found_and_an_apology_has_none() {
        let twiml = "<Response><Connect><Stream url=\"ws://a\"><Parameter name=\"token\" \
                     value=\"a.b\"/><Parameter name=\"direction\" value=\"inbound\"/></Stream>";
        let expected = json!({"token": "a.b", "direction": "inbound"});
        assert_eq!(Value::Object(parameters(twiml).unwrap()), expected);
        assert!(parameters("<Response><Say>sorry</Say></Response>").is_err());
    }
}
