//! Scripted callers against the real daemon (PRAC-5).
//!
//! A scenario's calls run in parallel against one daemon, in virtual time or over sockets on loopback, and
//! the result of each is checked. Twilio is always simulated. The model is the practice one, or the real
//! one if so configured.

mod error;
pub(crate) mod judge;
mod line;
mod outcome;
mod player;
mod report;
mod scenario;
pub(crate) mod seen;
pub(crate) mod stage;
pub mod trace;
mod waits;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use actors::clock::Clock;
use jiff::Timestamp;
use practice::speech::Voice;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::config::{Config, ModelProvider};
use crate::platform::Platform;
use crate::virtual_time;
use stage::{Slots, play_all};
use trace::file::TraceError;
use trace::{Stopwatch, Trace};

pub use error::SimulateError;
pub use judge::Verdict;
pub use outcome::{CallOutcome, Outcome};
pub use player::{Played, Spoken};
pub use report::{Tally, call_lines, scenario_lines, summary};
pub use scenario::{Action, After, Happening, Scenario, ScenarioError, Script, Writing};
pub use stage::Left;
pub use waits::Waits;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Calls of each scenario.
    pub calls: u32,
    /// The most calls at once, over all scenarios.
    pub at_once: u32,
}

/// What time a simulation runs in.
#[derive(Debug, Clone)]
pub enum Time {
    /// On one thread per scenario, with connections in memory. The same seed gives the same run.
    Virtual {
        seed: u64,
        begins: Timestamp,
        /// Where each event is written. One scenario only.
        trace: Option<PathBuf>,
    },
    /// Over sockets on loopback. A real model needs it.
    Real(Platform),
}

/// Runs scenarios in parallel, each against its own daemon. Calls `tell` for each in order.
///
/// # Errors
/// [`SimulateError`] if something could not run or be checked, and the errors of `tell`.
pub async fn run<E: From<SimulateError>>(
    scenarios: Vec<Arc<Scenario>>,
    config: &Config,
    load: Load,
    time: Time,
    mut tell: impl FnMut(&Outcome) -> Result<(), E>,
) -> Result<bool, E> {
    let is_real = config.openai.provider == ModelProvider::OpenAi;
    let voice = if is_real { Voice::detect() } else { Voice::built_in() };
    if is_real {
        playable(&scenarios, &voice)?;
    }
    let parts = scenarios.into_iter().map(|scenario| Parts { scenario, config: config.clone() });
    let tasks: Vec<_> = match time {
        Time::Real(platform) => {
            let slots = Slots::new(load.at_once);
            let play =
                |parts| play_in_real_time(parts, &platform, voice.clone(), load, slots.clone());
            parts.map(play).collect()
        }
        Time::Virtual { seed, begins, trace } => {
            let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
            let cores = Arc::new(Semaphore::new(cores));
            let run = VirtualRun { seed, begins, trace };
            let play = |parts| play_in_virtual_time(parts, load, run.clone(), Arc::clone(&cores));
            parts.map(play).collect()
        }
    };
    let mut all_hold = true;
    for mut task in tasks {
        let outcome = (&mut task.0).await.map_err(SimulateError::from)??;
        all_hold &= outcome.holds();
        tell(&outcome)?;
    }
    Ok(all_hold)
}

type Playing = AbortOnDrop<Result<Outcome, SimulateError>>;

/// What a scenario is played with.
struct Parts {
    scenario: Arc<Scenario>,
    config: Config,
}

fn play_in_real_time(
    parts: Parts,
    platform: &Platform,
    voice: Voice,
    load: Load,
    slots: Slots,
) -> Playing {
    let platform = platform.split(&parts.scenario.name());
    let play = async move {
        let Parts { scenario, config } = parts;
        play_all(scenario, &config, platform, voice, load.calls, slots).await
    };
    AbortOnDrop(tokio::spawn(play))
}

/// Each scenario has a thread and a runtime of its own; at most as many run at once as there are cores.
fn play_in_virtual_time(
    parts: Parts,
    load: Load,
    run: VirtualRun,
    cores: Arc<Semaphore>,
) -> Playing {
    let play = async move || {
        // The semaphore is never closed.
        let _core = cores.acquire_owned().await.ok();
        let on_thread = tokio::task::spawn_blocking(move || {
            let started = Clock::start().now();
            let Parts { scenario, config } = parts;
            // Of its own: clones of a voice count their utterances together, in the threads' order.
            let voice = Voice::built_in();
            let slots = Slots::new(load.at_once);
            let outcome = run.traced(async |platform| {
                play_all(scenario, &config, platform, voice, load.calls, slots).await
            })??;
            let took_really = Clock::start().now().saturating_duration_since(started);
            Ok(Outcome { took_really, ..outcome })
        });
        on_thread.await?
    };
    AbortOnDrop(tokio::spawn(play()))
}

/// A run in virtual time.
#[derive(Debug, Clone)]
struct VirtualRun {
    seed: u64,
    begins: Timestamp,
    trace: Option<PathBuf>,
}

impl VirtualRun {
    /// Runs `work` to its end on this thread. The trace is written meanwhile.
    fn traced<T>(&self, work: impl AsyncFnOnce(Platform) -> T) -> Result<T, TraceError> {
        let Self { seed, begins, trace } = self;
        let Some(file) = trace else { return Ok(virtual_time::run(*seed, *begins, work)) };
        let stopwatch = Stopwatch::default();
        let shown = stopwatch.clone();
        let trace = Trace::new(move || shown.milliseconds(), Some(trace::file::create(file)?));
        let listening = trace.listen();
        let done = virtual_time::run(*seed, *begins, async |platform| {
            stopwatch.start(&platform.clock);
            work(platform).await
        });
        drop(listening);
        trace.flush().map_err(|cause| TraceError::new(file, cause))?;
        Ok(done)
    }
}

/// A task that is aborted when this is dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Checks that a real model can take part in these scenarios.
fn playable(scenarios: &[Arc<Scenario>], voice: &Voice) -> Result<(), SimulateError> {
    if voice.is_built_in() {
        return Err(SimulateError::NoVoice);
    }
    for scenario in scenarios {
        let waits = |step: &scenario::Step| matches!(step.after, After::Words(_));
        if let Some(at) = scenario.script.steps.iter().position(waits) {
            let file = scenario.file.display().to_string();
            return Err(SimulateError::WaitsForWords { file, step: at + 1 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
