//! Whether a response is asked for or running, and which asks it carries.

use std::time::Instant;

use super::{Ask, AskNumber, GateState, RequestNumber, Want};
use crate::ids::ResponseId;

#[derive(Debug, Clone, Default)]
pub(super) enum State {
    #[default]
    Idle,
    Busy(Busy),
}

/// The one response that is asked for or running.
#[derive(Debug, Clone)]
pub(super) struct Busy {
    pub(super) request: Request,
    pub(super) stage: Stage,
    /// When something of it last came, or was sent.
    pub(super) heard_at: Instant,
    /// It was reported as stalled.
    pub(super) stalled: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Stage {
    Requested { cancel_when_created: bool },
    Active { response: ResponseId },
    Cancelling { response: ResponseId },
}

/// What a response was asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// 0 for a response that was not asked for here.
    pub(super) number: RequestNumber,
    pub(super) asks: Vec<Ask>,
    /// Some of its audio came: it must not be asked for again from the start.
    pub(super) spoke: bool,
}

impl State {
    pub(super) fn requested(request: Request, now: Instant) -> Self {
        let stage = Stage::Requested { cancel_when_created: false };
        Self::Busy(Busy { request, stage, heard_at: now, stalled: false })
    }

    pub(super) fn busy(&self) -> Option<&Busy> {
        match self {
            Self::Idle => None,
            Self::Busy(busy) => Some(busy),
        }
    }

    pub(super) fn busy_mut(&mut self) -> Option<&mut Busy> {
        match self {
            Self::Idle => None,
            Self::Busy(busy) => Some(busy),
        }
    }

    /// Leaves the gate idle.
    pub(super) fn take(&mut self) -> Option<Busy> {
        match std::mem::take(self) {
            Self::Idle => None,
            Self::Busy(busy) => Some(busy),
        }
    }

    pub(super) fn name(&self) -> GateState {
        match self.busy().map(|busy| &busy.stage) {
            None => GateState::Idle,
            Some(Stage::Requested { .. }) => GateState::Requested,
            Some(Stage::Active { .. }) => GateState::Active,
            Some(Stage::Cancelling { .. }) => GateState::Cancelling,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    pub(super) fn is_requested(&self) -> bool {
        self.name() == GateState::Requested
    }

    /// The request that `response.created` has not come for.
    pub(super) fn outstanding(&self) -> Option<RequestNumber> {
        self.busy().filter(|_| self.is_requested()).map(|busy| busy.request.number)
    }

    /// Whether what is asked for or running, and not cancelled, carries this ask.
    pub(super) fn carries(&self, ask: AskNumber) -> bool {
        self.busy().is_some_and(|busy| busy.carries(ask))
    }

    pub(super) fn running(&self) -> Option<&ResponseId> {
        self.busy()?.stage.response()
    }
}

impl Busy {
    /// Of one that `response.created` has not come for.
    pub(super) fn cancel_when_created(&mut self) {
        self.stage = Stage::Requested { cancel_when_created: true };
    }

    pub(super) fn carries(&self, ask: AskNumber) -> bool {
        !self.is_cancelled() && self.request.asks.iter().any(|carried| carried.number == ask)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        match self.stage {
            Stage::Requested { cancel_when_created } => cancel_when_created,
            Stage::Active { .. } => false,
            Stage::Cancelling { .. } => true,
        }
    }
}

impl Stage {
    pub(super) fn response(&self) -> Option<&ResponseId> {
        match self {
            Self::Requested { .. } => None,
            Self::Active { response } | Self::Cancelling { response } => Some(response),
        }
    }
}

impl Request {
    pub(super) fn answers_conversation(&self) -> bool {
        self.asks.iter().any(|ask| matches!(ask.want, Want::Answer(_)))
    }

    /// One that nobody here has asked for has the session's tools.
    pub(super) fn offers_tools(&self) -> bool {
        self.asks.is_empty() || self.answers_conversation()
    }

    pub(super) fn numbers(&self) -> Vec<AskNumber> {
        self.asks.iter().map(|ask| ask.number).collect()
    }
}
