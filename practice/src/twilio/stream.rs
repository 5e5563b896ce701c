//! `<Connect><Stream>`: the media sockets of one verb and their status callbacks.

mod context;
mod from_server;
mod handshake;
mod session;
mod to_server;
mod writer;

use std::sync::Arc;

use protocol::ids::StreamSid;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

use self::context::SocketContext;
use self::handshake::WebSocket;
use self::session::StreamSession;
use super::callbacks::Callback;
use super::debugger::TwilioError;
use super::form::form;
use super::line::{Line, StreamControls};
use super::network::Network;
use super::twiml::Stream;
use super::view::{StreamEnd, StreamView, Webhook};
use crate::transport::{BoxedStream, websocket_config};

/// One `<Connect>`: its socket, and those that the caller opens in addition.
pub(super) struct Connection {
    pub(super) network: Arc<Network>,
    pub(super) line: Arc<Line>,
    pub(super) stream: Stream,
    pub(super) callbacks: mpsc::Sender<Callback>,
}

impl Connection {
    /// Runs until the last socket has ended. Cancelling `stop` sends `stop` and closes them.
    pub(super) async fn run(self, stop: CancellationToken) {
        let (socket, mut wanted) = self.begin(stop);
        let line = Arc::clone(&socket.line);
        let mut sockets = JoinSet::new();
        sockets.spawn(socket.clone().run());
        loop {
            tokio::select! {
                biased;
                Some(()) = wanted.recv() => {
                    sockets.spawn(socket.clone().run());
                }
                ended = sockets.join_next() => match ended {
                    Some(Ok(())) => {}
                    Some(Err(error)) => tracing::warn!(%error, "practice carrier: a socket failed"),
                    None => break,
                }
            }
        }
        line.set_controls(None);
    }

    /// Runs over a socket whose handshake is made, until it has ended.
    pub(super) async fn run_over(self, stream: BoxedStream, stop: CancellationToken) {
        let (socket, _) = self.begin(stop);
        let stream = MaybeTlsStream::Plain(stream);
        let config = Some(websocket_config());
        let websocket = WebSocketStream::from_raw_socket(stream, Role::Client, config).await;
        let stream_sid = socket.network.ids.stream_sid();
        socket.talk(stream_sid, websocket).await;
        socket.line.set_controls(None);
    }

    /// What the sockets need, and the wish for another one.
    fn begin(self, stop: CancellationToken) -> (SocketContext, mpsc::Receiver<()>) {
        let (another, wanted) = mpsc::channel(1);
        let controls = StreamControls {
            cut: CancellationToken::new(),
            stalled: watch::Sender::new(false),
            another,
        };
        self.line.set_controls(Some(controls.clone()));
        let socket = SocketContext {
            network: self.network,
            line: self.line,
            stream: Arc::new(self.stream),
            callbacks: self.callbacks,
            controls,
            stop,
        };
        (socket, wanted)
    }
}

impl SocketContext {
    async fn run(self) {
        let network = &self.network;
        let stream_sid = network.ids.stream_sid();
        let token = &network.settings.auth_token;
        let opening = handshake::open(&self.stream.url, token, &*network.dialer);
        let opened = tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            opened = opening => opened,
        };
        let websocket = match opened {
            Ok(websocket) => websocket,
            Err(error) => return self.not_opened(&stream_sid, error).await,
        };
        self.talk(stream_sid, websocket).await;
    }

    /// Runs an open socket to its end.
    async fn talk(&self, stream_sid: StreamSid, websocket: WebSocket) {
        let opened_at = self.line.clock.elapsed();
        let mut number = 0;
        self.line.update(|view| {
            number = view.streams.len();
            view.streams.push(StreamView::opened(stream_sid.clone(), opened_at));
        });
        self.report(&stream_sid, "stream-started", None).await;
        let ended = StreamSession::new(self, number, stream_sid.clone()).run(websocket).await;
        match ended {
            StreamEnd::ServerClosed => self.line.error(TwilioError::ServerClosed),
            StreamEnd::Broken => {
                self.line.error(TwilioError::StreamBroken(self.stream.url.clone()));
            }
            StreamEnd::Cut | StreamEnd::Stopped | StreamEnd::NotOpened => {}
        }
        self.line.update(|view| {
            view.buffered = 0;
            view.streams[number].ended = Some(ended);
        });
        self.report(&stream_sid, "stream-stopped", None).await;
    }

    async fn not_opened(&self, stream_sid: &StreamSid, error: TwilioError) {
        if let TwilioError::Stream(violation) = &error {
            self.line.violation(violation.clone());
        }
        let text = error.to_string();
        self.line.error(error);
        let at = self.line.clock.elapsed();
        let mut view = StreamView::opened(stream_sid.clone(), at);
        view.ended = Some(StreamEnd::NotOpened);
        self.line.update(|call| call.streams.push(view));
        self.report(stream_sid, "stream-error", Some(&text)).await;
    }

    /// Sends the stream's status callback, if one was asked for.
    async fn report(&self, stream_sid: &StreamSid, event: &str, error: Option<&str>) {
        let Some(target) = self.stream.status_callback.clone() else { return };
        let mut form = form([
            ("AccountSid", self.network.settings.account_sid.as_str()),
            ("CallSid", self.line.sid.as_str()),
            ("StreamSid", stream_sid.as_str()),
            ("StreamName", self.stream.name.as_deref().unwrap_or(stream_sid.as_str())),
            ("StreamEvent", event),
            ("Timestamp", &self.network.settings.wall_clock.now().to_string()),
        ]);
        if let Some(error) = error {
            form.push(("StreamError".to_owned(), error.to_owned()));
        }
        let callback = Callback { what: Webhook::StreamStatus, target, form };
        if self.callbacks.send(callback).await.is_err() {
            tracing::warn!("practice carrier: the callbacks' task is gone");
        }
    }
}
