//! Which of several simulated processes runs. They share the simulation's one runtime; a task is of the
//! process whose task has spawned it.

use std::cell::Cell;
use std::collections::BTreeMap;

use tokio::task::JoinHandle;

/// A simulated process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process(pub u32);

impl Process {
    /// The simulation itself, with all that is outside the daemons.
    pub const OUTSIDE: Self = Self(0);

    /// The one that runs on this thread.
    #[must_use]
    pub fn current() -> Self {
        RUNNING.get()
    }

    /// Spawns a task of this process. Only a build that can replay a run knows whose a task is.
    pub fn spawn<F>(self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let before = RUNNING.replace(self);
        let task = tokio::spawn(task);
        RUNNING.set(before);
        task
    }
}

thread_local! {
    static RUNNING: Cell<Process> = const { Cell::new(Process::OUTSIDE) };
}

/// How many tasks live on this thread's runtime, by the line that has spawned them. Only a build that can replay a
/// run knows.
#[must_use]
pub fn living() -> BTreeMap<String, usize> {
    #[cfg(tokio_unstable)]
    return tasks::living();
    #[cfg(not(tokio_unstable))]
    BTreeMap::new()
}

/// Follows the tasks of a runtime, by its hooks.
#[cfg(tokio_unstable)]
pub(super) mod tasks {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    #[expect(
        clippy::disallowed_types,
        reason = "ids of tasks have no order; they are looked up"
    )]
    use std::collections::HashMap;
    use std::panic::Location;

    use tokio::task::Id;

    use super::{Process, RUNNING};

    #[expect(clippy::disallowed_types, reason = "see above")]
    type Tasks = HashMap<Id, (Process, &'static Location<'static>)>;

    thread_local! {
        /// The living tasks, and where each was spawned.
        static TASKS: RefCell<Tasks> = RefCell::default();
    }

    /// A task was spawned by the one that runs.
    pub(in crate::virtual_time) fn spawned(task: Id, at: &'static Location<'static>) {
        let process = RUNNING.get();
        TASKS.with_borrow_mut(|tasks| tasks.insert(task, (process, at)));
    }

    pub(in crate::virtual_time) fn runs(task: Id) {
        let known = TASKS.with_borrow(|tasks| tasks.get(&task).copied());
        RUNNING.set(known.map(|(process, _)| process).unwrap_or_default());
    }

    pub(in crate::virtual_time) fn pauses() {
        RUNNING.set(Process::OUTSIDE);
    }

    pub(in crate::virtual_time) fn ended(task: Id) {
        TASKS.with_borrow_mut(|tasks| tasks.remove(&task));
    }

    pub(super) fn living() -> BTreeMap<String, usize> {
        let mut living = BTreeMap::new();
        TASKS.with_borrow(|tasks| {
            for (_, at) in tasks.values() {
                *living.entry(format!("{}:{}", at.file(), at.line())).or_default() += 1;
            }
        });
        living
    }
}

#[cfg(all(test, tokio_unstable))]
mod tests {
    use tokio::task::yield_now;

    use super::*;
    use crate::virtual_time::{begins, run};

    #[test]
    fn living_tasks_are_known_by_the_line_that_has_spawned_them() {
        run(1, begins(), async |_| {
            let sleeper = tokio::spawn(std::future::pending::<()>());
            assert!(
                living().into_iter().any(|(at, count)| at.contains("process.rs") && count == 1)
            );
            sleeper.abort();
            let _ = sleeper.await;
            assert_eq!(living(), BTreeMap::new());
        });
    }

    #[test]
    fn res_10_a_task_is_of_the_process_whose_task_has_spawned_it() {
        run(1, begins(), async |_| {
            let child = async {
                yield_now().await;
                Process::current()
            };
            let parent = async move {
                let child = tokio::spawn(child);
                yield_now().await;
                (Process::current(), child.await.unwrap())
            };
            let other = Process(2).spawn(async { Process::current() });
            assert_eq!(Process::current(), Process::OUTSIDE);
            assert_eq!(Process(1).spawn(parent).await.unwrap(), (Process(1), Process(1)));
            assert_eq!(other.await.unwrap(), Process(2));
            assert_eq!(Process::current(), Process::OUTSIDE);
            let outside = tokio::spawn(async { Process::current() });
            assert_eq!(outside.await.unwrap(), Process::OUTSIDE);
        });
        assert_eq!(living(), BTreeMap::new(), "nothing is kept of ended tasks");
    }
}
