//! The children of one supervisor: started in order, started again by a [`RestartPolicy`], stopped in
//! reverse.

use std::time::{Duration, Instant};

use ractor::{ActorCell, SupervisionEvent};

use crate::Generation;
use crate::child::Child;
use crate::exit;
use crate::policy::{Decision, RestartPolicy};
use crate::tasks::TaskGroup;

/// The children of one supervisor, each known by a `K` of yours, usually an enum.
///
/// The supervisor spawns; this list says whom and when:
///
/// ```text
/// pre_start:               while let Some(start) = children.next_start(now) { spawn(start) }
/// handle_supervisor_evt:   if let Some(ended) = children.on_event(&event, now) {
///                              // In a task: join ended.left and whatever else the dead child held,
///                              // then send yourself a message …
///                          }
/// that message:            children.joined(kind);
/// after every message:     while let Some(start) = children.next_start(now) { spawn(start) }
///                          alarm.set(children.next_restart());
/// post_stop:               children.stop(patience).await
/// ```
///
/// A successor is never due before [`joined`](Self::joined), so it never meets what its predecessor
/// left running.
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
    /// Which child.
    pub kind: K,
    /// Which start of it this is.
    pub generation: Generation,
    /// What the generation before it died of.
    pub last_error: Option<String>,
    /// The tasks of this generation. Lend them to the actor, which spawns its tasks here.
    pub tasks: TaskGroup,
}

/// A child that ended although nobody told it to.
#[derive(Debug)]
pub struct Ended<K> {
    /// Which child.
    pub kind: K,
    /// What it died of.
    pub error: String,
    /// When it starts again, or that it has failed too often.
    pub decision: Decision,
    /// The tasks it left behind. Call [`TaskGroup::cancel_and_join`], then [`Children::joined`].
    pub left: TaskGroup,
}

impl<K: Copy + Eq> Children<K> {
    /// Children that start in this order. None is started yet.
    #[must_use]
    pub fn new(in_order: impl IntoIterator<Item = K>, policy: RestartPolicy) -> Self {
        let slot = |kind| Slot { kind, child: Child::default(), tasks: TaskGroup::new() };
        Self { slots: in_order.into_iter().map(slot).collect(), policy }
    }

    /// The next child to start at `now`: one that was never started, or one whose restart is due.
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

    /// The child runs as this actor.
    pub fn started(&mut self, kind: K, actor: ActorCell) {
        if let Some(slot) = self.slot(kind) {
            slot.child.started(actor);
        }
    }

    /// Reads ractor's event. Returns the child that ended, if the event tells of one of these.
    pub fn on_event(&mut self, event: &SupervisionEvent, now: Instant) -> Option<Ended<K>> {
        let (who, exit) = exit::read(event)?;
        let policy = &self.policy;
        let slot = self.slots.iter_mut().find(|slot| slot.child.is(who))?;
        let decision = slot.child.ended(&exit, policy, now);
        Some(Ended {
            kind: slot.kind,
            error: slot.child.last_error().unwrap_or_default().to_owned(),
            decision,
            left: std::mem::take(&mut slot.tasks),
        })
    }

    /// What the dead generation of this child left behind is joined: it may start again.
    pub fn joined(&mut self, kind: K) {
        if let Some(slot) = self.slot(kind) {
            slot.child.joined();
        }
    }

    /// When the next restart is due. Children whose rest is not joined yet don't count.
    #[must_use]
    pub fn next_restart(&self) -> Option<Instant> {
        self.slots.iter().filter_map(|slot| slot.child.restarts_at()).min()
    }

    /// The present tasks of a child.
    #[must_use]
    pub fn tasks(&self, kind: K) -> Option<&TaskGroup> {
        self.slots.iter().find(|slot| slot.kind == kind).map(|slot| &slot.tasks)
    }

    /// The running actors, in the order of their start, and every child's tasks. For a supervisor that
    /// stops them in a task of its own; see [`stop_in_reverse`].
    #[must_use]
    pub fn running(&self) -> (Vec<ActorCell>, Vec<TaskGroup>) {
        let actors = self.slots.iter().filter_map(|slot| slot.child.cell().cloned()).collect();
        (actors, self.slots.iter().map(|slot| slot.tasks.clone()).collect())
    }

    /// Stops all children, last started first, then cancels and joins their tasks.
    ///
    /// Each child has `patience` to stop, is then killed, and has `patience` again. Await it in
    /// `post_stop` or in a task.
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

/// Stops actors one by one, last started first. Each has `patience` to stop, is then killed, and has
/// `patience` again.
///
/// ractor's own stop of a parent kills its children at once and skips their `post_stop`.
pub async fn stop_in_reverse(
    in_order: impl DoubleEndedIterator<Item = ActorCell>,
    patience: Duration,
) {
    for child in in_order.rev() {
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
