//! Scripted callers against the real daemon (PRAC-5).
//!
//! A scenario's calls run in parallel against one daemon on loopback, and the result of each is checked.
//! Twilio is always simulated. The model is the practice one, or the real one if so configured.

mod error;
mod judge;
mod outcome;
mod player;
mod report;
mod scenario;
mod seen;
mod stage;
pub mod trace;
mod waits;

use std::sync::Arc;

use practice::speech::Voice;

use crate::config::{Config, Provider};
use crate::platform::Platform;
use stage::{Slots, play_all};

pub use error::SimulateError;
pub use judge::Verdict;
pub use outcome::{CallOutcome, Outcome};
pub use player::{Played, Spoken};
pub use report::{Tally, call_lines, scenario_lines, summary};
pub use scenario::{Action, After, Happening, Scenario, ScenarioError, Script};
pub use stage::Left;
pub use waits::Waits;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Calls of each scenario.
    pub calls: u32,
    /// The most calls at once, over all scenarios.
    pub at_once: u32,
}

/// Runs scenarios in parallel, each against its own daemon. Calls `tell` for each in order.
///
/// # Errors
/// [`SimulateError`] if something could not run or be checked, and the errors of `tell`.
pub async fn run<E: From<SimulateError>>(
    scenarios: Vec<Arc<Scenario>>,
    config: &Config,
    platform: &Platform,
    load: Load,
    mut tell: impl FnMut(&Outcome) -> Result<(), E>,
) -> Result<bool, E> {
    let is_real = config.openai.provider == Provider::OpenAi;
    let voice = if is_real { Voice::detect() } else { Voice::built_in() };
    if is_real {
        playable(&scenarios, &voice)?;
    }
    let slots = Slots::new(load.at_once);
    let mut tasks = Vec::new();
    for scenario in scenarios {
        let (config, voice, slots) = (config.clone(), voice.clone(), slots.clone());
        let platform = platform.split(&scenario.name());
        tasks.push(AbortOnDrop(tokio::spawn(async move {
            play_all(scenario, &config, platform, voice, load.calls, slots).await
        })));
    }
    let mut all_hold = true;
    for mut task in tasks {
        let outcome = (&mut task.0).await.map_err(SimulateError::from)??;
        all_hold &= outcome.holds();
        tell(&outcome)?;
    }
    Ok(all_hold)
}

/// A task that is aborted when this is dropped.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

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
