//! The tasks of one generation of an actor. They are cancelled and joined before a successor
//! starts.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use ractor::{ActorRef, Message};
use thiserror::Error;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// One of an actor's tasks panicked. The actor's handler returns `Err(crashed.into())`, so that its
/// supervisor restarts the actor with new tasks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("its task {task} panicked: {message}")]
pub struct TaskCrashed {
    /// The name passed to [`TaskGroup::spawn`].
    pub task: &'static str,
    /// The panic's message.
    pub message: String,
}

/// The tasks of one generation. The supervisor makes the group, gives the actor a clone, and joins
/// the group after the actor's end. Dropping the last clone cancels the tasks.
///
/// ```
/// use supervision::{Lease, TaskGroup};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (socket, tasks) = (Lease::new("socket"), TaskGroup::new());
/// let held = socket.take().await;
/// tasks.spawn("reader", async move {
///     let _held = held;
///     std::future::pending().await
/// });
/// tasks.cancel_and_join().await;
/// let _free = socket.take().await; // the task has dropped it
/// # }
/// ```
#[derive(Clone)]
pub struct TaskGroup {
    group: Arc<Group>,
}

struct Group {
    tracker: TaskTracker,
    tasks: Mutex<Tasks>,
    crashes: Arc<Mutex<Crashes>>,
}

/// Aborting costs a running task nothing; a token would be looked at whenever the task wakes.
#[derive(Default)]
struct Tasks {
    cancelled: bool,
    running: Vec<AbortHandle>,
}

/// Stops one task before its group ends.
#[derive(Debug, Clone)]
pub struct TaskHandle(Option<AbortHandle>);

impl TaskHandle {
    /// Drops the task's future at its next await. Does not wait for that.
    pub fn abort(&self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

#[derive(Default)]
struct Crashes {
    owner: Option<Report>,
    /// The first crash, if it happened before there was an owner.
    unreported: Option<TaskCrashed>,
}

type Report = Box<dyn Fn(TaskCrashed) + Send>;

impl TaskGroup {
    /// An empty group.
    #[must_use]
    pub fn new() -> Self {
        let group =
            Group { tracker: TaskTracker::new(), tasks: Mutex::default(), crashes: Arc::default() };
        Self { group: Arc::new(group) }
    }

    /// Sends `owner` a message for each panic. The first earlier panic is reported at once. Call it
    /// in the owner's `pre_start`.
    pub fn report_panics_to<M: Message>(&self, owner: ActorRef<M>, message: fn(TaskCrashed) -> M) {
        lock(&self.group.crashes).set_owner(Box::new(move |crashed| {
            // An owner that has ended needs no report: its supervisor is restarting it already.
            let _ = owner.cast(message(crashed));
        }));
    }

    /// Spawns `future` as a task of this generation, in the current span. Cancelling the group
    /// drops it at its next await, or before it begins. A panic is reported to the owner.
    pub fn spawn(
        &self,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) -> TaskHandle {
        self.spawn_boxed(name, Box::pin(future))
    }

    /// Boxed, so that tokio's code for a task is compiled once and not for each future.
    fn spawn_boxed(
        &self,
        name: &'static str,
        future: Pin<Box<dyn Future<Output = ()> + Send>>,
    ) -> TaskHandle {
        let crashes = Arc::clone(&self.group.crashes);
        let task = async move {
            if let Err(panic) = AssertUnwindSafe(future).catch_unwind().await {
                let message = panic_message(panic.as_ref());
                tracing::error!(task = name, message, "a task panicked");
                lock(&crashes).report(TaskCrashed { task: name, message });
            }
        };
        let mut tasks = lock(&self.group.tasks);
        if tasks.cancelled {
            return TaskHandle(None);
        }
        tasks.running.retain(|task| !task.is_finished());
        let task = self.group.tracker.spawn(task.in_current_span()).abort_handle();
        tasks.running.push(task.clone());
        TaskHandle(Some(task))
    }

    /// Cancels the tasks without waiting for them. Tasks spawned later do not begin.
    pub fn cancel(&self) {
        self.group.cancel();
    }

    /// Waits until every task has ended. Cancels none.
    pub async fn join(&self) {
        self.group.tracker.close();
        self.group.tracker.wait().await;
    }

    /// Cancels the tasks and waits until each has ended and dropped what it held. A successor may
    /// start only after that. A task that never awaits delays this until it returns.
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

impl Group {
    fn cancel(&self) {
        let mut tasks = lock(&self.tasks);
        tasks.cancelled = true;
        for task in tasks.running.drain(..) {
            task.abort();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Crashes {
    fn set_owner(&mut self, owner: Report) {
        if let Some(crash) = self.unreported.take() {
            owner(crash);
        }
        self.owner = Some(owner);
    }

    fn report(&mut self, crash: TaskCrashed) {
        match &self.owner {
            Some(owner) => owner(crash),
            None => {
                self.unreported.get_or_insert(crash);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
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
    async fn res_2_invariant_8_a_join_frees_what_the_old_generations_tasks_held() {
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
        assert_eq!(lock(&tasks.group.crashes).unreported, None, "it did not begin");
    }

    #[tokio::test(start_paused = true)]
    async fn an_aborted_task_frees_what_it_held_and_the_others_go_on() {
        let (first, second) = (Lease::new(1), Lease::new(2));
        let tasks = TaskGroup::new();
        let hold = |lease: &Lease<i32>| {
            let lease = lease.clone();
            async move {
                let _held = lease.take().await;
                std::future::pending().await
            }
        };
        let aborted = tasks.spawn("first", hold(&first));
        tasks.spawn("second", hold(&second));
        tokio::task::yield_now().await;
        aborted.abort();
        assert_eq!(*tokio::time::timeout(PATIENCE, first.take()).await.unwrap(), 1);
        assert!(tokio::time::timeout(PATIENCE, second.take()).await.is_err());
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

    /// Reports the crash that it receives, and fails with it.
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
            tasks.report_panics_to(me, |crashed| crashed);
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
    async fn res_2_a_panic_before_the_owner_has_started_is_reported_when_it_starts() {
        let tasks = TaskGroup::new();
        tasks.spawn("sender", async { panic!("frame 7") });
        tasks.join().await;
        let (heard, hearing) = oneshot::channel();
        let owner = Actor::spawn(None, Owner, (tasks.clone(), heard)).await.unwrap();
        assert_eq!(hearing.await.unwrap(), "its task sender panicked: frame 7");
        tokio::time::timeout(PATIENCE, owner.1).await.unwrap().unwrap();
    }
}
