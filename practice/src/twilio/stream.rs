//! `<Connect><Stream>`: the media sockets of one verb, and their status callbacks.

mod from_server;
mod handshake;
mod session;
mod to_server;
mod writer;

use std::sync::Arc;

use protocol::ids::StreamSid;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::session::Session;
use super::clock::wall;
use super::debugger::Trouble;
use super::form::form;
use super::line::{Levers, Line};
use super::network::{Network, sid};
use super::status::Callback;
use super::twiml::Stream;
use super::view::{StreamEnd, StreamView, Webhook};

/// One `<Connect>`: a socket, and those that a caller's lever opens beside it.
pub(super) struct Connection {
    pub(super) network: Arc<Network>,
    pub(super) line: Arc<Line>,
    pub(super) stream: Stream,
    pub(super) callbacks: mpsc::Sender<Callback>,
}

/// One media socket's surroundings.
#[derive(Clone)]
struct Socket {
    network: Arc<Network>,
    line: Arc<Line>,
    stream: Arc<Stream>,
    callbacks: mpsc::Sender<Callback>,
    levers: Levers,
    stop: CancellationToken,
}

impl Connection {
    /// Runs until the last socket has ended. When `stop` is cancelled they are told and closed.
    pub(super) async fn run(self, stop: CancellationToken) {
        let (another, mut wanted) = mpsc::channel(1);
        let levers =
            Levers { cut: CancellationToken::new(), stalled: watch::Sender::new(false), another };
        self.line.set_levers(Some(levers.clone()));
        let socket = Socket {
            network: self.network,
            line: Arc::clone(&self.line),
            stream: Arc::new(self.stream),
            callbacks: self.callbacks,
            levers,
            stop,
        };
        let mut sockets = JoinSet::new();
        sockets.spawn(socket.clone().run());
        loop {
            tokio::select! {
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
        self.line.set_levers(None);
    }
}

impl Socket {
    async fn run(self) {
        #[expect(clippy::expect_used, reason = "a SID made here has a SID's form")]
        let stream_sid = StreamSid::parse(&sid("MZ")).expect("a stream's SID");
        let opening = handshake::open(&self.stream.url, &self.network.settings.auth_token);
        let opened = tokio::select! {
            () = self.stop.cancelled() => return,
            opened = opening => opened,
        };
        let websocket = match opened {
            Ok(websocket) => websocket,
            Err(trouble) => return self.not_opened(&stream_sid, trouble).await,
        };
        let opened_at = self.line.clock.elapsed();
        let mut number = 0;
        self.line.see(|view| {
            number = view.streams.len();
            view.streams.push(StreamView::opened(stream_sid.clone(), opened_at));
        });
        self.tell(&stream_sid, "stream-started", None).await;
        let ended = Session::new(&self, number, stream_sid.clone()).run(websocket).await;
        match ended {
            StreamEnd::ServerClosed => self.line.trouble(Trouble::ServerClosed),
            StreamEnd::Broken => {
                self.line.trouble(Trouble::StreamBroken(self.stream.url.clone()));
            }
            StreamEnd::Cut | StreamEnd::Stopped | StreamEnd::NotOpened => {}
        }
        self.line.see(|view| {
            view.buffered = 0;
            view.streams[number].ended = Some(ended);
        });
        self.tell(&stream_sid, "stream-stopped", None).await;
    }

    async fn not_opened(&self, stream_sid: &StreamSid, trouble: Trouble) {
        if let Trouble::Stream(violation) = &trouble {
            self.line.violation(violation.clone());
        }
        let text = trouble.to_string();
        self.line.trouble(trouble);
        let at = self.line.clock.elapsed();
        let mut view = StreamView::opened(stream_sid.clone(), at);
        view.ended = Some(StreamEnd::NotOpened);
        self.line.see(|call| call.streams.push(view));
        self.tell(stream_sid, "stream-error", Some(&text)).await;
    }

    /// Sends the stream's status callback, if one was asked for.
    async fn tell(&self, stream_sid: &StreamSid, event: &str, error: Option<&str>) {
        let Some(target) = self.stream.status_callback.clone() else { return };
        let mut form = form([
            ("AccountSid", self.network.settings.account_sid.as_str()),
            ("CallSid", self.line.sid.as_str()),
            ("StreamSid", stream_sid.as_str()),
            ("StreamName", self.stream.name.as_deref().unwrap_or(stream_sid.as_str())),
            ("StreamEvent", event),
            ("Timestamp", &wall().to_string()),
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
