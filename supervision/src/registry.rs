//! The registry of living actors, for operators to look at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ractor::{ActorRef, Message};
use thiserror::Error;

use crate::Generation;
use crate::children::Start;

/// The list of living actors. Cheap to clone; clones are the same list.
///
/// `K` is the kind of an actor. `S` is what it belongs to: a connection, a tenant.
///
/// ```
/// use supervision::{ActorInfo, Clock, Generation, Registry};
///
/// let (registry, now) = (Registry::<&str, ()>::new(|_event| {}), Clock::system().now());
/// let info = ActorInfo {
///     kind: "worker",
///     parent: None,
///     scope: None,
///     generation: Generation(0),
///     last_error: None,
///     depth: Box::new(|| 3),
/// };
/// let registration = registry.register(info, now); // kept in the actor's state
/// registration.set_state("working");
/// let worker = &registry.actors_at(now)[0];
/// assert_eq!((worker.kind, worker.state, worker.depth), ("worker", "working", 3));
///
/// drop(registration); // the actor stopped, or panicked
/// assert!(registry.actors_at(now).is_empty());
/// ```
pub struct Registry<K, S> {
    shared: Arc<Shared<K, S>>,
}

/// What is known of an actor when it is registered.
pub struct ActorInfo<K, S> {
    /// Its kind.
    pub kind: K,
    /// [`Registration::id`] of its supervisor; `None` for a root.
    pub parent: Option<u64>,
    /// What it belongs to, if anything.
    pub scope: Option<S>,
    /// Which start of it this is.
    pub generation: Generation,
    /// Why the generation before this one ended; `None` for the first.
    pub last_error: Option<String>,
    /// Returns how many events wait for it, usually by [`Inbox::depth`](crate::Inbox::depth). Must
    /// not block.
    pub depth: Box<dyn Fn() -> usize + Send + Sync>,
}

impl<K: Copy + Eq, S> ActorInfo<K, S> {
    /// The info of a child that is about to start. `parent` and `scope` are `None`; set them if
    /// needed.
    pub fn of(start: &Start<K>, depth: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        Self {
            kind: start.kind,
            parent: None,
            scope: None,
            generation: start.generation,
            last_error: start.last_error.clone(),
            depth: Box::new(depth),
        }
    }
}

/// A living actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorView<K, S> {
    /// Unique in this registry, from 1.
    pub id: u64,
    /// Its kind.
    pub kind: K,
    /// The id of its supervisor.
    pub parent: Option<u64>,
    /// What it belongs to, if anything.
    pub scope: Option<S>,
    /// The last [`Registration::set_state`]; `starting` before the first.
    pub state: &'static str,
    /// Which start of it this is.
    pub generation: Generation,
    /// Events that wait for it.
    pub depth: usize,
    /// Messages handled in this generation.
    pub handled: u64,
    /// Time since the last of them; `None` before the first.
    pub since_last_message: Option<Duration>,
    /// Time since this generation was registered.
    pub uptime: Duration,
    /// Why the generation before this one ended; `None` for the first.
    pub last_error: Option<String>,
}

/// A change of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorEvent<K, S> {
    /// An actor was registered.
    Started {
        /// Its id.
        id: u64,
        /// Its kind.
        kind: K,
        /// What it belongs to, if anything.
        scope: Option<S>,
        /// Which start of it this is.
        generation: Generation,
    },
    /// An actor's registration was dropped.
    Stopped {
        /// Its id.
        id: u64,
        /// Its kind.
        kind: K,
        /// What it belonged to, if anything.
        scope: Option<S>,
    },
}

/// Why [`Registry::crash`] crashed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrashRefused {
    /// No living actor has this id.
    #[error("there is no actor with this id")]
    Unknown,
    /// Nobody has called [`Registration::allow_crash`] for this actor.
    #[error("this actor does not allow to be crashed")]
    NotAllowed,
}

type Observe<K, S> = Box<dyn Fn(ActorEvent<K, S>) + Send + Sync>;

struct Shared<K, S> {
    actors: Mutex<BTreeMap<u64, Arc<Entry<K, S>>>>,
    last_id: AtomicU64,
    observe: Observe<K, S>,
}

struct Entry<K, S> {
    id: u64,
    info: ActorInfo<K, S>,
    registered: Instant,
    stats: Mutex<Stats>,
    crash: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

struct Stats {
    state: &'static str,
    handled: u64,
    last_message: Option<Instant>,
}

/// An actor's entry in the registry. Keep it in the actor's state: dropping it, by a panic too,
/// removes the entry.
pub struct Registration<K: Copy, S: Clone> {
    entry: Arc<Entry<K, S>>,
    registry: Registry<K, S>,
}

impl<K: Copy, S: Clone> Registry<K, S> {
    /// An empty registry. `observe` is called for each change, by the thread that registers or
    /// drops. It must not block and must not use this registry.
    #[must_use]
    pub fn new(observe: impl Fn(ActorEvent<K, S>) + Send + Sync + 'static) -> Self {
        let (actors, last_id) = (Mutex::default(), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { actors, last_id, observe: Box::new(observe) }) }
    }

    /// Adds an actor. It stays until its [`Registration`] is dropped.
    #[must_use]
    pub fn register(&self, info: ActorInfo<K, S>, now: Instant) -> Registration<K, S> {
        let id = self.shared.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        (self.shared.observe)(ActorEvent::Started {
            id,
            kind: info.kind,
            scope: info.scope.clone(),
            generation: info.generation,
        });
        let entry = Arc::new(Entry {
            id,
            info,
            registered: now,
            stats: Mutex::new(Stats { state: "starting", handled: 0, last_message: None }),
            crash: Mutex::new(None),
        });
        self.actors().insert(id, Arc::clone(&entry));
        Registration { entry, registry: self.clone() }
    }

    /// All living actors, oldest first.
    #[must_use]
    pub fn actors_at(&self, now: Instant) -> Vec<ActorView<K, S>> {
        let actors: Vec<_> = self.actors().values().cloned().collect();
        actors.iter().map(|entry| entry.view(now)).collect()
    }

    /// Makes an actor panic, to show that the others go on.
    ///
    /// # Errors
    /// [`CrashRefused`] if no living actor has this id, or it does not allow it.
    pub fn crash(&self, id: u64) -> Result<(), CrashRefused> {
        let entry = self.actors().get(&id).cloned().ok_or(CrashRefused::Unknown)?;
        match &*entry.crash.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(crash) => {
                crash();
                Ok(())
            }
            None => Err(CrashRefused::NotAllowed),
        }
    }

    fn actors(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Entry<K, S>>>> {
        self.shared.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, S> Clone for Registry<K, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K, S> fmt::Debug for Registry<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl<K: Copy, S: Clone> Registration<K, S> {
    /// Unique in the registry, from 1.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.entry.id
    }

    /// Counts a handled message.
    pub fn handled(&self, now: Instant) {
        let mut stats = self.entry.stats();
        stats.handled += 1;
        stats.last_message = Some(now);
    }

    /// Sets what the actor is doing, in a word or two.
    pub fn set_state(&self, state: &'static str) {
        self.entry.stats().state = state;
    }

    /// Lets [`Registry::crash`] send `crash()` to the actor, whose handler must then panic.
    pub fn allow_crash<M: Message>(&self, actor: &ActorRef<M>, crash: fn() -> M) {
        let actor = actor.clone();
        let mut slot = self.entry.crash.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Box::new(move || {
            // A stopped actor cannot crash.
            let _ = actor.cast(crash());
        }));
    }
}

impl<K: Copy, S: Clone> Drop for Registration<K, S> {
    fn drop(&mut self) {
        let (id, info) = (self.entry.id, &self.entry.info);
        self.registry.actors().remove(&id);
        let stopped = ActorEvent::Stopped { id, kind: info.kind, scope: info.scope.clone() };
        (self.registry.shared.observe)(stopped);
    }
}

impl<K: Copy, S: Clone> fmt::Debug for Registration<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("id", &self.entry.id).finish_non_exhaustive()
    }
}

impl<K: Copy, S: Clone> Entry<K, S> {
    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self, now: Instant) -> ActorView<K, S> {
        let info = &self.info;
        let depth = (info.depth)();
        let stats = self.stats();
        ActorView {
            id: self.id,
            kind: info.kind,
            parent: info.parent,
            scope: info.scope.clone(),
            state: stats.state,
            generation: info.generation,
            depth,
            handled: stats.handled,
            since_last_message: stats.last_message.map(|at| now.saturating_duration_since(at)),
            uptime: now.saturating_duration_since(self.registered),
            last_error: info.last_error.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
