//! The line of a user who speaks: bytes between their browser's WebSocket and the call. The browser speaks as Twilio
//! does, so nothing of them is read here.

use std::sync::Arc;

use actors::link::Link;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use protocol::ids::{BusinessId, CallSid};
use tokio::io::copy_bidirectional;
use tokio_tungstenite::tungstenite::protocol::Role;
use uuid::Uuid;

use super::{Line, PIPE_BYTES, State, TestCalls};

/// The place of the one socket of a test call.
pub(crate) struct Seat(Arc<Line>);

impl TestCalls {
    /// `None`: the user has no such test call, it is over, or it has had its socket.
    pub(crate) fn seat(&self, user: Uuid, business: BusinessId, call: &CallSid) -> Option<Seat> {
        let known = self.known();
        let State::Live(line) = &known.of(user, business, call)?.state else { return None };
        let is_spoken = line.words.is_none();
        (is_spoken && line.connect()).then(|| Seat(Arc::clone(line)))
    }

    /// Connects the browser, once the answer to its handshake is sent.
    pub(crate) fn connect(&self, Seat(line): Seat, upgrade: OnUpgrade) {
        let (tests, stop) = (self.clone(), self.0.stop.clone());
        let carrying = async move {
            if let Ok(socket) = upgrade.await {
                tests.carry(&line, TokioIo::new(socket)).await;
            } else {
                line.gone.cancel();
            }
        };
        self.0.tasks.spawn(async move { stop.run_until_cancelled(carrying).await });
    }

    async fn carry(&self, line: &Line, mut browser: TokioIo<Upgraded>) {
        let (mut far, near) = tokio::io::duplex(PIPE_BYTES);
        let attaching = async {
            let attached = self.attach(&line.call, Link::over(near, Role::Server)).await;
            match attached {
                Ok(()) => std::future::pending().await,
                Err(why) => tracing::warn!(%why, call = %line.call, "a test call has no sound"),
            }
        };
        tokio::select! {
            biased;
            () = line.gone.cancelled() => {}
            () = attaching => {}
            // Either side has closed it.
            _ = copy_bidirectional(&mut browser, &mut far) => {}
        }
        drop(far);
        // A browser that has gone does not come back. Once its socket is closed, its page asks how the call has ended.
        line.gone.cancel();
        line.over.cancelled().await;
    }
}
