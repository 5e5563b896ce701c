//! Both halves of a link over one WebSocket. What can be read wakes the reader alone, and what can
//! be written the writer: they are two tasks.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::HandshakeError;
use tokio_tungstenite::tungstenite::handshake::client::{ClientHandshake, Request};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use super::frame::{Frame, LinkError, read, write};

/// What is written waits for the flush, until there is more than this. More memory is not kept.
const WRITE_BYTES: usize = 4 * 1024;

/// The most that may wait for a stream that takes no more, in bytes.
const MAX_WAITING: usize = 2 << 20;

/// A stream as the WebSocket's codec wants it: it blocks, or says that it would. Then the task for
/// which the codec works is woken.
///
/// It takes all that is written, and keeps what the stream does not take. The codec would keep the
/// memory of the longest message for as long as the socket lives: that of the session's settings.
struct Blocking<S> {
    stream: S,
    reader: Waker,
    writer: Waker,
    works_for: Side,
    waiting: Vec<u8>,
}

/// Which task the codec works for. Reading writes too: a pong, or what TLS answers.
#[derive(Clone, Copy)]
enum Side {
    Reader,
    Writer,
}

impl<S> Blocking<S> {
    fn new(stream: S) -> Self {
        let nobody = || Waker::noop().clone();
        let (reader, writer) = (nobody(), nobody());
        Self { stream, reader, writer, works_for: Side::Writer, waiting: Vec::new() }
    }

    /// The codec works for this task from now on. A task that is known already is not cloned.
    fn work_for(&mut self, side: Side, task: &Context<'_>) {
        let known = match side {
            Side::Reader => &mut self.reader,
            Side::Writer => &mut self.writer,
        };
        known.clone_from(task.waker());
        self.works_for = side;
    }

    /// The stream, the task to be woken when it can go on, and what waits for the stream.
    fn parts(&mut self) -> (Pin<&mut S>, Context<'_>, &mut Vec<u8>)
    where
        S: Unpin,
    {
        let task = match self.works_for {
            Side::Reader => &self.reader,
            Side::Writer => &self.writer,
        };
        (Pin::new(&mut self.stream), Context::from_waker(task), &mut self.waiting)
    }
}

impl<S: AsyncWrite + Unpin> Blocking<S> {
    /// Gives the stream what waits.
    fn drain(&mut self) -> io::Result<()> {
        let (mut stream, mut task, waiting) = self.parts();
        let mut taken = 0;
        let drained = loop {
            if taken == waiting.len() {
                break Ok(());
            }
            let rest = &waiting[taken..];
            match or_would_block(stream.as_mut().poll_write(&mut task, rest)) {
                Ok(0) => break Err(ErrorKind::ConnectionReset.into()),
                Ok(written) => taken += written,
                Err(error) => break Err(error),
            }
        };
        waiting.drain(..taken);
        if waiting.is_empty() && waiting.capacity() > WRITE_BYTES {
            *waiting = Vec::new();
        }
        drained
    }

    /// Writes a text message, which waits for the flush.
    fn write_text(&mut self, text: &Bytes, role: Role) -> io::Result<()> {
        let mask = (role == Role::Client).then(mask);
        let header =
            FrameHeader { opcode: OpCode::Data(Data::Text), mask, ..FrameHeader::default() };
        let length = text.len() as u64;
        let room = header.len(length) + text.len();
        if self.waiting.len() + room > WRITE_BYTES {
            unless_blocked(self.drain())?;
        }
        self.waiting.reserve(room);
        // Writing to a vector cannot fail.
        let _ = header.format(length, &mut self.waiting);
        let start = self.waiting.len();
        self.waiting.extend_from_slice(text);
        if let Some(mask) = mask {
            apply(mask, &mut self.waiting[start..]);
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever reads the frame takes the mask off again")]
fn mask() -> [u8; 4] {
    rand::random()
}

/// Masks the payload of a client's frame.
fn apply(mask: [u8; 4], payload: &mut [u8]) {
    let (groups, rest) = payload.as_chunks_mut::<4>();
    for group in groups {
        *group = (u32::from_ne_bytes(*group) ^ u32::from_ne_bytes(mask)).to_ne_bytes();
    }
    rest.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
}

fn unless_blocked(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        result => result,
    }
}

fn or_would_block<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + Unpin> Read for Blocking<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        let (stream, mut task, _) = self.parts();
        or_would_block(stream.poll_read(&mut task, &mut buffer))?;
        Ok(buffer.filled().len())
    }
}

impl<S: AsyncWrite + Unpin> Write for Blocking<S> {
    /// What the codec itself writes leaves at once: the handshake, pings, pongs and the close.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        unless_blocked(self.drain())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        let (stream, mut task, _) = self.parts();
        or_would_block(stream.poll_flush(&mut task))
    }
}

/// The socket that both halves share. It is locked for one read or write, and never across an
/// await.
struct Shared<S> {
    socket: WebSocket<Blocking<S>>,
    role: Role,
    /// The writer, while the stream takes no more.
    blocked_writer: Option<Waker>,
    /// The reader has seen the end.
    ended: bool,
}

impl<S> Shared<S> {
    /// The codec, which works for this task from now on.
    fn used_by(&mut self, side: Side, task: &Context<'_>) -> &mut WebSocket<Blocking<S>> {
        self.socket.get_mut().work_for(side, task);
        &mut self.socket
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Shared<S> {
    fn write(&mut self, frame: Frame) -> Result<(), tungstenite::Error> {
        let Frame::Text(text) = frame else { return self.socket.write(write(frame)) };
        if !self.socket.can_write() {
            return Err(ProtocolError::SendAfterClosing.into());
        }
        let stream = self.socket.get_mut();
        if stream.waiting.len() + text.len() > MAX_WAITING {
            let message = Box::new(write(Frame::Text(text)));
            return Err(tungstenite::Error::WriteBufferFull(message));
        }
        Ok(stream.write_text(text.as_bytes(), self.role)?)
    }
}

pub(super) struct Half<S>(Arc<Mutex<Shared<S>>>);

impl<S> Half<S> {
    fn lock(&self) -> MutexGuard<'_, Shared<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Splits a stream that has made its handshake.
pub(super) fn split<S>(stream: S, role: Role, config: WebSocketConfig) -> (Half<S>, Half<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    halves(WebSocket::from_raw_socket(Blocking::new(stream), role, Some(config)), role)
}

/// Makes a client's handshake, and splits the stream. What the server sent behind its answer is
/// kept.
pub(super) async fn connect<S>(
    stream: S,
    request: Request,
    config: WebSocketConfig,
) -> Result<(Half<S>, Half<S>), tungstenite::Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut handshake = Some(ClientHandshake::start(Blocking::new(stream), request, Some(config))?);
    let made = poll_fn(|task| {
        let Some(mut round) = handshake.take() else { return Poll::Pending };
        round.get_mut().get_mut().work_for(Side::Writer, task);
        match round.handshake() {
            Ok((socket, _)) => Poll::Ready(Ok(socket)),
            Err(HandshakeError::Failure(error)) => Poll::Ready(Err(error)),
            Err(HandshakeError::Interrupted(round)) => {
                handshake = Some(round);
                Poll::Pending
            }
        }
    });
    Ok(halves(made.await?, Role::Client))
}

fn halves<S>(socket: WebSocket<Blocking<S>>, role: Role) -> (Half<S>, Half<S>) {
    let shared = Shared { socket, role, blocked_writer: None, ended: false };
    let shared = Arc::new(Mutex::new(shared));
    (Half(Arc::clone(&shared)), Half(shared))
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Half<S> {
    type Item = Result<Frame, LinkError>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut shared = self.lock();
        if shared.ended {
            return Poll::Ready(None);
        }
        let received = loop {
            match shared.used_by(Side::Reader, task).read() {
                Ok(message) => {
                    if let Some(frame) = read(message) {
                        break Poll::Ready(Some(Ok(frame)));
                    }
                }
                Err(error) if would_block(&error) => break Poll::Pending,
                Err(error) => {
                    shared.ended = true;
                    let broken = (!is_over(&error)).then(|| Err(error.into()));
                    break Poll::Ready(broken);
                }
            }
        };
        // A stream knows only the last task that wanted to write. If reading wrote, that was the
        // reader, so the writer must ask again.
        if let Some(writer) = shared.blocked_writer.take() {
            writer.wake();
        }
        received
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Frame> for Half<S> {
    type Error = LinkError;

    fn poll_ready(self: Pin<&mut Self>, _task: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        // `start_send` keeps what the stream does not take, up to the configured limit.
        Poll::Ready(Ok(()))
    }

    /// Only `poll_flush` writes to the stream, so several frames can go in one write.
    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), LinkError> {
        let mut shared = self.lock();
        // If the stream takes no more, the flush that follows waits.
        shared.socket.get_mut().works_for = Side::Writer;
        match shared.write(frame) {
            Err(error) if !would_block(&error) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let mut shared = self.lock();
        shared.blocked_writer = None;
        let flushed = match shared.used_by(Side::Writer, task).flush() {
            // The codec is done, but the close may still wait.
            Err(error) if is_over(&error) => shared.socket.get_mut().flush().map_err(Into::into),
            flushed => flushed,
        };
        match flushed {
            Err(error) if would_block(&error) => {
                shared.blocked_writer = Some(task.waker().clone());
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error.into())),
            Ok(()) => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        {
            let mut shared = self.lock();
            if shared.socket.can_write() {
                let _ = shared.used_by(Side::Writer, task).write(Message::Close(None));
            }
        }
        self.poll_flush(task)
    }
}

fn would_block(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The socket was closed as the protocol says.
fn is_over(error: &tungstenite::Error) -> bool {
    matches!(error, tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed)
}
