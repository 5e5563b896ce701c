//! A runtime whose clock is real, for a caller whose own clock may be paused.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task;

/// After this, work is polled although nothing woke it. `yield_now` leaves its wake to the scheduler of
/// the calling thread, which is blocked here.
const MAX_PARK: Duration = Duration::from_millis(1);

/// Its one thread drives timers and spawned tasks: a pool takes its connections back in such tasks.
#[derive(Debug)]
pub(super) struct RealTimeRuntime {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl RealTimeRuntime {
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("database").enable_all().build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Blocks the thread until the work is done, also within another runtime, where tokio's own
    /// `block_on` panics.
    pub(super) fn block_on<W: Future>(&self, work: W) -> W::Output {
        // Dropped after the work, which may spawn when it is dropped.
        let _entered = self.runtime.as_ref().map(Runtime::enter);
        // The calling task's budget would not be renewed before the work is done.
        let mut work = pin!(task::unconstrained(work));
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                return done;
            }
            thread::park_timeout(MAX_PARK);
        }
    }
}

impl Drop for RealTimeRuntime {
    fn drop(&mut self) {
        // Dropping a runtime waits for its threads, which panics within another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_sleeps_in_real_time_and_yields_within_a_paused_runtime() {
        let alarm = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
        task::yield_now().await;
        let runtime = RealTimeRuntime::start().unwrap();
        let spawned = runtime.block_on(async {
            for _ in 0..3 {
                task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
            tokio::spawn(tokio::time::sleep(Duration::from_millis(2))).await
        });
        spawned.unwrap();
        assert!(!alarm.is_finished());
    }

    #[tokio::test]
    async fn work_is_not_bound_by_the_budget_of_the_calling_task() {
        let runtime = RealTimeRuntime::start().unwrap();
        let permits = tokio::sync::Semaphore::new(1);
        runtime.block_on(async {
            for _ in 0..1000 {
                drop(permits.acquire().await);
            }
        });
    }
}
