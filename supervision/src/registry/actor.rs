//! What the registry holds, shows and reports of an actor.

use std::time::Duration;

use thiserror::Error;

use crate::Generation;
use crate::children::Start;

/// What is known of an actor when it is registered.
pub struct ActorInfo<K, S> {
    /// Its kind.
    pub kind: K,
    /// [`Registration::id`](crate::Registration::id) of its supervisor; `None` for a root.
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
    /// The last [`Registration::set_state`](crate::Registration::set_state); `starting` before the first.
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
        /// Which start of it this was.
        generation: Generation,
    },
}

/// Why [`Registry::crash`](crate::Registry::crash) crashed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CrashRefused {
    /// No living actor has this id.
    #[error("there is no actor with this id")]
    Unknown,
    /// Nobody has called [`Registration::allow_crash`](crate::Registration::allow_crash) for this actor.
    #[error("this actor does not allow to be crashed")]
    NotAllowed,
}
