//! The sender loop of a session: it alone writes to OpenAI, and alone takes the caller's frames
//! (PIPE-1). It waits only for its queues and its socket (PIPE-8).
//!
//! Two tasks turn it, one at a time. The stream's reader turns it for the frame that it brings, so
//! that no other task must wake. The session's task turns it for everything else: orders, pings,
//! silence, a socket that has room again. A turn holds the loop's lock from taking a frame to
//! writing it. So frames leave once and in order.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::BytesMut;
use protocol::audio::payload::Payload;
use protocol::openai::client_event::write_append;
use supervision::Leased;
use tokio::time::Sleep;

use crate::audio::uplink::{FrameSender, Next, Uplink};
use crate::clock::Clock;
use crate::link::{Frame, LinkError, LinkWriter, Text};
use crate::trace::{self, Source};

/// Room for the append event of a frame, which has 270 bytes. It is used again when it is written.
const EVENT_BYTES: usize = 512;

pub(crate) struct SenderLoop {
    uplink: Arc<Uplink>,
    clock: Clock,
    source: Source,
    state: Mutex<State>,
}

struct State {
    writer: LinkWriter,
    /// Frames are sent. Before, the session is not configured.
    live: bool,
    /// Events and pings that wait for the socket.
    orders: VecDeque<Frame>,
    /// Something was written and not flushed.
    unflushed: bool,
    /// Wakes the session's task.
    task: Waker,
    /// What ended a turn of the stream's reader. The session's task takes it.
    end: Option<End>,
    buffer: BytesMut,
    /// Whoever has a half of the socket is part of the session that is alive.
    _alive: Arc<Leased<()>>,
}

/// The loop is over.
enum End {
    Broken(LinkError),
    /// A panic belongs to the session, whoever turned its loop.
    Panicked(Box<dyn Any + Send>),
}

impl SenderLoop {
    pub(crate) fn new(
        writer: LinkWriter,
        alive: Arc<Leased<()>>,
        uplink: Arc<Uplink>,
        clock: Clock,
        source: Source,
    ) -> Self {
        let state = State {
            writer,
            live: false,
            orders: VecDeque::new(),
            unflushed: false,
            task: Waker::noop().clone(),
            end: None,
            buffer: BytesMut::new(),
            _alive: alive,
        };
        Self { uplink, clock, source, state: Mutex::new(state) }
    }

    /// Sends these events before any further frame.
    pub(crate) fn send(&self, events: Vec<String>) {
        self.lock().orders.extend(events.into_iter().map(Frame::text));
    }

    pub(crate) fn ping(&self) {
        self.lock().orders.push_back(Frame::Ping(bytes::Bytes::new()));
    }

    /// Sends the caller's frames from now on.
    pub(crate) fn go_live(self: &Arc<Self>) {
        self.lock().live = true;
        let sender: Arc<dyn FrameSender> = Arc::clone(self) as _;
        self.uplink.attach(Arc::downgrade(&sender));
    }

    /// Whether the socket takes no more. Then orders must wait.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.lock().orders.is_empty()
    }

    /// The session's task: turns the loop whenever it is woken. Returns when all orders are sent, if
    /// any waited, or when the socket breaks. `silence` is its timer.
    pub(crate) async fn run(&self, silence: &mut Pin<Box<Sleep>>) -> Result<(), LinkError> {
        std::future::poll_fn(|task| self.poll(task, silence)).await
    }

    fn poll(
        &self,
        task: &mut Context<'_>,
        silence: &mut Pin<Box<Sleep>>,
    ) -> Poll<Result<(), LinkError>> {
        loop {
            let mut state = self.lock();
            match state.end.take() {
                Some(End::Broken(error)) => return Poll::Ready(Err(error)),
                Some(End::Panicked(panic)) => {
                    drop(state);
                    resume_unwind(panic);
                }
                None => {}
            }
            state.task.clone_from(task.waker());
            let had_orders = !state.orders.is_empty();
            let turned = state.turn(self);
            state.live &= turned.is_ok();
            let orders_sent = had_orders && state.orders.is_empty();
            drop(state);
            match turned? {
                _ if orders_sent => return Poll::Ready(Ok(())),
                None => return Poll::Pending,
                Some(silence_at) => {
                    silence.as_mut().reset(silence_at.into());
                    if silence.as_mut().poll(task).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FrameSender for SenderLoop {
    /// The stream's reader has brought a frame. If the session's task turns the loop now, it must
    /// look again.
    fn frame_waits(&self) {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.wake(),
        };
        if !state.live {
            return;
        }
        let end = match catch_unwind(AssertUnwindSafe(|| state.turn(self))) {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => End::Broken(error),
            Err(panic) => End::Panicked(panic),
        };
        state.live = false;
        state.end = Some(end);
        state.task.wake_by_ref();
    }

    fn wake(&self) {
        self.lock().task.wake_by_ref();
    }
}

impl State {
    /// Sends all that waits and finds room. Returns when silence is due, if no frame comes before.
    fn turn(&mut self, of: &SenderLoop) -> Result<Option<Instant>, LinkError> {
        let mut silence_at = None;
        loop {
            // While the socket is full, frames wait in the queue, which is bounded.
            if self.unflushed && self.flush()?.is_pending() {
                return Ok(None);
            }
            while let Poll::Ready(ready) =
                self.writer.as_mut().poll_ready(&mut Context::from_waker(&self.task))
            {
                ready?;
                let Some(frame) = self.next(of, &mut silence_at) else { break };
                self.writer.as_mut().start_send(frame)?;
                self.unflushed = true;
            }
            if !self.unflushed {
                return Ok(silence_at);
            }
        }
    }

    fn flush(&mut self) -> Result<Poll<()>, LinkError> {
        let task = &mut Context::from_waker(&self.task);
        let Poll::Ready(flushed) = self.writer.as_mut().poll_flush(task) else {
            return Ok(Poll::Pending);
        };
        flushed?;
        self.unflushed = false;
        Ok(Poll::Ready(()))
    }

    /// The next message: an order, else a frame of the caller or silence in its place.
    fn next(&mut self, of: &SenderLoop, silence_at: &mut Option<Instant>) -> Option<Frame> {
        if let Some(order) = self.orders.pop_front() {
            if let Frame::Text(event) = &order {
                of.source.point(format_args!("to OpenAI: {}", trace::ToOpenAi(event)));
            }
            return Some(order);
        }
        if !self.live {
            return None;
        }
        match of.uplink.take(of.clock.now()) {
            Next::Frame(audio) => {
                of.source.point(format_args!("to OpenAI: append {}", trace::Audio(&audio)));
                Some(Frame::Text(self.append(&audio)))
            }
            Next::SilenceAt(at) => {
                *silence_at = Some(at);
                None
            }
            Next::Nothing => None,
        }
    }

    /// Writes the event into the buffer. Once it is sent, its place is used again.
    fn append(&mut self, audio: &Payload) -> Text {
        self.buffer.reserve(EVENT_BYTES);
        write_append(&mut self.buffer, audio.as_str());
        self.buffer.split().freeze().into()
    }
}

#[cfg(test)]
mod tests;
