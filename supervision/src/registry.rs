//! The registry of living actors, for operators to look at.

mod actor;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ractor::{ActorRef, Message};

use crate::Generation;

pub use actor::{ActorEvent, ActorInfo, ActorView, CrashRefused};

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

    /// The actor's kind.
    #[must_use]
    pub fn kind(&self) -> K {
        self.entry.info.kind
    }

    /// What the actor belongs to, if anything.
    #[must_use]
    pub fn scope(&self) -> Option<&S> {
        self.entry.info.scope.as_ref()
    }

    /// Which start of the actor this is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.entry.info.generation
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
        let (kind, scope, generation) = (info.kind, info.scope.clone(), info.generation);
        let stopped = ActorEvent::Stopped { id, kind, scope, generation };
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
