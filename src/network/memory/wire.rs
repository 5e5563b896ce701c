//! One connection of a [`MemoryNetwork`](super::MemoryNetwork): what is under way in each direction.

use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

/// The most bytes under way in one direction. Then the writer waits.
const CAPACITY: usize = 64 * 1024;

/// What a connection's bytes meet, in both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    /// How much later bytes arrive. Their order is kept, also when the delay shrinks.
    pub delay: Duration,
    pub flow: Flow,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flow {
    #[default]
    Passing,
    /// Nothing arrives until the stall ends. Bytes are kept.
    Stalled,
    /// Bytes vanish, and so does the end of the connection. The connection never recovers.
    BlackHole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Dialer,
    Acceptor,
}

/// How a side lets go of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    Reset,
}

#[derive(Debug)]
pub(super) enum Read {
    Bytes(Bytes),
    End,
    Failed(io::ErrorKind),
    /// Not before this time, if it is known.
    Later(Option<Instant>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Taken(usize),
    Failed(io::ErrorKind),
    /// Wait until the peer has read.
    Full,
}

/// Tasks to wake once the wire's lock is released.
#[must_use]
#[derive(Default)]
pub(super) struct Wakers([Option<Waker>; 4]);

impl Wakers {
    pub(super) fn wake(self) {
        self.0.into_iter().flatten().for_each(Waker::wake);
    }
}

pub(super) struct Wire {
    conditions: Conditions,
    /// The network has reset it.
    is_reset: bool,
    dialer: Half,
    acceptor: Half,
}

/// A side, and the direction in which it writes.
struct Half {
    is_held: bool,
    /// Dropping the side resets the connection.
    resets_on_drop: bool,
    /// The side has shut down its direction.
    is_shut: bool,
    chunks: VecDeque<(Instant, Bytes)>,
    /// Bytes in `chunks`.
    under_way: usize,
    /// When the newest chunk arrives.
    newest: Option<Instant>,
    /// The end behind the chunks, and when it arrives.
    end: Option<(Instant, End)>,
    /// The peer has dropped its side, and when this one learns of it.
    peer_gone: Option<(Instant, End)>,
    /// The peer, which waits for chunks.
    reader: Option<Waker>,
    /// The side itself, which waits for room.
    writer: Option<Waker>,
}

impl Wire {
    pub(super) fn new(conditions: Conditions) -> Self {
        Self { conditions, is_reset: false, dialer: Half::new(), acceptor: Half::new() }
    }

    /// What a side reads now, at most `most` bytes. If nothing, `waker` is kept for later.
    pub(super) fn read(
        &mut self,
        side: Side,
        most: usize,
        now: Instant,
        waker: &Waker,
    ) -> (Read, Wakers) {
        if self.is_reset {
            return (Read::Failed(io::ErrorKind::ConnectionReset), Wakers::default());
        }
        let passes = self.conditions.flow == Flow::Passing;
        let (_, peer) = self.sides(side);
        let next = if passes { peer.next(most, now) } else { Read::Later(None) };
        let mut wakers = Wakers::default();
        match next {
            Read::Bytes(_) => wakers.0[0] = peer.writer.take(),
            Read::Later(_) => keep(&mut peer.reader, waker),
            Read::End | Read::Failed(_) => {}
        }
        (next, wakers)
    }

    /// Takes bytes that a side writes. If there is no room, `waker` is kept for later.
    pub(super) fn write(
        &mut self,
        side: Side,
        bytes: &[u8],
        now: Instant,
        waker: &Waker,
    ) -> (Written, Wakers) {
        let Conditions { delay, flow } = self.conditions;
        let is_reset = self.is_reset;
        let (own, _) = self.sides(side);
        let mut wakers = Wakers::default();
        let written = if is_reset {
            Written::Failed(io::ErrorKind::ConnectionReset)
        } else if own.is_shut {
            Written::Failed(io::ErrorKind::BrokenPipe)
        } else if bytes.is_empty() || flow == Flow::BlackHole {
            Written::Taken(bytes.len())
        } else if let Some((at, how)) = own.peer_gone {
            match how {
                _ if at > now || flow == Flow::Stalled => Written::Taken(bytes.len()),
                End::Closed => Written::Failed(io::ErrorKind::BrokenPipe),
                End::Reset => Written::Failed(io::ErrorKind::ConnectionReset),
            }
        } else if own.under_way == CAPACITY {
            keep(&mut own.writer, waker);
            Written::Full
        } else {
            let taken = bytes.len().min(CAPACITY - own.under_way);
            own.push(Bytes::copy_from_slice(&bytes[..taken]), now + delay);
            wakers.0[0] = own.reader.take();
            Written::Taken(taken)
        };
        (written, wakers)
    }

    /// A side writes no more.
    pub(super) fn shut(&mut self, side: Side, now: Instant) -> Wakers {
        self.end(side, End::Closed, now)
    }

    /// See [`Stream::reset_on_drop`](practice::transport::Stream::reset_on_drop).
    pub(super) fn reset_on_drop(&mut self, side: Side) {
        self.sides(side).0.resets_on_drop = true;
    }

    /// A side is gone. As on TCP, the connection is reset if it leaves bytes unread.
    pub(super) fn let_go(&mut self, side: Side, now: Instant) -> Wakers {
        let Conditions { delay, flow } = self.conditions;
        let (own, peer) = self.sides(side);
        own.is_held = false;
        let leaves_unread = flow == Flow::Passing && peer.has_arrived(now);
        let how = if own.resets_on_drop || leaves_unread { End::Reset } else { End::Closed };
        peer.clear();
        if flow != Flow::BlackHole {
            peer.peer_gone = Some((now + delay, how));
        }
        let writer = peer.writer.take();
        let mut wakers = self.end(side, how, now);
        wakers.0[1] = writer;
        wakers
    }

    /// Whether either side is still held.
    pub(super) fn is_held(&self) -> bool {
        self.dialer.is_held || self.acceptor.is_held
    }

    pub(super) fn set(&mut self, mut conditions: Conditions, now: Instant) -> Wakers {
        let passed = self.conditions.flow == Flow::Passing;
        if self.conditions.flow == Flow::BlackHole {
            conditions.flow = Flow::BlackHole;
        } else if conditions.flow == Flow::BlackHole {
            for half in [&mut self.dialer, &mut self.acceptor] {
                half.clear();
                half.end = half.end.filter(|(at, _)| passed && *at <= now);
            }
        }
        self.conditions = conditions;
        self.wake_all()
    }

    pub(super) fn reset(&mut self) -> Wakers {
        self.is_reset = true;
        self.dialer.clear();
        self.acceptor.clear();
        self.wake_all()
    }

    fn end(&mut self, side: Side, how: End, now: Instant) -> Wakers {
        let Conditions { delay, flow } = self.conditions;
        let (own, _) = self.sides(side);
        if !own.is_shut && flow != Flow::BlackHole {
            own.end = Some((own.arrival(now + delay), how));
        }
        own.is_shut = true;
        Wakers([own.reader.take(), None, None, None])
    }

    /// A side and its peer.
    fn sides(&mut self, side: Side) -> (&mut Half, &mut Half) {
        match side {
            Side::Dialer => (&mut self.dialer, &mut self.acceptor),
            Side::Acceptor => (&mut self.acceptor, &mut self.dialer),
        }
    }

    fn wake_all(&mut self) -> Wakers {
        let (dialer, acceptor) = (&mut self.dialer, &mut self.acceptor);
        Wakers([
            dialer.reader.take(),
            dialer.writer.take(),
            acceptor.reader.take(),
            acceptor.writer.take(),
        ])
    }
}

impl Half {
    fn new() -> Self {
        Self {
            is_held: true,
            resets_on_drop: false,
            is_shut: false,
            chunks: VecDeque::new(),
            under_way: 0,
            newest: None,
            end: None,
            peer_gone: None,
            reader: None,
            writer: None,
        }
    }

    /// Not before what was written earlier.
    fn arrival(&self, at: Instant) -> Instant {
        self.newest.map_or(at, |newest| newest.max(at))
    }

    fn push(&mut self, chunk: Bytes, at: Instant) {
        let at = self.arrival(at);
        self.newest = Some(at);
        self.under_way += chunk.len();
        self.chunks.push_back((at, chunk));
    }

    fn has_arrived(&self, now: Instant) -> bool {
        self.chunks.front().is_some_and(|(at, _)| *at <= now)
    }

    fn next(&mut self, most: usize, now: Instant) -> Read {
        if let Some((at, chunk)) = self.chunks.front_mut() {
            if *at > now {
                return Read::Later(Some(*at));
            }
            let bytes = chunk.split_to(most.min(chunk.len()));
            if chunk.is_empty() {
                self.chunks.pop_front();
            }
            self.under_way -= bytes.len();
            return Read::Bytes(bytes);
        }
        match self.end {
            Some((at, _)) if at > now => Read::Later(Some(at)),
            Some((_, End::Closed)) => Read::End,
            Some((_, End::Reset)) => Read::Failed(io::ErrorKind::ConnectionReset),
            None => Read::Later(None),
        }
    }

    fn clear(&mut self) {
        self.chunks.clear();
        self.under_way = 0;
    }
}

fn keep(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(kept) => kept.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}
