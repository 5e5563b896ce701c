//! One re-armed alarm per actor, set to the next deadline of what the actor works on. A stale one
//! is harmless: the core does only what is due.

use std::time::Instant;

use ractor::{ActorRef, Message};
use tokio::task::JoinHandle;

/// The alarm of one actor. Dropped with the actor's state.
pub(crate) struct Alarm<M> {
    actor: ActorRef<M>,
    message: fn() -> M,
    armed: Option<(Instant, JoinHandle<()>)>,
}

impl<M: Message> Alarm<M> {
    /// An alarm that will send `message` to `actor`.
    #[must_use]
    pub(crate) fn new(actor: ActorRef<M>, message: fn() -> M) -> Self {
        Self { actor, message, armed: None }
    }

    /// Sets it to `at`, or (`None`) to never.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        if self.armed.as_ref().map(|(armed, _)| *armed) == at {
            return;
        }
        self.disarm();
        self.armed = at.map(|at| {
            let (actor, message) = (self.actor.clone(), self.message);
            let ring = tokio::spawn(async move {
                tokio::time::sleep_until(at.into()).await;
                // An actor that is gone needs no alarm.
                let _ = actor.cast(message());
            });
            (at, ring)
        });
    }

    /// The alarm has rung: the next deadline is set anew even if it is the same.
    pub(crate) fn rang(&mut self) {
        self.armed = None;
    }

    fn disarm(&mut self) {
        if let Some((_, ring)) = self.armed.take() {
            ring.abort();
        }
    }
}

impl<M> Drop for Alarm<M> {
    fn drop(&mut self) {
        if let Some((_, ring)) = self.armed.take() {
            ring.abort();
        }
    }
}
