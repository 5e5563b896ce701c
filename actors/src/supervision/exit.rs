//! How an actor ended, read from ractor's event. A killed actor looks like one that stopped cleanly:
//! only the reason tells, so there is one place that reads it.

use ractor::{ActorId, SupervisionEvent};

/// How an actor ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// It stopped because it was told to, or had done its work.
    Finished,
    /// It panicked, or a handler returned an error.
    Failed(String),
    /// It was killed.
    Killed,
}

/// Who ended, and how; `None` if the event tells of no end.
#[must_use]
pub fn read(event: &SupervisionEvent) -> Option<(ActorId, Exit)> {
    match event {
        SupervisionEvent::ActorTerminated(who, _, reason) => {
            // ractor's own words for an actor that was killed or whose task was aborted.
            let killed = matches!(reason.as_deref(), Some("killed" | "actor_task_cancelled"));
            Some((who.get_id(), if killed { Exit::Killed } else { Exit::Finished }))
        }
        SupervisionEvent::ActorFailed(who, error) => {
            Some((who.get_id(), Exit::Failed(error.to_string())))
        }
        SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => None,
    }
}
