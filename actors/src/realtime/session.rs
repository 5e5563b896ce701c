//! The two tasks of one Realtime session. One connects and then sends; the other reads. Each is
//! woken only by what is its own. The session is over when one of them ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use protocol::audio::payload::Payload;
use protocol::call::SessionFault;
use protocol::openai::fault::{ConnectionClass, FatalCause, close_class, http_class};
use protocol::openai::server_event::{AudioDelta, ServerEvent, ServerFrame};
use supervision::Leased;
use supervision::inbox::InboxClosed;
use tokio::sync::{mpsc, oneshot};

use crate::call_parts::CallParts;
use crate::link::{ConnectError, Frame, Link, LinkReader, Text};
use crate::messages::RealtimeEvent;
use crate::realtime::sender::SenderLoop;
use crate::trace::{self, Source};

/// How often the server is pinged. It must answer before the next ping (PIPE-3).
const PING_EVERY: Duration = Duration::from_secs(10);

/// How long the reader may take to end after the socket has broken for the sender.
const CAUSE_PATIENCE: Duration = Duration::from_millis(250);

/// An order from the actor to the sender loop.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Send these events, in order.
    Events(Vec<String>),
    /// Send the caller's audio from now on.
    GoLive,
}

/// When the server last sent an event. A pong shows that the socket lives, not that the model does.
/// The actor reads it, so it needs no message per audio delta.
#[derive(Debug)]
pub(super) struct LastReceived {
    base: Instant,
    millis: AtomicU64,
}

impl LastReceived {
    pub(super) fn new(now: Instant) -> Self {
        Self { base: now, millis: AtomicU64::new(0) }
    }

    pub(super) fn at(&self) -> Instant {
        self.base + Duration::from_millis(self.millis.load(Ordering::Relaxed))
    }

    fn touch(&self, now: Instant) {
        let millis = now.saturating_duration_since(self.base).as_millis();
        self.millis.store(u64::try_from(millis).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

pub(super) struct Session {
    number: u32,
    parts: Arc<CallParts>,
    last_received: Arc<LastReceived>,
    source: Source,
    /// A ping is not answered yet.
    awaits_pong: AtomicBool,
}

/// What the sender's task holds.
pub(super) struct SenderSide {
    outgoing: mpsc::Receiver<Outgoing>,
    connected: oneshot::Sender<Connected>,
    ended: oneshot::Receiver<SessionFault>,
}

/// What the reader's task holds.
pub(super) struct ReaderSide {
    connected: oneshot::Receiver<Connected>,
    ended: oneshot::Sender<SessionFault>,
}

/// The reading half of the socket. Whoever has a half is part of the session that is alive.
struct Connected {
    reader: LinkReader,
    _alive: Arc<Leased<()>>,
}

pub(super) fn sides(outgoing: mpsc::Receiver<Outgoing>) -> (SenderSide, ReaderSide) {
    let (connect, connected) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let sender = SenderSide { outgoing, connected: connect, ended };
    (sender, ReaderSide { connected, ended: end })
}

impl Session {
    pub(super) fn new(
        number: u32,
        parts: Arc<CallParts>,
        last_received: Arc<LastReceived>,
        source: Source,
    ) -> Self {
        Self { number, parts, last_received, source, awaits_pong: AtomicBool::new(false) }
    }

    /// The sender's task: runs the session from connecting to its end, and reports the end.
    pub(super) async fn run(&self, alive: Leased<()>, side: SenderSide) {
        let fault = self.run_to_its_end(Arc::new(alive), side).await;
        // A closed inbox means that the call is over.
        let _ =
            self.parts.realtime.send(RealtimeEvent::Ended { session: self.number, fault }).await;
    }

    async fn run_to_its_end(&self, alive: Arc<Leased<()>>, side: SenderSide) -> SessionFault {
        let _end = self.source.begin("socket");
        let CallParts { services, setup, .. } = &*self.parts;
        match services.connector.connect(&setup.settings.agent.model).await {
            Ok(Link { reader, writer }) => {
                self.last_received.touch(self.parts.clock.now());
                // A reader that is gone has panicked: the actor restarts.
                let _ = side.connected.send(Connected { reader, _alive: Arc::clone(&alive) });
                let (uplink, source) = (Arc::clone(&self.parts.uplink), self.source.clone());
                let sender = SenderLoop::new(writer, alive, uplink, self.parts.clock, source);
                self.send(Arc::new(sender), side.outgoing, side.ended).await
            }
            Err(error) => {
                tracing::warn!(%error, session = self.number, "connecting to OpenAI failed");
                connect_fault(&error)
            }
        }
    }

    /// The reader's task. It begins when the sender has connected.
    pub(super) async fn receive(&self, side: ReaderSide) {
        let ReaderSide { connected, ended } = side;
        if let Ok(Connected { reader, _alive }) = connected.await {
            let _ = ended.send(self.read(reader).await);
        }
    }

    async fn read(&self, mut reader: LinkReader) -> SessionFault {
        loop {
            let frame = match reader.next().await {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    tracing::warn!(%error, session = self.number, "the session's socket broke");
                    return SessionFault::Passing;
                }
                None => return SessionFault::Passing,
            };
            match frame {
                Frame::Text(text) => {
                    self.last_received.touch(self.parts.clock.now());
                    if self.handle_text(text).await.is_err() {
                        return SessionFault::Passing;
                    }
                }
                Frame::Pong(_) => self.awaits_pong.store(false, Ordering::Relaxed),
                Frame::Ping(_) | Frame::Binary(_) => {}
                Frame::Close { code, reason } => {
                    tracing::warn!(?code, reason, "OpenAI closed the session");
                    return fault(close_class(code, &reason));
                }
            }
        }
    }

    /// Puts audio into the downlink, and sends every other event that is used to the actor.
    async fn handle_text(&self, text: Text) -> Result<(), InboxClosed> {
        match ServerFrame::parse(&text) {
            Ok(ServerFrame::Audio(delta)) => self.forward_audio(&text, delta).await,
            Ok(ServerFrame::Event(ServerEvent::Ignored)) => Ok(()),
            Ok(ServerFrame::Event(event)) => {
                if let ServerEvent::AudioDone { response_id, item_id } = &event {
                    self.parts.downlink.end_item(self.number, response_id, item_id);
                }
                let session = self.number;
                self.parts.realtime.send(RealtimeEvent::Received { session, event }).await
            }
            Err(error) => {
                tracing::warn!(%error, "an event from OpenAI cannot be parsed");
                Ok(())
            }
        }
    }

    /// Copies the audio once, out of the socket's buffer: it waits for as long as it plays. Only the
    /// first audio of an item is reported to the actor.
    async fn forward_audio(&self, frame: &Text, delta: AudioDelta<'_>) -> Result<(), InboxClosed> {
        let AudioDelta { response_id: response, item_id: item, delta } = delta;
        let audio = match Payload::from_part(frame.as_bytes(), &delta) {
            Ok(audio) => audio.detached(),
            Err(error) => {
                tracing::warn!(%error, "audio from OpenAI is not base64");
                return Ok(());
            }
        };
        self.source
            .point(format_args!("OpenAI's audio {response} {item}: {}", trace::Audio(&audio)));
        let received_at = self.parts.clock.now();
        if self.parts.downlink.push(self.number, &response, &item, &audio, received_at).await {
            let session = self.number;
            self.parts.realtime.send(RealtimeEvent::AudioBegan { session, response, item }).await?;
        }
        Ok(())
    }

    /// Returns when the reader has ended, the socket breaks, the actor has dropped the session, or
    /// a ping is not answered.
    async fn send(
        &self,
        sender: Arc<SenderLoop>,
        mut outgoing: mpsc::Receiver<Outgoing>,
        mut ended: oneshot::Receiver<SessionFault>,
    ) -> SessionFault {
        let now = tokio::time::Instant::from_std(self.parts.clock.now());
        let mut ping = tokio::time::interval_at(now + PING_EVERY, PING_EVERY);
        let mut silence = Box::pin(tokio::time::sleep_until(now));
        loop {
            tokio::select! {
                // If both end at once, the reader knows the cause.
                biased;
                fault = &mut ended => return fault.unwrap_or(SessionFault::Passing),
                order = outgoing.recv(), if !sender.is_blocked() => match order {
                    Some(Outgoing::Events(events)) => sender.send(events),
                    Some(Outgoing::GoLive) => sender.go_live(),
                    None => return SessionFault::Passing,
                },
                _ = ping.tick() => {
                    if self.awaits_pong.swap(true, Ordering::Relaxed) {
                        tracing::warn!(session = self.number, "OpenAI did not answer a ping");
                        return SessionFault::Passing;
                    }
                    sender.ping();
                }
                sent = sender.run(&mut silence) => if let Err(error) = sent {
                    tracing::warn!(%error, session = self.number, "the session's socket broke");
                    return self.cause(ended).await;
                }
            }
        }
    }

    /// The socket takes no more. The reader may have received why.
    async fn cause(&self, ended: oneshot::Receiver<SessionFault>) -> SessionFault {
        let cause = tokio::time::timeout(CAUSE_PATIENCE, ended).await;
        cause.ok().and_then(Result::ok).unwrap_or(SessionFault::Passing)
    }
}

fn connect_fault(error: &ConnectError) -> SessionFault {
    match error {
        ConnectError::Refused { status } => fault(http_class(*status)),
        ConnectError::BadUrl(_) => SessionFault::Lasting(FatalCause::Refused),
        ConnectError::Unreachable(_) | ConnectError::Tls(_) | ConnectError::TimedOut => {
            SessionFault::Passing
        }
    }
}

fn fault(class: ConnectionClass) -> SessionFault {
    match class {
        ConnectionClass::Fatal(cause) => SessionFault::Lasting(cause),
        ConnectionClass::Retryable => SessionFault::Passing,
    }
}

#[cfg(test)]
mod tests;
