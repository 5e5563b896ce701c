//! One side of a connection in memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use practice::transport;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::registry::{Id, Registry, SharedWire, locked, now};
use super::wire::{Read, Side, Written};

pub(super) struct MemoryStream {
    registry: Registry,
    id: Id,
    wire: SharedWire,
    side: Side,
    /// Until the next chunk arrives.
    timer: Option<Pin<Box<Sleep>>>,
}

impl MemoryStream {
    pub(super) fn new(registry: Registry, id: Id, wire: SharedWire, side: Side) -> Self {
        Self { registry, id, wire, side, timer: None }
    }

    fn wait_until(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx)
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            let (most, now) = (buffer.remaining(), now());
            let (read, wakers) = locked(&self.wire).read(self.side, most, now, cx.waker());
            wakers.wake();
            match read {
                Read::Bytes(bytes) => {
                    buffer.put_slice(&bytes);
                    return Poll::Ready(Ok(()));
                }
                Read::End => return Poll::Ready(Ok(())),
                Read::Failed(kind) => return Poll::Ready(Err(kind.into())),
                Read::Later(at) => ready!(self.wait_until(at, cx)),
            }
        }
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let (written, wakers) = locked(&self.wire).write(self.side, bytes, now(), cx.waker());
        wakers.wake();
        match written {
            Written::Taken(length) => Poll::Ready(Ok(length)),
            Written::Failed(kind) => Poll::Ready(Err(kind.into())),
            Written::Full => Poll::Pending,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wakers = locked(&self.wire).shut(self.side, now());
        wakers.wake();
        Poll::Ready(Ok(()))
    }
}

impl transport::Stream for MemoryStream {
    fn reset_on_drop(&self) {
        locked(&self.wire).reset_on_drop(self.side);
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        let mut wire = locked(&self.wire);
        let wakers = wire.let_go(self.side, now());
        let is_held = wire.is_held();
        drop(wire);
        wakers.wake();
        if !is_held {
            self.registry.remove(&self.id);
        }
    }
}
