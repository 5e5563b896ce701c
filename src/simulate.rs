//! Scripted callers against the real daemon (PRAC-5): a scenario's calls are played side by side
//! over one daemon on loopback, and what came of each is judged. The model is the practice one, or
//! the real one where the configuration says so; Twilio is always the simulated one.

mod judge;
mod player;
mod report;
mod scenario;
mod seen;
mod stage;
mod waits;

use std::sync::Arc;
use std::time::Duration;

use entities::RecordsError;
use protocol::ids::{InvalidId, PhoneNumber};
use thiserror::Error;
use tokio::task::JoinError;

pub use judge::Verdict;
pub use player::{Played, Spoken};
pub use report::{Tally, call_lines, scenario_lines, summary};
pub use scenario::{Action, After, Happening, Scenario, ScenarioError, Script};

use crate::config::{Config, Provider};
use crate::world::WorldError;
use practice::speech::Voice;
use practice::twilio::HeardSpeech;
pub use stage::Left;
use stage::{Slots, play_all};
pub use waits::Waits;

/// How much is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// How often each scenario is played.
    pub calls: u32,
    /// The most calls that run at once, of all scenarios together.
    pub at_once: u32,
}

/// Why scenarios could not be played.
#[derive(Debug, Error)]
pub enum SimulateError {
    /// The daemon or its world did not start.
    #[error(transparent)]
    World(#[from] WorldError),
    /// What the daemon wrote can't be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A caller's number is none.
    #[error("caller.number: no further number can be made of it: {0}")]
    Number(#[from] InvalidId),
    /// The business could not call.
    #[error("the business could not call: {0}")]
    NotPlaced(String),
    /// A call's task broke off.
    #[error("a call broke off: {0}")]
    Broken(#[from] JoinError),
    /// A real model can't understand the built-in voice.
    #[error(
        "openai.provider is \"openai\": its model needs a voice it can understand; install espeak-ng"
    )]
    NoVoice,
    /// A real model's audio carries no words.
    #[error(
        "{file}: step {step} waits for words, and a real model's audio carries none: wait for \
             agent_begins or agent_ends"
    )]
    WaitsForWords {
        /// The scenario.
        file: String,
        /// Which of its steps, from 1.
        step: usize,
    },
}

/// What came of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Its calls, in the order of their numbers.
    pub calls: Vec<CallOutcome>,
    /// What was left of them when all were over.
    pub left: Left,
    /// From the first call's beginning to the last one's end.
    pub took: Duration,
}

/// What came of one call.
#[derive(Debug)]
pub struct CallOutcome {
    /// Who called.
    pub number: PhoneNumber,
    /// From the dialling to the end.
    pub length: Duration,
    /// What the caller did.
    pub spoken: Vec<Spoken>,
    /// What the caller heard.
    pub heard: Vec<HeardSpeech>,
    /// What the practice model was told, audio left out, in order.
    pub told: Vec<String>,
    /// Why it ended, as its record says.
    pub end_reason: Option<String>,
    /// What the daemon took in it.
    pub waits: Waits,
    /// Whether all is as it must be.
    pub verdict: Verdict,
}

impl Outcome {
    /// Whether every call is as it must be, and nothing was left.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left.is_nothing() && self.calls.iter().all(|call| call.verdict.holds())
    }
}

/// Plays scenarios beside each other, each on a daemon of its own, and tells of each in its turn.
///
/// # Errors
/// [`SimulateError`], if something could not be played or judged; and those of `tell`.
pub async fn run<E: From<SimulateError>>(
    scenarios: Vec<Arc<Scenario>>,
    config: &Config,
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
        tasks.push(AbortOnDrop(tokio::spawn(async move {
            play_all(scenario, &config, voice, load.calls, slots).await
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

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether a real model can take part in these.
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
