//! A child that is started again: running, waiting for its pause and for what it left behind, or given
//! up. And the one way in which a parent stops its children.

use std::time::{Duration, Instant};

use protocol::ids::Generation;
use ractor::{ActorCell, ActorId};

use super::exit::Exit;
use super::introspection::ActorKind;
use super::policy::{Decision, RestartHistory, RestartPolicy};

/// One child of a supervisor, over all its generations.
#[derive(Debug)]
pub struct Child {
    kind: ActorKind,
    generation: Generation,
    history: RestartHistory,
    state: State,
    last_error: Option<String>,
}

#[derive(Debug)]
enum State {
    /// Not started yet.
    New,
    Running(ActorCell),
    /// It starts again when the pause is over and what it left behind is joined.
    Waiting {
        restart_at: Instant,
        joined: bool,
    },
    GivenUp,
}

impl Child {
    /// A child that has not been started yet.
    #[must_use]
    pub fn new(kind: ActorKind) -> Self {
        Self {
            kind,
            generation: Generation(0),
            history: RestartHistory::default(),
            state: State::New,
            last_error: None,
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// Which start it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What its last generation died of.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// It runs.
    pub fn started(&mut self, cell: ActorCell) {
        self.state = State::Running(cell);
    }

    /// Whether it runs as this actor.
    #[must_use]
    pub fn is(&self, who: ActorId) -> bool {
        matches!(&self.state, State::Running(cell) if cell.get_id() == who)
    }

    /// The running actor.
    #[must_use]
    pub fn cell(&self) -> Option<&ActorCell> {
        match &self.state {
            State::Running(cell) => Some(cell),
            State::New | State::Waiting { .. } | State::GivenUp => None,
        }
    }

    /// It ended, and was not meant to: says when it starts again, or that it has failed too often.
    pub fn ended(&mut self, exit: &Exit, policy: &RestartPolicy, now: Instant) -> Decision {
        self.last_error = Some(match exit {
            Exit::Finished => "it stopped unasked".to_owned(),
            Exit::Failed(error) => error.clone(),
            Exit::Killed => "it was killed".to_owned(),
        });
        let decision = self.history.on_failure(policy, now);
        self.state = match decision {
            Decision::RestartAt(restart_at) => State::Waiting { restart_at, joined: false },
            Decision::GiveUp => State::GivenUp,
        };
        decision
    }

    /// What it left behind is joined.
    pub fn joined(&mut self) {
        if let State::Waiting { joined, .. } = &mut self.state {
            *joined = true;
        }
    }

    /// When it is to be started (again), if nothing else is waited for.
    #[must_use]
    pub fn starts_at(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { restart_at, joined: true } => Some(restart_at),
            State::New | State::Waiting { .. } | State::Running(_) | State::GivenUp => None,
        }
    }

    /// Begins the next generation.
    pub fn next_generation(&mut self) -> Generation {
        self.generation = self.generation.next();
        self.generation
    }
}

/// Stops children one by one, last started first: asks, waits for `patience`, kills, and waits as
/// long again.
///
/// To be awaited in a task, or in `post_stop`: it can take twice `patience` for each child.
pub async fn stop_in_reverse(
    started: impl DoubleEndedIterator<Item = ActorCell>,
    patience: Duration,
) {
    for child in started.rev() {
        child.stop(None);
        if child.wait(Some(patience)).await.is_ok() {
            continue;
        }
        tracing::warn!(child = %child.get_id(), "a child did not stop in time and is killed");
        child.kill();
        if child.wait(Some(patience)).await.is_err() {
            // A handler that never awaits can't be interrupted.
            tracing::error!(child = %child.get_id(), "a child can neither be stopped nor killed");
        }
    }
}

#[cfg(test)]
mod tests;
