//! The tasks of one generation of a part: cancelled together at their next await, and joined before
//! the next generation starts.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use ractor::{ActorRef, Message};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A task panicked: its actor fails with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the task {task:?} panicked: {message}")]
pub struct TaskCrashed {
    /// The task.
    pub task: &'static str,
    /// What it said.
    pub message: String,
}

type Tell = Box<dyn Fn(TaskCrashed) + Send + Sync>;

/// A group of tasks.
#[derive(Clone, Default)]
pub struct TaskGroup {
    tracker: TaskTracker,
    stop: CancellationToken,
    crashed: Arc<Mutex<Option<Tell>>>,
}

impl TaskGroup {
    /// An empty group.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The actor that is told when one of the tasks panics.
    pub fn tell<M: Message>(&self, actor: ActorRef<M>, message: fn(TaskCrashed) -> M) {
        let tell: Tell = Box::new(move |crashed| {
            let _ = actor.cast(message(crashed));
        });
        *self.crashed.lock().unwrap_or_else(PoisonError::into_inner) = Some(tell);
    }

    /// Starts a task.
    pub fn spawn(&self, task: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let (stop, crashed) = (self.stop.clone(), Arc::clone(&self.crashed));
        self.tracker.spawn(async move {
            let work = std::panic::AssertUnwindSafe(work).catch_unwind();
            if let Some(Err(panic)) = stop.run_until_cancelled(work).await {
                let message = text_of(panic.as_ref());
                tracing::error!(task, message, "a task panicked");
                if let Some(tell) = &*crashed.lock().unwrap_or_else(PoisonError::into_inner) {
                    tell(TaskCrashed { task, message });
                }
            }
        });
    }

    /// Cancels every task at its next await.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    /// Waits until every task is over, without cancelling any.
    pub async fn join(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Cancels every task and waits until all are over.
    pub async fn cancel_and_join(&self) {
        self.cancel();
        self.join().await;
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let string = || panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(string).unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn res_2_a_generation_s_tasks_are_over_when_they_are_joined() {
        let group = TaskGroup::new();
        let (held, gone) = tokio::sync::oneshot::channel::<()>();
        group.spawn("endless", async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        group.cancel_and_join().await;
        assert!(gone.await.is_err(), "the task has let go of what it held");
    }
}
