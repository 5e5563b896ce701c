//! Who lives, for the operator to see (OPS-1): a list that every actor is on for as long as it lives,
//! and a stream of what happens to them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::ids::{CallSid, Generation};
use ractor::{ActorRef, Message};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::sync::broadcast;

/// Events a slow listener may fall behind by; the ones it misses are counted for it.
const EVENTS: usize = 1024;

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// The root.
    Supervisor,
    /// The calendar shared by all calls.
    Calendar,
    /// Messages outside of calls.
    Messaging,
    /// The writer of turns and records.
    Journal,
    /// The supervisor of one call.
    CallSupervisor,
    /// A call.
    Call,
    /// A call's side to Twilio.
    TwilioIo,
    /// A call's side to OpenAI.
    Realtime,
    /// A call's lead.
    Lead,
}

impl ActorKind {
    /// As it stands in the introspection and the metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Calendar => "calendar",
            Self::Messaging => "messaging",
            Self::Journal => "journal",
            Self::CallSupervisor => "call_supervisor",
            Self::Call => "call",
            Self::TwilioIo => "twilio_io",
            Self::Realtime => "realtime",
            Self::Lead => "lead",
        }
    }
}

/// An actor as the introspection shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorView {
    /// Its number in this process.
    pub id: u64,
    /// Its name, for people.
    pub name: String,
    /// What it is.
    pub kind: ActorKind,
    /// Its supervisor's number.
    pub parent: Option<u64>,
    /// The call it belongs to.
    pub call_sid: Option<CallSid>,
    /// What it is doing, in a word or two.
    pub state: String,
    /// Which start of this part of the call it is, from 0.
    pub generation: Generation,
    /// How often this part was started again.
    pub restarts: u32,
    /// Events that wait for it.
    pub mailbox_depth: usize,
    /// Messages it has handled.
    pub handled: u64,
    /// Milliseconds since the last one.
    pub last_message_age_ms: Option<u64>,
    /// Milliseconds since it was started.
    pub uptime_ms: u64,
    /// What its predecessor died of.
    pub last_error: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IntrospectionEvent {
    /// An actor was started.
    ActorStarted {
        /// Its number.
        id: u64,
        /// What it is.
        kind: ActorKind,
        /// Its call.
        call_sid: Option<CallSid>,
        /// Which start of the part it is.
        generation: Generation,
    },
    /// An actor is gone.
    ActorStopped {
        /// Its number.
        id: u64,
        /// What it was.
        kind: ActorKind,
        /// Its call.
        call_sid: Option<CallSid>,
    },
    /// An actor failed.
    ActorCrashed {
        /// What it was.
        kind: ActorKind,
        /// Its call.
        call_sid: Option<CallSid>,
        /// What it died of.
        error: String,
    },
    /// A call began.
    CallStarted {
        /// The call.
        call_sid: CallSid,
    },
    /// A turn was added or its words became known.
    TurnAdded {
        /// The call.
        call_sid: CallSid,
        /// Its place in the transcript.
        number: u32,
        /// `caller`, `agent`, `system`, `tool`.
        role: String,
        /// Its words.
        text: String,
    },
    /// Everything of a call is gone.
    CallEnded {
        /// The call.
        call_sid: CallSid,
        /// Why.
        reason: String,
    },
}

/// Why an actor was not made to panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KillRefused {
    /// There is no such actor.
    #[error("there is no actor with this number")]
    Unknown,
    /// It is not one of a call's four.
    #[error("only the four actors of a call may be made to crash")]
    NotOneOfTheFour,
}

/// What an actor brings when it is put on the list.
pub struct ActorSpec {
    /// What it is.
    pub kind: ActorKind,
    /// Its supervisor's number.
    pub parent: Option<u64>,
    /// The call it belongs to.
    pub call_sid: Option<CallSid>,
    /// Which start of the part it is.
    pub generation: Generation,
    /// What its predecessor died of.
    pub last_error: Option<String>,
    /// How many events wait for it.
    pub depth: Box<dyn Fn() -> usize + Send + Sync>,
}

/// The list. Cheap to clone.
#[derive(Clone)]
pub struct Introspection {
    shared: Arc<Shared>,
}

struct Shared {
    actors: Mutex<BTreeMap<u64, Arc<Vitals>>>,
    next: AtomicU64,
    events: broadcast::Sender<IntrospectionEvent>,
}

struct Vitals {
    id: u64,
    spec: ActorSpec,
    started: Instant,
    live: Mutex<Live>,
    crash: Mutex<Option<Box<dyn Fn() + Send + Sync>>>,
}

struct Live {
    state: &'static str,
    handled: u64,
    last_message: Option<Instant>,
}

/// An actor's entry; dropped with the actor's state, it takes the entry off the list.
pub struct Card {
    vitals: Arc<Vitals>,
    list: Introspection,
}

impl Default for Introspection {
    fn default() -> Self {
        let (events, _) = broadcast::channel(EVENTS);
        let (actors, next) = (Mutex::default(), AtomicU64::new(1));
        Self { shared: Arc::new(Shared { actors, next, events }) }
    }
}

impl Introspection {
    /// Puts an actor on the list.
    #[must_use]
    pub fn register(&self, spec: ActorSpec, now: Instant) -> Card {
        let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
        self.tell(IntrospectionEvent::ActorStarted {
            id,
            kind: spec.kind,
            call_sid: spec.call_sid.clone(),
            generation: spec.generation,
        });
        let vitals = Arc::new(Vitals {
            id,
            spec,
            started: now,
            live: Mutex::new(Live { state: "starting", handled: 0, last_message: None }),
            crash: Mutex::new(None),
        });
        self.actors().insert(id, Arc::clone(&vitals));
        Card { vitals, list: self.clone() }
    }

    /// Everyone on the list, oldest first.
    #[must_use]
    pub fn actors_at(&self, now: Instant) -> Vec<ActorView> {
        let actors: Vec<_> = self.actors().values().cloned().collect();
        actors.iter().map(|vitals| vitals.view(now)).collect()
    }

    /// Makes one of a call's four actors panic.
    ///
    /// # Errors
    /// [`KillRefused`] if it is none of them.
    pub fn crash(&self, id: u64) -> Result<(), KillRefused> {
        let vitals = self.actors().get(&id).cloned().ok_or(KillRefused::Unknown)?;
        match &*vitals.crash.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(crash) => {
                crash();
                Ok(())
            }
            None => Err(KillRefused::NotOneOfTheFour),
        }
    }

    /// Tells whoever listens.
    pub fn tell(&self, event: IntrospectionEvent) {
        // Nobody need listen.
        let _ = self.shared.events.send(event);
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<IntrospectionEvent> {
        self.shared.events.subscribe()
    }

    fn actors(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Vitals>>> {
        self.shared.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Card {
    /// The actor's number.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.vitals.id
    }

    /// A message was handled.
    pub fn handled(&self, now: Instant) {
        let mut live = self.vitals.live();
        live.handled += 1;
        live.last_message = Some(now);
    }

    /// What the actor is doing.
    pub fn set_state(&self, state: &'static str) {
        self.vitals.live().state = state;
    }

    /// How the actor can be made to panic, if it may be.
    pub fn may_crash<M: Message>(&self, actor: &ActorRef<M>, crash: fn() -> M) {
        let actor = actor.clone();
        let mut slot = self.vitals.crash.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(Box::new(move || {
            // One that is gone has crashed already.
            let _ = actor.cast(crash());
        }));
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        self.list.actors().remove(&self.vitals.id);
        self.list.tell(IntrospectionEvent::ActorStopped {
            id: self.vitals.id,
            kind: self.vitals.spec.kind,
            call_sid: self.vitals.spec.call_sid.clone(),
        });
    }
}

impl Vitals {
    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self, now: Instant) -> ActorView {
        let spec = &self.spec;
        let age = |at: Instant| {
            u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX)
        };
        let depth = (spec.depth)();
        let live = self.live();
        ActorView {
            id: self.id,
            name: match &spec.call_sid {
                Some(call) => format!("{} {}", spec.kind.as_str(), call),
                None => spec.kind.as_str().to_owned(),
            },
            kind: spec.kind,
            parent: spec.parent,
            call_sid: spec.call_sid.clone(),
            state: live.state.to_owned(),
            generation: spec.generation,
            restarts: spec.generation.0,
            mailbox_depth: depth,
            handled: live.handled,
            last_message_age_ms: live.last_message.map(age),
            uptime_ms: age(self.started),
            last_error: spec.last_error.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
