//! The writing half of a media socket, in its own task. A daemon that reads slowly delays nothing
//! else.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use super::handshake::WebSocket;

type Sink = SplitSink<WebSocket, Message>;

/// Messages that may wait for the socket. More are dropped.
const WAITING: usize = 1024;

/// Messages that may wait before frames are dropped: more than a second.
const BEHIND: usize = 64;

/// Time limit of the closing handshake.
const CLOSING: Duration = Duration::from_millis(500);

/// The queue to a socket.
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    task: JoinHandle<Sink>,
}

impl Writer {
    /// Writes to the socket until it is closed, or `cut` is cancelled.
    pub(super) fn start(sink: Sink, cut: CancellationToken) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { sender, task: tokio::spawn(write(sink, receiver, cut)) }
    }

    /// Sends a message. False if it was dropped or the socket is gone.
    pub(super) fn send(&self, text: String) -> bool {
        self.sender.try_send(Message::text(text)).is_ok()
    }

    /// Whether the daemon reads so slowly that frames must be dropped.
    pub(super) fn is_behind(&self) -> bool {
        WAITING - self.sender.capacity() >= BEHIND
    }

    /// Sends what waits and a close frame without a code, and waits for the answer. All of it takes at
    /// most [`CLOSING`].
    pub(super) async fn close(self, mut source: SplitStream<WebSocket>) {
        drop(self.sender);
        let task = self.task;
        let abort = task.abort_handle();
        let closing = async move {
            let Ok(mut sink) = task.await else { return };
            if sink.close().await.is_ok() {
                while let Some(Ok(_)) = source.next().await {}
            }
        };
        if tokio::time::timeout(CLOSING, closing).await.is_err() {
            abort.abort();
        }
    }

    /// Resets the connection. The token given to [`Writer::start`] must be cancelled.
    pub(super) async fn reset(self, source: SplitStream<WebSocket>) {
        drop(self.sender);
        let Ok(sink) = self.task.await else { return };
        let Ok(websocket) = source.reunite(sink) else { return };
        websocket.get_ref().get_ref().reset_on_drop();
    }
}

async fn write(
    mut sink: Sink,
    mut receiver: mpsc::Receiver<Message>,
    cut: CancellationToken,
) -> Sink {
    while let Some(Some(message)) = cut.run_until_cancelled(receiver.recv()).await {
        match cut.run_until_cancelled(sink.send(message)).await {
            Some(Ok(())) => {}
            // The reader notices a broken socket itself.
            Some(Err(_)) | None => break,
        }
    }
    sink
}
