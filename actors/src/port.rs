//! The bounded way to an actor that may be started again: a numbered inbox beside its mailbox, and a
//! doorbell in it.
//!
//! ractor's mailboxes have no bound, show no depth, and die with their actor. What must not be lost
//! waits here instead, held by whoever outlives the actor; the mailbox gets one doorbell at most.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ractor::{ActorRef, Message};
use thiserror::Error;
use tokio::sync::Notify;

/// An event may be begun so often: one that its handler died of twice is set aside.
const MOST_ATTEMPTS: u32 = 2;

/// The port is closed: whoever read from it is gone for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the port is closed")]
pub struct PortClosed;

/// Why a port did not take an event at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotTaken {
    /// There is no room now.
    #[error("the port is full")]
    Full,
    /// Whoever read from it is gone for good.
    #[error("the port is closed")]
    Closed,
}

/// Whether a numbered event was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It waits now.
    Accepted,
    /// An event with this number came before; this one is dropped.
    Duplicate,
}

/// An event that was begun: it stays until it is [removed](Inbox::remove).
#[derive(Debug)]
pub struct Begun<E> {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The event.
    pub event: Arc<E>,
}

/// The way in. Cheap to clone; outlives every generation of the actor behind it.
pub struct Port<E> {
    shared: Arc<Shared<E>>,
}

/// The way out, for the actor's present generation.
pub struct Inbox<E> {
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    state: Mutex<State<E>>,
    room: Notify,
    bell: Bell,
    capacity: usize,
}

struct State<E> {
    waiting: VecDeque<Waiting<E>>,
    arrived: u64,
    last_numbered: u64,
    set_aside: u64,
    closed: bool,
}

struct Waiting<E> {
    number: u64,
    event: Arc<E>,
    attempts: u32,
}

impl<E> Port<E> {
    /// A port in which at most `capacity` events wait; who sends more waits with them.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            arrived: 0,
            last_numbered: 0,
            set_aside: 0,
            closed: false,
        };
        let (room, bell) = (Notify::new(), Bell::default());
        Self { shared: Arc::new(Shared { state: Mutex::new(state), room, bell, capacity }) }
    }

    /// Sends an event; waits while there is no room, so that the socket behind it waits too.
    ///
    /// # Errors
    /// [`PortClosed`] if nobody will ever read it.
    pub async fn send(&self, event: E) -> Result<(), PortClosed> {
        let mut event = Some(event);
        loop {
            let room = self.shared.room.notified();
            match self.shared.offer(&mut event) {
                Ok(()) => return Ok(()),
                Err(NotTaken::Closed) => return Err(PortClosed),
                Err(NotTaken::Full) => room.await,
            }
        }
    }

    /// Sends an event if there is room now.
    ///
    /// # Errors
    /// [`NotTaken`] says why not; the event is dropped.
    pub fn try_send(&self, event: E) -> Result<(), NotTaken> {
        self.shared.offer(&mut Some(event))
    }

    /// Sends an event that its one sender has numbered, ever higher: a number seen before is dropped,
    /// so that a sender that was started again can send everything once more.
    ///
    /// # Errors
    /// [`NotTaken`] says why not.
    pub fn send_numbered(&self, number: u64, event: E) -> Result<Delivered, NotTaken> {
        if self.shared.state().last_numbered >= number {
            return Ok(Delivered::Duplicate);
        }
        self.shared.offer(&mut Some(event))?;
        self.shared.state().last_numbered = number;
        Ok(Delivered::Accepted)
    }

    /// The way out of this port.
    #[must_use]
    pub fn inbox(&self) -> Inbox<E> {
        Inbox { shared: Arc::clone(&self.shared) }
    }

    /// How many events wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.shared.state().waiting.len()
    }

    /// How many events were set aside because their handler died of them twice.
    #[must_use]
    pub fn set_aside(&self) -> u64 {
        self.shared.state().set_aside
    }

    /// Nobody will read any more: senders are told so.
    pub fn close(&self) {
        self.shared.state().closed = true;
        self.shared.room.notify_waiters();
    }
}

impl<E> Inbox<E> {
    /// The actor whose mailbox gets the doorbell from now on. It is rung at once if events wait.
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, doorbell: fn() -> M) {
        self.shared.bell.attach(actor, doorbell);
        if !self.shared.state().waiting.is_empty() {
            self.shared.bell.ring();
        }
    }

    /// The oldest event, which stays until it is removed: whoever dies of it leaves it to a
    /// successor. One that was begun twice is set aside, counted, and passed over.
    #[must_use]
    pub fn begin_next(&self) -> Option<Begun<E>> {
        self.shared.bell.answered();
        let mut state = self.shared.state();
        loop {
            let front = state.waiting.front_mut()?;
            if front.attempts < MOST_ATTEMPTS {
                front.attempts += 1;
                return Some(Begun { number: front.number, event: Arc::clone(&front.event) });
            }
            let number = front.number;
            tracing::error!(number, "an event was set aside: its handler died of it twice");
            state.waiting.pop_front();
            state.set_aside += 1;
            self.shared.room.notify_one();
        }
    }

    /// The event with this number has been handled.
    pub fn remove(&self, number: u64) {
        let mut state = self.shared.state();
        if state.waiting.front().is_some_and(|front| front.number <= number) {
            state.waiting.pop_front();
        }
        drop(state);
        self.shared.room.notify_one();
    }

    /// Puts an event that was begun and not finished back as if it had never been begun.
    pub fn not_begun(&self, number: u64) {
        if let Some(front) = self.shared.state().waiting.front_mut()
            && front.number == number
        {
            front.attempts = 0;
        }
    }
}

impl<E> Shared<E> {
    fn offer(&self, event: &mut Option<E>) -> Result<(), NotTaken> {
        let mut state = self.state();
        if state.closed {
            return Err(NotTaken::Closed);
        }
        if state.waiting.len() >= self.capacity {
            return Err(NotTaken::Full);
        }
        if let Some(event) = event.take() {
            state.arrived += 1;
            let number = state.arrived;
            state.waiting.push_back(Waiting { number, event: Arc::new(event), attempts: 0 });
        }
        drop(state);
        self.bell.ring();
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> Clone for Port<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> Clone for Inbox<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Port<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port").field("depth", &self.depth()).finish()
    }
}

type Ring = Box<dyn Fn() + Send + Sync>;

/// A doorbell: rings in the mailbox of whoever is attached, once until it is answered.
#[derive(Default)]
pub struct Bell {
    rung: AtomicBool,
    ring: Mutex<Option<Ring>>,
}

impl Bell {
    /// The actor that hears it from now on.
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, doorbell: fn() -> M) {
        let ring: Ring = Box::new(move || {
            // An actor that is gone leaves its bell to its successor, which looks for itself.
            let _ = actor.cast(doorbell());
        });
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = Some(ring);
        self.rung.store(false, Ordering::Release);
    }

    /// Rings, unless it has been rung and not answered.
    pub fn ring(&self) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some(ring) = &*self.ring.lock().unwrap_or_else(PoisonError::into_inner) {
            ring();
        }
    }

    /// Whoever was rung for looks now: the next event rings again.
    pub fn answered(&self) {
        self.rung.store(false, Ordering::Release);
    }
}
