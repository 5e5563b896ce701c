//! The tasks of one generation of an actor: cancelled and joined together, before a successor starts.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use ractor::{ActorRef, Message};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Tells an actor that one of its tasks panicked. The actor's handler returns `Err(crashed.into())`, so
/// that its supervisor starts actor and tasks anew.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("its task {task} panicked: {message}")]
pub struct TaskCrashed {
    /// The name given to [`TaskGroup::spawn`].
    pub task: &'static str,
    /// The panic's message.
    pub message: String,
}

/// The tasks of one generation. The supervisor makes the group, lends a clone to the actor, and joins it
/// after the actor's end. When the last clone is dropped, the tasks are cancelled.
#[derive(Clone)]
pub struct TaskGroup {
    group: Arc<Group>,
}

struct Group {
    tracker: TaskTracker,
    cancel: CancellationToken,
    crashes: Arc<Mutex<Crashes>>,
}

#[derive(Default)]
struct Crashes {
    owner: Option<Tell>,
    /// The first crash, if it came before there was an owner to hear of it.
    unheard: Option<TaskCrashed>,
}

type Tell = Box<dyn Fn(TaskCrashed) + Send>;

impl TaskGroup {
    /// An empty group.
    #[must_use]
    pub fn new() -> Self {
        let group = Group {
            tracker: TaskTracker::new(),
            cancel: CancellationToken::new(),
            crashes: Arc::default(),
        };
        Self { group: Arc::new(group) }
    }

    /// Tells `owner` of panics from now on. A panic that came earlier is told at once. Call it in the
    /// owner's `pre_start`.
    pub fn tell<M: Message>(&self, owner: ActorRef<M>, message: fn(TaskCrashed) -> M) {
        lock(&self.group.crashes).tell(Box::new(move |crashed| {
            // An owner that has ended needs no telling: its supervisor is at work already.
            let _ = owner.cast(message(crashed));
        }));
    }

    /// Starts `future` as a task of this generation, in the current span. When the group is cancelled, the
    /// future is dropped at its next await, or does not begin. If it panics, the owner is told.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let cancel = self.group.cancel.clone();
        let crashes = Arc::clone(&self.group.crashes);
        let task = async move {
            let until_cancelled = cancel.run_until_cancelled_owned(future);
            if let Err(panic) = AssertUnwindSafe(until_cancelled).catch_unwind().await {
                let message = panic_message(panic.as_ref());
                tracing::error!(task = name, message, "a task panicked");
                lock(&crashes).report(TaskCrashed { task: name, message });
            }
        };
        self.group.tracker.spawn(task.in_current_span());
    }

    /// Cancels the tasks without waiting for them. Tasks spawned later don't begin.
    pub fn cancel(&self) {
        self.group.cancel.cancel();
    }

    /// Waits until every task has ended. Cancels none.
    pub async fn join(&self) {
        self.group.tracker.close();
        self.group.tracker.wait().await;
    }

    /// Cancels the tasks and waits until each has ended and dropped what it held. Only then may a
    /// successor start. A task that never awaits delays this for as long as it runs.
    pub async fn cancel_and_join(&self) {
        self.cancel();
        self.join().await;
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup").field("running", &self.group.tracker.len()).finish()
    }
}

impl Default for TaskGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Crashes {
    fn tell(&mut self, owner: Tell) {
        if let Some(unheard) = self.unheard.take() {
            owner(unheard);
        }
        self.owner = Some(owner);
    }

    fn report(&mut self, crash: TaskCrashed) {
        match &self.owner {
            Some(owner) => owner(crash),
            None => {
                self.unheard.get_or_insert(crash);
            }
        }
    }
}

fn lock(crashes: &Mutex<Crashes>) -> MutexGuard<'_, Crashes> {
    crashes.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "no text".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ractor::{Actor, ActorProcessingErr, ActorRef};
    use tokio::sync::oneshot;

    use super::*;
    use crate::lease::Lease;

    #[tokio::test(start_paused = true)]
    async fn res_2_invariant_8_a_successor_finds_free_what_the_old_generations_tasks_held() {
        let lease = Lease::new("a socket");
        let tasks = TaskGroup::new();
        let (held, here) = oneshot::channel();
        let holder = lease.clone();
        tasks.spawn("pump", async move {
            let _socket = holder.take().await;
            held.send(()).unwrap();
            std::future::pending().await
        });
        here.await.unwrap();
        assert!(lease.take().now_or_never().is_none());

        tasks.cancel_and_join().await;
        assert_eq!(*lease.take().now_or_never().unwrap(), "a socket");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_of_a_cancelled_group_does_not_begin() {
        let tasks = TaskGroup::new();
        tasks.cancel();
        tasks.spawn("late", async { panic!("it began") });
        tasks.cancel_and_join().await;
        assert_eq!(lock(&tasks.group.crashes).unheard, None, "it did not begin");
    }

    #[tokio::test(start_paused = true)]
    async fn res_8_invariant_9_tasks_do_not_outlive_their_group() {
        let lease = Lease::new(());
        let tasks = TaskGroup::new();
        let held = lease.take().await;
        tasks.spawn("pump", async move {
            let _held = held;
            std::future::pending().await
        });
        drop(tasks);
        assert!(tokio::time::timeout(PATIENCE, lease.take()).await.is_ok());
    }

    /// Writes down which crash it heard of, and fails with it.
    struct Owner;

    impl Actor for Owner {
        type Msg = TaskCrashed;
        type State = oneshot::Sender<String>;
        type Arguments = (TaskGroup, Self::State);

        async fn pre_start(
            &self,
            me: ActorRef<TaskCrashed>,
            (tasks, heard): Self::Arguments,
        ) -> Result<Self::State, ActorProcessingErr> {
            tasks.tell(me, |crashed| crashed);
            Ok(heard)
        }

        async fn handle(
            &self,
            _: ActorRef<TaskCrashed>,
            crash: TaskCrashed,
            heard: &mut Self::State,
        ) -> Result<(), ActorProcessingErr> {
            let (none, _) = oneshot::channel();
            std::mem::replace(heard, none).send(crash.to_string())?;
            Err(crash.into())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn res_2_an_actor_fails_when_one_of_its_tasks_panics() {
        let tasks = TaskGroup::new();
        let (heard, hearing) = oneshot::channel();
        let (_, ended) = Actor::spawn(None, Owner, (tasks.clone(), heard)).await.unwrap();
        tasks.spawn("sender", async { panic!("frame {}", 7) });
        assert_eq!(hearing.await.unwrap(), "its task sender panicked: frame 7");
        tokio::time::timeout(PATIENCE, ended).await.unwrap().unwrap();
        tasks.cancel_and_join().await;
    }

    #[tokio::test(start_paused = true)]
    async fn res_2_a_panic_before_the_owner_has_started_is_told_when_it_has() {
        let tasks = TaskGroup::new();
        tasks.spawn("sender", async { panic!("frame 7") });
        tasks.join().await;
        let (heard, hearing) = oneshot::channel();
        let owner = Actor::spawn(None, Owner, (tasks.clone(), heard)).await.unwrap();
        assert_eq!(hearing.await.unwrap(), "its task sender panicked: frame 7");
        tokio::time::timeout(PATIENCE, owner.1).await.unwrap().unwrap();
    }
}
