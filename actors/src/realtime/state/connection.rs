//! Where a call's session stands: down, or up and in one of four stages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::realtime::session::{LastHeard, Outgoing};

/// How long connecting and configuring may take before another try.
pub(super) const SETUP_PATIENCE: Duration = Duration::from_secs(8);

/// The session's connection.
pub(super) enum Connection {
    /// No session. The next try is due at `retry_at`; `None` if none would help.
    Down { retry_at: Option<Instant> },
    /// A session is there, or on its way.
    Up { socket: Socket, stage: Stage },
}

/// How far a session that is up has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its task connects or waits for `session.created`.
    Opening { since: Instant },
    /// Its one `session.update` is on its way.
    Configuring { since: Instant },
    /// Its settings are confirmed. It waits for the call so far.
    Configured,
    /// The caller's audio goes up.
    Live { renew_at: Instant },
}

/// A session's task as the actor reaches it. Dropping it ends the task.
pub(in crate::realtime) struct Socket {
    pub(in crate::realtime) outgoing: mpsc::Sender<Outgoing>,
    pub(in crate::realtime) last_heard: Arc<LastHeard>,
}

impl Connection {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Down { .. } => "down",
            Self::Up { stage: Stage::Opening { .. }, .. } => "opening",
            Self::Up { stage: Stage::Configuring { .. }, .. } => "configuring",
            Self::Up { stage: Stage::Configured, .. } => "configured",
            Self::Up { stage: Stage::Live { .. }, .. } => "live",
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.socket().is_some()
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.stage(), Some(Stage::Live { .. }))
    }

    pub(super) fn socket(&self) -> Option<&Socket> {
        match self {
            Self::Down { .. } => None,
            Self::Up { socket, .. } => Some(socket),
        }
    }

    pub(super) fn stage(&self) -> Option<Stage> {
        match self {
            Self::Down { .. } => None,
            Self::Up { stage, .. } => Some(*stage),
        }
    }

    /// Goes to the stage that `next` makes of the present one. Returns whether it made one.
    pub(super) fn advance(&mut self, next: impl FnOnce(Stage) -> Option<Stage>) -> bool {
        let Self::Up { stage, .. } = self else { return false };
        let Some(next) = next(*stage) else { return false };
        *stage = next;
        true
    }

    /// A session that was held back is due now.
    pub(super) fn open_now(&mut self, now: Instant) {
        if let Self::Down { retry_at: retry_at @ None } = self {
            *retry_at = Some(now);
        }
    }

    /// When to try again, if the session is down and a try is due.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        match self {
            Self::Down { retry_at } => *retry_at,
            Self::Up { .. } => None,
        }
    }

    /// When a session that is being set up has taken too long.
    pub(super) fn setup_expires(&self) -> Option<Instant> {
        match self.stage()? {
            Stage::Opening { since } | Stage::Configuring { since } => Some(since + SETUP_PATIENCE),
            Stage::Configured | Stage::Live { .. } => None,
        }
    }
}
