//! The children of one supervisor: started in order, restarted by a [`RestartPolicy`], stopped in
//! reverse.

use std::time::{Duration, Instant};

use ractor::{ActorCell, SupervisionEvent};

use crate::Generation;
use crate::child::Child;
use crate::exit;
use crate::policy::{Decision, RestartPolicy};
use crate::tasks::TaskGroup;

/// The children of one supervisor. `K` identifies a child; it is usually an enum of yours.
///
/// This list spawns nothing. It tells the supervisor whom to spawn, and when:
///
/// ```text
/// pre_start:               while let Some(start) = children.next_start(now) { spawn(start) }
/// handle_supervisor_evt:   if let Some(ended) = children.on_event(&event, now) {
///                              // In a task: ended.tasks.cancel_and_join(), take back what the dead
///                              // child had leased, then send the supervisor a message …
///                          }
/// that message:            children.joined(kind);
/// after every message:     while let Some(start) = children.next_start(now) { spawn(start) }
///                          alarm.set(children.next_restart());
/// post_stop:               children.stop(patience).await
/// ```
///
/// [`next_start`](Self::next_start) returns no successor before [`joined`](Self::joined), so a
/// successor never meets the tasks of its predecessor.
///
/// ```
/// use supervision::{Children, Clock, RestartPolicy};
///
/// let mut children = Children::new(["reader", "writer"], RestartPolicy::default());
/// let now = Clock::system().now();
/// while let Some(start) = children.next_start(now) {
///     println!("spawn {} in generation {}", start.kind, start.generation);
///     // let actor = Actor::spawn_linked(…).await?; children.started(start.kind, actor.get_cell());
/// }
/// assert!(children.next_start(now).is_none(), "all are started");
/// ```
#[derive(Debug)]
pub struct Children<K> {
    slots: Vec<Slot<K>>,
    policy: RestartPolicy,
}

#[derive(Debug)]
struct Slot<K> {
    kind: K,
    child: Child,
    tasks: TaskGroup,
}

/// A child to start now. Spawn it, then call [`Children::started`].
#[derive(Debug)]
pub struct Start<K> {
    /// Which child is to be started.
    pub kind: K,
    /// Which start of the child this is.
    pub generation: Generation,
    /// Why the generation before this one ended; `None` for the first.
    pub last_error: Option<String>,
    /// For the tasks of this generation. Pass a clone to the actor, which spawns its tasks here.
    pub tasks: TaskGroup,
}

/// A child that ended without being told to.
#[derive(Debug)]
pub struct Ended<K> {
    /// Which child has failed.
    pub kind: K,
    /// The error or the panic's message, for the log.
    pub error: String,
    /// When it restarts, or that it is given up.
    pub decision: Decision,
    /// The tasks of the dead generation. Await [`TaskGroup::cancel_and_join`] in a task, then call
    /// [`Children::joined`].
    pub tasks: TaskGroup,
}

impl<K: Copy + Eq> Children<K> {
    /// Children that start in this order. None runs yet.
    #[must_use]
    pub fn new(in_order: impl IntoIterator<Item = K>, policy: RestartPolicy) -> Self {
        let slot = |kind| Slot { kind, child: Child::default(), tasks: TaskGroup::new() };
        Self { slots: in_order.into_iter().map(slot).collect(), policy }
    }

    /// The next child to spawn at `now`: one that never ran, or one whose restart is due. Returns
    /// each start once. So a supervisor that cannot spawn the child must fail.
    pub fn next_start(&mut self, now: Instant) -> Option<Start<K>> {
        let slot = self.slots.iter_mut().find_map(|slot| {
            let due = slot.child.start_if_due(now);
            due.then_some(slot)
        })?;
        Some(Start {
            kind: slot.kind,
            generation: slot.child.generation(),
            last_error: slot.child.last_error().map(str::to_owned),
            tasks: slot.tasks.clone(),
        })
    }

    /// The child runs, as this actor.
    ///
    /// Call it in the handler that spawned the actor. ractor reports an end between two handlers, so
    /// an end that came before this call would not be recognized.
    pub fn started(&mut self, kind: K, actor: ActorCell) {
        if let Some(slot) = self.slot(kind) {
            slot.child.started(actor);
        }
    }

    /// Reads ractor's event. Returns the child that ended, if it is one of these.
    pub fn on_event(&mut self, event: &SupervisionEvent, now: Instant) -> Option<Ended<K>> {
        let (who, exit) = exit::read(event)?;
        let policy = &self.policy;
        let slot = self.slots.iter_mut().find(|slot| slot.child.runs_as(who))?;
        let decision = slot.child.ended(&exit, policy, now);
        Some(Ended {
            kind: slot.kind,
            error: slot.child.last_error().unwrap_or_default().to_owned(),
            decision,
            tasks: std::mem::take(&mut slot.tasks),
        })
    }

    /// The tasks of the child's dead generation are joined: the child may restart.
    pub fn joined(&mut self, kind: K) {
        if let Some(slot) = self.slot(kind) {
            slot.child.joined();
        }
    }

    /// When the next restart is due. A child whose tasks are not joined yet does not count.
    #[must_use]
    pub fn next_restart(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.child.restarts_at()).min()
    }

    /// The tasks of a child's latest generation; `None` if there is no such child.
    #[must_use]
    pub fn tasks(&self, kind: K) -> Option<&TaskGroup> {
        self.slots.iter().find(|slot| slot.kind == kind).map(|slot| &slot.tasks)
    }

    /// The running actors in their start order, and the tasks of every child. For a supervisor that
    /// stops them in a task of its own; see [`stop_in_reverse`].
    #[must_use]
    pub fn running(&self) -> (Vec<ActorCell>, Vec<TaskGroup>) {
        let actors = self.slots.iter().filter_map(|slot| slot.child.cell().cloned()).collect();
        (actors, self.slots.iter().map(|slot| slot.tasks.clone()).collect())
    }

    /// Stops all children, last started first, then cancels and joins their tasks. The tasks in an
    /// [`Ended`] are no longer among them.
    ///
    /// A child that takes longer than `patience` to stop is killed, and may take `patience` once
    /// more. Await it in `post_stop` or in a task.
    pub async fn stop(&self, patience: Duration) {
        let (actors, tasks) = self.running();
        stop_in_reverse(actors.into_iter(), patience).await;
        for group in tasks {
            group.cancel_and_join().await;
        }
    }

    fn slot(&mut self, kind: K) -> Option<&mut Slot<K>> {
        self.slots.iter_mut().find(|slot| slot.kind == kind)
    }
}

/// Stops actors one by one, last started first. One that takes longer than `patience` is killed,
/// and may take `patience` once more.
///
/// ractor alone would kill the children of a stopping parent, and skip their `post_stop`.
pub async fn stop_in_reverse(
    in_order: impl DoubleEndedIterator<Item = ActorCell>,
    patience: Duration,
) {
    for child in in_order.rev() {
        child.stop(None);
        if child.wait(Some(patience)).await.is_ok() {
            continue;
        }
        tracing::warn!(child = %child.get_id(), "a child did not stop in time; killing it");
        child.kill();
        if child.wait(Some(patience)).await.is_err() {
            // A handler that never awaits can't be interrupted.
            tracing::error!(child = %child.get_id(), "a child can neither be stopped nor killed");
        }
    }
}

#[cfg(test)]
mod tests;
