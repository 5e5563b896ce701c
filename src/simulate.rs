//! Scripted callers against the real daemon (PRAC-5): a scenario's calls are played side by side
//! over one daemon on loopback, and what came of each is judged. The model is the practice one, or
//! the real one where the configuration says so; Twilio is always the simulated one.

mod judge;
mod player;
mod report;
mod scenario;
mod seen;

use std::sync::Arc;
use std::time::Duration;

use actors::supervision::introspection::ActorKind;
use entities::RecordsError;
use protocol::ids::{InvalidId, PhoneNumber};
use thiserror::Error;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};

pub use judge::Verdict;
pub use player::{Played, Spoken};
pub use report::{Tally, call_lines, scenario_lines, summary};
pub use scenario::{Action, After, Scenario, ScenarioError, Script};

use crate::config::{Config, DatabaseUrl, Provider};
use crate::practice::speech::Voice;
use crate::practice::twilio::{CallerHandle, Dial, HeardSpeech, LineQuality};
use crate::practice::world::{Plan, World, WorldError};
use seen::{ModelSide, Seen};

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
    /// What was left of them in the daemon when all were over, such as an actor.
    pub left: Vec<String>,
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
    /// Whether all is as it must be.
    pub verdict: Verdict,
}

impl Outcome {
    /// Whether every call is as it must be, and nothing was left.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left.is_empty() && self.calls.iter().all(|call| call.verdict.holds())
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

/// Between two callers' dialling: a telephone's calls don't begin all in one moment either.
const APART: Duration = Duration::from_millis(100);

/// Who may call, and when.
#[derive(Clone)]
struct Slots {
    free: Arc<Semaphore>,
    /// Held by whoever is about to dial.
    turn: Arc<Mutex<()>>,
}

impl Slots {
    fn new(at_once: u32) -> Self {
        let free = Arc::new(Semaphore::new(at_once.max(1) as usize));
        Self { free, turn: Arc::default() }
    }

    /// Waits for a slot and for the turn to dial. The semaphore is never closed: a slot comes.
    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.free).acquire_owned().await.ok();
        let _turn = self.turn.lock().await;
        tokio::time::sleep(APART).await;
        slot
    }
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

/// Plays a scenario's calls over one daemon.
async fn play_all(
    scenario: Arc<Scenario>,
    config: &Config,
    voice: Voice,
    calls: u32,
    slots: Slots,
) -> Result<Outcome, SimulateError> {
    let world = Arc::new(World::open(plan(&scenario, config, voice)?).await?);
    let started = world.app.services().clock.now();
    let mut playing = JoinSet::new();
    for n in 0..calls {
        let number = number_after(&scenario.script.caller.number, n)?;
        let (world, scenario, slots) = (Arc::clone(&world), Arc::clone(&scenario), slots.clone());
        playing.spawn(async move {
            let _slot = slots.take().await;
            let outcome = play_one(&world, &scenario, number).await;
            (n, outcome)
        });
    }
    let mut calls = Vec::new();
    while let Some(played) = playing.join_next().await {
        let (n, outcome) = played?;
        calls.push((n, outcome?));
    }
    calls.sort_by_key(|(n, _)| *n);
    let took = world.app.services().clock.now().saturating_duration_since(started);
    let left = left_behind(&world).await?;
    if let Some(world) = Arc::into_inner(world) {
        world.close().await;
    }
    let calls = calls.into_iter().map(|(_, call)| call).collect();
    Ok(Outcome { scenario, calls, left, took })
}

fn plan(scenario: &Scenario, config: &Config, voice: Voice) -> Result<Plan, SimulateError> {
    let mut openai = scenario.script.model.options();
    openai.voice = voice.clone();
    // A simulation neither writes into the operator's database nor knows the operator's account.
    let mut own = Config {
        openai: config.openai.clone(),
        supervision: config.supervision.clone(),
        ..Config::default()
    };
    own.database.url = DatabaseUrl::parse("sqlite::memory:")
        .ok_or_else(|| WorldError::Config("no database in memory".to_owned()))?;
    Ok(Plan {
        config: own,
        business: scenario.business.clone(),
        openai,
        voice,
        line_speed: 1.0,
        keeps_audio: false,
    })
}

async fn play_one(
    world: &World,
    scenario: &Scenario,
    number: PhoneNumber,
) -> Result<CallOutcome, SimulateError> {
    let caller = dial(world, scenario, &number);
    let played = player::play(&caller, &scenario.script, world.app.practice().is_some()).await;
    let length = caller.view().borrow().ended_at.unwrap_or_else(|| caller.elapsed());
    let seen = Seen::gather(world, &caller, &number, played).await?;
    let verdict = judge::judge(scenario, &seen);
    let told = seen.model.as_ref().map(ModelSide::told).unwrap_or_default();
    let (spoken, heard) = (seen.played.spoken, seen.view.heard);
    Ok(CallOutcome { number, length, spoken, heard, told, verdict })
}

fn dial(world: &World, scenario: &Scenario, number: &PhoneNumber) -> CallerHandle {
    let caller = &scenario.script.caller;
    let mut dial = Dial::new(number.as_str(), world.business.phone_numbers[0].as_str());
    dial.language = world.business.language.as_str().to_owned();
    dial.line = LineQuality {
        silence: caller.silence.into(),
        burst: u32::from(caller.burst.get()),
        ..LineQuality::default()
    };
    world.carrier.dial(&dial)
}

/// The number so many after this one.
fn number_after(first: &PhoneNumber, n: u32) -> Result<PhoneNumber, InvalidId> {
    let digits = first.as_str().trim_start_matches('+');
    let number = digits.parse::<u64>().unwrap_or_default() + u64::from(n);
    PhoneNumber::parse(&format!("+{number}"))
}

/// How long the daemon may take to be rid of a call.
const RID_WITHIN: Duration = Duration::from_secs(10);

/// Who is left in the daemon, and which sessions, when no call is (RES-8).
async fn left_behind(world: &World) -> Result<Vec<String>, SimulateError> {
    let mut left = Vec::new();
    let until = world.app.services().clock.now() + RID_WITHIN;
    while world.app.services().clock.now() < until {
        left = left_now(world).await?;
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(left)
}

async fn left_now(world: &World) -> Result<Vec<String>, WorldError> {
    let of_a_call = [
        ActorKind::CallSupervisor,
        ActorKind::Call,
        ActorKind::TwilioIo,
        ActorKind::Realtime,
        ActorKind::Lead,
    ];
    let actors = world.actors().await?;
    let mut left: Vec<String> = (actors.iter())
        .filter(|actor| of_a_call.contains(&actor.kind))
        .map(|actor| format!("actor {}", actor.name))
        .collect();
    let alive = world.app.practice().map_or(0, |practice| practice.log().look(|r| r.alive));
    if alive > 0 {
        left.push(format!("{alive} sessions"));
    }
    Ok(left)
}

#[cfg(test)]
mod tests;
