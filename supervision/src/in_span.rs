//! Actors whose log lines carry a span of their own, whoever spawns them and whoever sends to them.
//!
//! ractor runs an actor in a task without a span. Each callback is run in the span instead.

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tracing::{Instrument as _, Span};

/// An actor, and the span in which all it does is logged.
#[derive(Debug)]
pub struct InSpan<A> {
    actor: A,
    span: Span,
}

impl<A: Actor> InSpan<A> {
    /// Logs in `span`.
    pub fn new(actor: A, span: Span) -> Self {
        Self { actor, span }
    }

    /// Logs in the span of whoever spawns it, such as its parent.
    pub fn current(actor: A) -> Self {
        Self::new(actor, Span::current())
    }
}

impl<A: Actor> Actor for InSpan<A> {
    type Msg = A::Msg;
    type State = A::State;
    type Arguments = A::Arguments;

    async fn pre_start(
        &self,
        me: ActorRef<A::Msg>,
        args: A::Arguments,
    ) -> Result<A::State, ActorProcessingErr> {
        self.actor.pre_start(me, args).instrument(self.span.clone()).await
    }

    async fn post_start(
        &self,
        me: ActorRef<A::Msg>,
        state: &mut A::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.post_start(me, state).instrument(self.span.clone()).await
    }

    async fn post_stop(
        &self,
        me: ActorRef<A::Msg>,
        state: &mut A::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.post_stop(me, state).instrument(self.span.clone()).await
    }

    async fn handle(
        &self,
        me: ActorRef<A::Msg>,
        message: A::Msg,
        state: &mut A::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.handle(me, message, state).instrument(self.span.clone()).await
    }

    async fn handle_supervisor_evt(
        &self,
        me: ActorRef<A::Msg>,
        event: SupervisionEvent,
        state: &mut A::State,
    ) -> Result<(), ActorProcessingErr> {
        self.actor.handle_supervisor_evt(me, event, state).instrument(self.span.clone()).await
    }
}
