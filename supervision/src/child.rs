//! One child of a supervisor over all its generations: running, waiting to be started again, or given
//! up. Pure but for the handle of the running actor.

use std::time::Instant;

use ractor::{ActorCell, ActorId};

use crate::Generation;
use crate::exit::Exit;
use crate::policy::{Decision, RestartHistory, RestartPolicy};

/// One child over all its generations.
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
    /// The supervisor was told to start it and has not said yet that it runs.
    Starting,
    Running(ActorCell),
    /// Starts again at `restart_at`, but not before what it left behind is joined.
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

    /// What the last generation died of.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Whether it is to be started now. If so, it counts as starting, in its next generation.
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

    /// Whether it runs as the actor `who`.
    pub(crate) fn is(&self, who: ActorId) -> bool {
        self.cell().is_some_and(|cell| cell.get_id() == who)
    }

    pub(crate) fn cell(&self) -> Option<&ActorCell> {
        match &self.state {
            State::Running(cell) => Some(cell),
            State::New | State::Starting | State::Waiting { .. } | State::GivenUp => None,
        }
    }

    /// It ended although nobody told it to. Says when it starts again, or that it has failed too often.
    pub(crate) fn ended(&mut self, exit: &Exit, policy: &RestartPolicy, now: Instant) -> Decision {
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
    pub(crate) fn joined(&mut self) {
        if let State::Waiting { joined, .. } = &mut self.state {
            *joined = true;
        }
    }

    /// When it starts again, if that depends on time alone.
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
