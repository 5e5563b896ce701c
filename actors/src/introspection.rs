//! Introspection (OPS-1): the registry of living actors, and a stream of events about actors and
//! calls.

pub(crate) mod kind;

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::ids::{CallSid, Generation};
use serde::{Deserialize, Serialize};
use supervision::registry::{self, ActorEvent, CrashRefused};
use supervision::{ActorInfo, Registry};
use tokio::sync::broadcast;
use uuid::Uuid;

pub use kind::ActorKind;

use crate::trace;

/// What an actor panics with when an operator or a scenario lets it crash.
pub const CRASH_REQUESTED: &str = "a crash was requested";

/// Events that a slow listener may fall behind. Then it is told how many it missed.
const EVENTS: usize = 1024;

pub type Registration = supervision::Registration<ActorKind, CallSid>;

/// A living actor, as `GET /introspect/actors` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorView {
    /// Unique in this process.
    pub id: u64,
    /// Kind and call, for people to read.
    pub name: String,
    pub kind: ActorKind,
    /// The id of its supervisor. `None`: it is the root.
    pub parent: Option<u64>,
    pub call_sid: Option<CallSid>,
    /// What it is doing, in a word or two.
    pub state: String,
    /// Counts its starts, from 0.
    pub generation: Generation,
    /// How often it was restarted.
    pub restarts: u32,
    /// Events that wait in its inbox.
    pub mailbox_depth: usize,
    /// Messages this generation has handled.
    pub handled: u64,
    /// Milliseconds since the last of them; `None` before the first.
    pub last_message_age_ms: Option<u64>,
    /// Milliseconds since this generation started.
    pub uptime_ms: u64,
    /// Why the generation before this one ended.
    pub last_error: Option<String>,
    /// The `server.node_url` of its daemon.
    pub node: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IntrospectionEvent {
    ActorStarted {
        id: u64,
        kind: ActorKind,
        call_sid: Option<CallSid>,
        generation: Generation,
    },
    ActorStopped {
        id: u64,
        kind: ActorKind,
        call_sid: Option<CallSid>,
    },
    /// An actor failed and may restart.
    ActorCrashed {
        kind: ActorKind,
        call_sid: Option<CallSid>,
        error: String,
    },
    CallStarted {
        call_sid: CallSid,
    },
    /// A turn was added, or its transcript became known.
    TurnAdded {
        call_sid: CallSid,
        /// Its place in the transcript.
        number: u32,
        /// `caller`, `agent`, `system`, `tool`.
        role: String,
        text: String,
    },
    /// A person has written.
    MessageCame {
        conversation: Uuid,
        message: Uuid,
    },
    /// Twilio has taken a message.
    MessageSent {
        conversation: Uuid,
        message: Uuid,
    },
    /// A conversation is marked for a person of the business.
    PersonNeeded {
        conversation: Uuid,
        reason: String,
    },
    /// All actors and tasks of a call have ended.
    CallEnded {
        call_sid: CallSid,
        reason: String,
    },
}

impl IntrospectionEvent {
    /// The call it is about.
    fn call(&self) -> Option<&CallSid> {
        match self {
            Self::ActorStarted { call_sid, .. }
            | Self::ActorStopped { call_sid, .. }
            | Self::ActorCrashed { call_sid, .. } => call_sid.as_ref(),
            Self::CallStarted { call_sid }
            | Self::TurnAdded { call_sid, .. }
            | Self::CallEnded { call_sid, .. } => Some(call_sid),
            Self::MessageCame { .. } | Self::MessageSent { .. } | Self::PersonNeeded { .. } => None,
        }
    }
}

/// The registry and the stream of events. Cheap to clone.
#[derive(Clone)]
pub struct Introspection {
    registry: Registry<ActorKind, CallSid>,
    events: broadcast::Sender<IntrospectionEvent>,
    node: Arc<str>,
}

impl Introspection {
    /// Of the daemon with this `server.node_url`.
    #[must_use]
    pub fn on(node: &str) -> Self {
        let (events, _) = broadcast::channel(EVENTS);
        let listeners = events.clone();
        let registry = Registry::new(move |event: ActorEvent<ActorKind, CallSid>| {
            trace_change(&event);
            let _ = listeners.send(event.into());
        });
        Self { registry, events, node: node.into() }
    }

    /// The `server.node_url` of the daemon.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }

    #[must_use]
    pub fn register(&self, info: ActorInfo<ActorKind, CallSid>, now: Instant) -> Registration {
        self.registry.register(info, now)
    }

    /// All living actors, oldest first.
    #[must_use]
    pub fn actors_at(&self, now: Instant) -> Vec<ActorView> {
        let actors = self.registry.actors_at(now).into_iter();
        actors.map(|actor| ActorView::of(actor, &self.node)).collect()
    }

    /// Makes one of a call's four actors panic.
    ///
    /// # Errors
    /// [`CrashRefused`] if no living actor has this id, or it is none of the four.
    pub fn crash(&self, id: u64) -> Result<(), CrashRefused> {
        self.registry.crash(id)
    }

    /// Sends an event to all listeners.
    pub fn tell(&self, event: IntrospectionEvent) {
        let call = event.call().map_or("", CallSid::as_str);
        trace::point(call, "introspection", format_args!("{event:?}"));
        // There may be no listener.
        let _ = self.events.send(event);
    }

    /// The events from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<IntrospectionEvent> {
        self.events.subscribe()
    }

    /// How many listen.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.events.receiver_count()
    }
}

impl ActorView {
    fn of(actor: registry::ActorView<ActorKind, CallSid>, node: &str) -> Self {
        let name = match &actor.scope {
            Some(call) => format!("{} {call}", actor.kind.as_str()),
            None => actor.kind.as_str().to_owned(),
        };
        Self {
            id: actor.id,
            name,
            kind: actor.kind,
            parent: actor.parent,
            call_sid: actor.scope,
            state: actor.state.to_owned(),
            generation: Generation(actor.generation.0),
            restarts: actor.generation.0,
            mailbox_depth: actor.depth,
            handled: actor.handled,
            last_message_age_ms: actor.since_last_message.map(milliseconds),
            uptime_ms: milliseconds(actor.uptime),
            last_error: actor.last_error,
            node: node.to_owned(),
        }
    }
}

impl From<ActorEvent<ActorKind, CallSid>> for IntrospectionEvent {
    fn from(event: ActorEvent<ActorKind, CallSid>) -> Self {
        match event {
            ActorEvent::Started { id, kind, scope: call_sid, generation } => {
                let generation = Generation(generation.0);
                Self::ActorStarted { id, kind, call_sid, generation }
            }
            ActorEvent::Stopped { id, kind, scope: call_sid, generation: _ } => {
                Self::ActorStopped { id, kind, call_sid }
            }
        }
    }
}

/// Without the actor's id: it counts all actors of the process.
fn trace_change(event: &ActorEvent<ActorKind, CallSid>) {
    let (what, kind, scope, generation) = match event {
        ActorEvent::Started { id: _, kind, scope, generation } => {
            ("starts", kind, scope, generation)
        }
        ActorEvent::Stopped { id: _, kind, scope, generation } => ("gone", kind, scope, generation),
    };
    let call = scope.as_ref().map_or("", CallSid::as_str);
    trace::change(call, *kind, generation.0, what);
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const SID: &str = "CA00000000000000000000000000000001";

    fn info() -> ActorInfo<ActorKind, CallSid> {
        ActorInfo {
            kind: ActorKind::TwilioIo,
            parent: Some(3),
            scope: Some(CallSid::parse(SID).unwrap()),
            generation: supervision::Generation(2),
            last_error: Some("frame 7".to_owned()),
            depth: Box::new(|| 4),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn ops_1_a_living_actor_is_shown_with_exactly_the_documented_fields() {
        let (list, clock) = (Introspection::on("http://node"), Clock::start());
        let registration = list.register(info(), clock.now());
        tokio::time::advance(Duration::from_millis(200)).await;
        registration.handled(clock.now());
        registration.set_state("playing");
        tokio::time::advance(Duration::from_millis(50)).await;

        let shown = serde_json::to_value(list.actors_at(clock.now())).unwrap();
        let expected = serde_json::json!([{
            "id": registration.id(), "name": format!("twilio_io {SID}"), "kind": "twilio_io",
            "parent": 3, "call_sid": SID, "state": "playing", "generation": 2, "restarts": 2,
            "mailbox_depth": 4, "handled": 1, "last_message_age_ms": 50, "uptime_ms": 250,
            "last_error": "frame 7", "node": "http://node",
        }]);
        assert_eq!(shown, expected);
        let read: Vec<ActorView> = serde_json::from_value(shown).unwrap();
        assert_eq!(read, list.actors_at(clock.now()));
    }

    #[tokio::test]
    async fn ops_1_listeners_get_starts_and_stops() {
        let (list, clock) = (Introspection::on("http://node"), Clock::start());
        let mut heard = list.listen();
        let registration = list.register(info(), clock.now());
        let id = registration.id();
        drop(registration);

        let (kind, call_sid) = (ActorKind::TwilioIo, info().scope);
        let generation = Generation(2);
        let started = IntrospectionEvent::ActorStarted { id, kind, call_sid, generation };
        assert_eq!(heard.try_recv(), Ok(started));
        let call_sid = info().scope;
        assert_eq!(heard.try_recv(), Ok(IntrospectionEvent::ActorStopped { id, kind, call_sid }));
    }
}
