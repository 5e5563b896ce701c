//! The state of a call's session: down, or up and in one of four stages.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::realtime::session::{LastReceived, Outgoing};

/// How long connecting and configuring may take. Then the next try follows.
pub(super) const SETUP_PATIENCE: Duration = Duration::from_secs(8);

pub(super) enum Connection {
    /// No session. The next try is due at `retry_at`; `None` if there is none.
    Down { retry_at: Option<Instant> },
    /// A session is open or opening.
    Up { socket: Socket, stage: Stage },
}

/// The stage of a session that is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, or waiting for `session.created`.
    Opening { since: Instant },
    /// `session.update` is sent, and not confirmed yet.
    Configuring { since: Instant },
    /// The settings are confirmed. The replay of the call is awaited.
    Configured,
    /// The caller's audio is being sent.
    Live,
}

/// The actor's side of a session's tasks. Dropping it ends them.
pub(in crate::realtime) struct Socket {
    pub(in crate::realtime) outgoing: mpsc::Sender<Outgoing>,
    pub(in crate::realtime) last_received: Arc<LastReceived>,
}

impl Connection {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Down { .. } => "down",
            Self::Up { stage: Stage::Opening { .. }, .. } => "opening",
            Self::Up { stage: Stage::Configuring { .. }, .. } => "configuring",
            Self::Up { stage: Stage::Configured, .. } => "configured",
            Self::Up { stage: Stage::Live, .. } => "live",
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.socket().is_some()
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.stage(), Some(Stage::Live))
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

    /// Changes to the stage that `next` returns for the current one. Returns whether there was one.
    pub(super) fn advance(&mut self, next: impl FnOnce(Stage) -> Option<Stage>) -> bool {
        let Self::Up { stage, .. } = self else { return false };
        let Some(next) = next(*stage) else { return false };
        *stage = next;
        true
    }

    /// Opens a session that was held back.
    pub(super) fn open_now(&mut self, now: Instant) {
        if let Self::Down { retry_at: retry_at @ None } = self {
            *retry_at = Some(now);
        }
    }

    /// When to open a session. `None` if one is up, or none is to be opened.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        match self {
            Self::Down { retry_at } => *retry_at,
            Self::Up { .. } => None,
        }
    }

    /// When the setup of a session has taken too long.
    pub(super) fn setup_expires(&self) -> Option<Instant> {
        match self.stage()? {
            Stage::Opening { since } | Stage::Configuring { since } => Some(since + SETUP_PATIENCE),
            Stage::Configured | Stage::Live => None,
        }
    }
}
