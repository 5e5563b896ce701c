//! Runs daemon, providers and callers on one thread, in virtual time, from one seed.
//!
//! The runtime has one thread, and its clock is paused: when every task waits, the clock jumps to the
//! next deadline. The random choices of the runtime have a seed too, so the same seed gives the same
//! run. There is no I/O driver: a part that opens a real socket panics.

pub mod process;

#[cfg(tokio_unstable)]
use std::sync::Arc;
#[cfg(tokio_unstable)]
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::platform::Platform;

/// When a simulation begins unless it says otherwise: a Sunday, 10:00 in Tel Aviv.
#[must_use]
pub fn begins() -> Timestamp {
    Timestamp::constant(1_795_334_400, 0)
}

/// Polls of tasks without progress of the clock after which a simulation panics: some tasks wake each
/// other for ever.
#[cfg(tokio_unstable)]
const MAX_POLLS: u64 = 1_000_000;
/// How many polls pass between two looks at the clock.
#[cfg(tokio_unstable)]
const LOOK_EVERY: u64 = 1 << 12;

/// Whether a run can be replayed: the build must have the flag that `.cargo/config.toml` sets.
pub const IS_REPLAYABLE: bool = cfg!(tokio_unstable);

/// Runs `work` to its end, on a new runtime of the calling thread. `work` gets the simulation's
/// platform.
///
/// # Panics
/// If the work panics, if a million polls pass while the clock stands, or if the runtime can't start.
#[expect(clippy::expect_used, reason = "a runtime without I/O driver needs nothing that can fail")]
pub fn run<T>(seed: u64, begins: Timestamp, work: impl AsyncFnOnce(Platform) -> T) -> T {
    let runtime = runtime(seed).expect("a runtime of one thread");
    let result = runtime.block_on(async { work(Platform::simulated(seed, begins)).await });
    runtime.shutdown_background();
    result
}

fn runtime(seed: u64) -> std::io::Result<Runtime> {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true);
    make_replayable(&mut builder, seed);
    builder.build()
}

#[cfg(tokio_unstable)]
fn make_replayable(builder: &mut Builder, seed: u64) {
    use process::tasks;
    let guard = Arc::new(PollGuard::default());
    builder
        .rng_seed(tokio::runtime::RngSeed::from_bytes(&seed.to_le_bytes()))
        .on_task_spawn(|task| tasks::spawned(task.id(), task.spawned_at()))
        .on_before_task_poll(move |task| {
            guard.count();
            tasks::runs(task.id());
        })
        .on_after_task_poll(|_| tasks::pauses())
        .on_task_terminate(|task| tasks::ended(task.id()));
}

#[cfg(not(tokio_unstable))]
fn make_replayable(_: &mut Builder, _: u64) {}

/// Counts polls since the clock last moved.
#[cfg(tokio_unstable)]
#[derive(Default)]
struct PollGuard {
    polls: AtomicU64,
    /// Polls at the last look that saw the clock move.
    moved_at: AtomicU64,
    /// What the clock showed then, in nanoseconds since the first look.
    showed: AtomicU64,
    first: std::sync::OnceLock<std::time::Instant>,
}

#[cfg(tokio_unstable)]
impl PollGuard {
    fn count(&self) {
        let polls = self.polls.fetch_add(1, Ordering::Relaxed) + 1;
        if polls.is_multiple_of(LOOK_EVERY) {
            self.look(polls);
        }
    }

    fn look(&self, polls: u64) {
        let now = supervision::Clock::system().now();
        let first = *self.first.get_or_init(|| now);
        let shows = u64::try_from((now - first).as_nanos()).unwrap_or(u64::MAX);
        if self.showed.swap(shows, Ordering::Relaxed) != shows {
            self.moved_at.store(polls, Ordering::Relaxed);
        }
        let since = polls - self.moved_at.load(Ordering::Relaxed);
        assert!(
            since < MAX_POLLS,
            "{since} polls while the clock stood still: tasks wake each other for ever"
        );
    }
}

#[cfg(test)]
mod tests;
