//! A minimal daemon: answers webhooks from a list, and hands its media sockets to the test.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::within;
use crate::twilio::form::{self, Form, decode};

pub(super) struct Daemon {
    http: SocketAddr,
    media: SocketAddr,
    webhooks: Arc<Webhooks>,
    sockets: tokio::sync::Mutex<mpsc::Receiver<Media>>,
}

struct Webhooks {
    answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    requests: watch::Sender<Vec<Request>>,
}

#[derive(Clone)]
struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
}

/// A webhook request that came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) form: Form,
}

impl Request {
    pub(super) fn value(&self, name: &str) -> &str {
        form::value(&self.form, name).unwrap_or_default()
    }

    pub(super) fn signature(&self) -> &str {
        self.headers["x-twilio-signature"].to_str().unwrap()
    }
}

impl Daemon {
    pub(super) async fn start() -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let media = listen_narrowly();
        let webhooks =
            Arc::new(Webhooks { answers: Mutex::default(), requests: watch::Sender::default() });
        let (sender, sockets) = mpsc::channel(4);
        let daemon = Self {
            http: http.local_addr().unwrap(),
            media: media.local_addr().unwrap(),
            webhooks: Arc::clone(&webhooks),
            sockets: tokio::sync::Mutex::new(sockets),
        };
        tokio::spawn(serve(http, webhooks));
        tokio::spawn(accept(media, sender));
        daemon
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    pub(super) fn media_url(&self) -> String {
        format!("ws://{}/media", self.media)
    }

    /// `<Connect>` with a stream to this daemon, its status told to `/stream`.
    pub(super) fn connect(&self) -> String {
        format!(
            "<Connect><Stream url=\"{}\" statusCallback=\"{}\">\
             <Parameter name=\"token\" value=\"t&amp;1\"/></Stream></Connect>",
            self.media_url(),
            self.url("/stream"),
        )
    }

    /// The next answer of a path; the last one stays.
    pub(super) fn answer(&self, path: &str, status: u16, content_type: &'static str, body: &str) {
        let answer = Answer { status, content_type, body: body.to_owned() };
        self.webhooks.answers.lock().unwrap().entry(path.to_owned()).or_default().push_back(answer);
    }

    pub(super) fn twiml(&self, path: &str, verbs: &str) {
        let body = format!("<Response>{verbs}</Response>");
        self.answer(path, 200, "text/xml", &body);
    }

    /// A path that takes requests and never answers.
    pub(super) fn silence(&self, path: &str) {
        self.answer(path, NEVER, "", "");
    }

    /// The requests of a path so far.
    pub(super) fn requests(&self, path: &str) -> Vec<Request> {
        let requests = self.webhooks.requests.borrow();
        requests.iter().filter(|request| request.path == path).cloned().collect()
    }

    /// Waits for so many requests of a path.
    pub(super) async fn wait_for(&self, path: &str, count: usize) -> Vec<Request> {
        let mut requests = self.webhooks.requests.subscribe();
        within(requests.wait_for(|_| self.requests_are(path, count))).await.unwrap();
        self.requests(path)
    }

    fn requests_are(&self, path: &str, count: usize) -> bool {
        let requests = self.webhooks.requests.borrow();
        requests.iter().filter(|request| request.path == path).count() >= count
    }

    /// The next media socket.
    pub(super) async fn socket(&self) -> Media {
        within(async { self.sockets.lock().await.recv().await.unwrap() }).await
    }
}

/// A media socket at the daemon's end.
pub(super) struct Media {
    /// The handshake as it came.
    pub(super) head: String,
    pub(super) sid: String,
    websocket: WebSocketStream<TcpStream>,
}

impl Media {
    /// The next message; `None` at the socket's end, however it ends.
    pub(super) async fn next(&mut self) -> Option<Value> {
        match within(self.websocket.next()).await? {
            Ok(Message::Text(text)) => serde_json::from_str(text.as_str()).ok(),
            _ => None,
        }
    }

    /// The next message of this event.
    pub(super) async fn event(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await.expect("the socket is open");
            if message["event"] == event {
                return message;
            }
        }
    }

    /// Waits for `start`.
    pub(super) async fn started(mut self) -> Self {
        let start = self.event("start").await;
        self.sid = start["streamSid"].as_str().unwrap().to_owned();
        self
    }

    pub(super) async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub(super) async fn send_raw(&mut self, message: Message) {
        within(self.websocket.send(message)).await.unwrap();
    }

    pub(super) async fn play(&mut self, ulaw: &[u8]) {
        let media = json!({"payload": STANDARD.encode(ulaw)});
        self.send(json!({"event": "media", "streamSid": self.sid, "media": media})).await;
    }

    pub(super) async fn mark(&mut self, name: &str) {
        self.send(json!({"event": "mark", "streamSid": self.sid, "mark": {"name": name}})).await;
    }

    pub(super) async fn clear(&mut self) {
        self.send(json!({"event": "clear", "streamSid": self.sid})).await;
    }

    pub(super) async fn close(mut self) {
        within(self.websocket.close(None)).await.unwrap();
        while within(self.websocket.next()).await.is_some_and(|message| message.is_ok()) {}
    }

    /// Reads to the end. Returns the events that came, and how it ended.
    pub(super) async fn end(mut self) -> (Vec<String>, End) {
        let mut events = Vec::new();
        loop {
            match within(self.websocket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(text.as_str()).unwrap();
                    events.push(message["event"].as_str().unwrap().to_owned());
                }
                Some(Ok(Message::Close(frame))) => return (events, End::Closed(frame.is_some())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return (events, End::Reset),
            }
        }
    }
}

/// How a media socket ended, seen from the daemon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By a close frame; true if it has a code.
    Closed(bool),
    /// Without a close frame.
    Reset,
}

/// A listener whose sockets have small receive buffers.
fn listen_narrowly() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(16).unwrap()
}

/// The status that stands for no answer.
const NEVER: u16 = 0;

async fn serve(listener: TcpListener, webhooks: Arc<Webhooks>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let webhooks = Arc::clone(&webhooks);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&webhooks), request));
            let connection = hyper::server::conn::http1::Builder::new();
            connection.serve_connection(TokioIo::new(tcp), service).await
        });
    }
}

async fn answer(
    webhooks: Arc<Webhooks>,
    request: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let path = head.uri.path().to_owned();
    let answer = {
        let mut answers = webhooks.answers.lock().unwrap();
        match answers.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.pop_front(),
            Some(queue) => queue.front().cloned(),
            None => None,
        }
    };
    let request = Request {
        path,
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        form: decode(std::str::from_utf8(&body).unwrap()),
    };
    webhooks.requests.send_modify(|requests| requests.push(request));
    let answer = answer.unwrap_or(Answer { status: 204, content_type: "", body: String::new() });
    if answer.status == NEVER {
        std::future::pending::<()>().await;
    }
    let mut response = Response::new(Full::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    let content_type = http::HeaderValue::from_static(answer.content_type);
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    Ok(response)
}

async fn accept(listener: TcpListener, sockets: mpsc::Sender<Media>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let mut head = vec![0; 4096];
        let read = tcp.peek(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..read]).into_owned();
        let websocket = tokio_tungstenite::accept_async(tcp).await.unwrap();
        let _ = sockets.send(Media { head, sid: String::new(), websocket }).await;
    }
}
