//! The state of one child of a supervisor: running, waiting for its restart, or given up.

use std::time::Instant;

use ractor::{ActorCell, ActorId};

use crate::Generation;
use crate::exit::Exit;
use crate::policy::{Decision, RestartHistory, RestartPolicy};

/// One child, through all its generations.
#[derive(Debug, Default)]
pub(crate) struct Child {
    generation: Generation,
    history: RestartHistory,
    state: State,
    last_error: Option<String>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    New,
    /// [`Children::next_start`](crate::Children::next_start) returned it, and it does not run yet.
    Starting,
    Running(ActorCell),
    /// It restarts at `restart_at`, but not before its former tasks are joined.
    Waiting {
        restart_at: Instant,
        joined: bool,
    },
    GivenUp,
}

impl Child {
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Why the last generation ended.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Returns whether it must be started now. If so, it counts as starting, in its next
    /// generation.
    pub(crate) fn start_if_due(&mut self, now: Instant) -> bool {
        match self.state {
            State::New => {}
            State::Waiting { restart_at, joined: true } if restart_at <= now => {
                self.generation = self.generation.next();
            }
            State::Starting | State::Running(_) | State::Waiting { .. } | State::GivenUp => {
                return false;
            }
        }
        self.state = State::Starting;
        true
    }

    pub(crate) fn started(&mut self, cell: ActorCell) {
        self.state = State::Running(cell);
    }

    /// Whether `who` is its running actor.
    pub(crate) fn runs_as(&self, who: ActorId) -> bool {
        self.cell().is_some_and(|cell| cell.get_id() == who)
    }

    pub(crate) fn cell(&self) -> Option<&ActorCell> {
        match &self.state {
            State::Running(cell) => Some(cell),
            State::New | State::Starting | State::Waiting { .. } | State::GivenUp => None,
        }
    }

    /// It ended without being told to. Decides when it restarts, or whether it is given up.
    pub(crate) fn ended(&mut self, exit: &Exit, policy: &RestartPolicy, now: Instant) -> Decision {
        self.last_error = Some(match exit {
            Exit::Finished => "it stopped without being told to".to_owned(),
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

    /// The tasks of its last generation are joined.
    pub(crate) fn joined(&mut self) {
        if let State::Waiting { joined, .. } = &mut self.state {
            *joined = true;
        }
    }

    /// When it restarts; `None` if it waits for anything but time.
    pub(crate) fn restarts_at(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { restart_at, joined: true } => Some(restart_at),
            State::New
            | State::Starting
            | State::Waiting { .. }
            | State::Running(_)
            | State::GivenUp => None,
        }
    }
}
