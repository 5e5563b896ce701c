//! The open media stream, as CallSupervisor holds it, and how it is closed so that Twilio goes on to the
//! webhook behind it.

use std::convert::Infallible;
use std::time::Duration;

use protocol::call::{Event, StreamEnd};
use protocol::ids::StreamSid;
use supervision::TaskGroup;

use crate::call_parts::CallParts;

/// How long a caller stays on a silent stream while Twilio does not take a redirect.
const LEAVE_AFTER: Duration = Duration::from_secs(2);

/// The open media stream.
#[derive(Clone)]
pub(super) struct OpenStream {
    pub(super) sid: StreamSid,
    /// They outlive every actor.
    pub(super) tasks: TaskGroup,
}

impl OpenStream {
    /// Closes the socket and tells CallActor. Twilio asks a webhook what follows.
    pub(super) fn close(&self, parts: &CallParts) {
        self.tasks.cancel();
        let closed = Event::StreamClosed { stream: self.sid.clone(), how: StreamEnd::Lost };
        if let Err(error) = parts.call.try_send(closed) {
            tracing::error!(%error, "the call was not told that its stream is closed");
        }
    }
}

/// Twilio does not take a redirect. Closes the stream, so that Twilio asks a webhook instead. A redirect
/// that is taken after all has stopped the stream before.
pub(super) async fn leave(parts: &CallParts, stream: Option<OpenStream>) -> Infallible {
    tokio::time::sleep(LEAVE_AFTER).await;
    if let Some(stream) = stream {
        tracing::warn!("Twilio does not take a redirect: the stream is closed for a webhook");
        stream.close(parts);
    }
    std::future::pending().await
}
