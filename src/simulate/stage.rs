//! Where a scenario is played: one daemon with its world, and on it the scenario's calls, as many at
//! once as there are slots.

use std::sync::Arc;
use std::time::Duration;

use actors::supervision::introspection::ActorKind;
use protocol::ids::{InvalidId, PhoneNumber};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::scenario::Scenario;
use super::seen::{ModelSide, Seen};
use super::{CallOutcome, Outcome, SimulateError, judge, player};
use crate::config::{Config, DatabaseUrl};
use crate::practice::speech::Voice;
use crate::practice::twilio::{CallerHandle, Dial, LineQuality};
use crate::practice::world::{Plan, World, WorldError};

/// Between two callers' dialling: a telephone's calls don't begin all in one moment either.
const APART: Duration = Duration::from_millis(100);

/// Who may call, and when.
#[derive(Clone)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    /// Held by whoever is about to dial.
    turn: Arc<Mutex<()>>,
}

impl Slots {
    pub(super) fn new(at_once: u32) -> Self {
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

/// Plays a scenario's calls over one daemon.
pub(super) async fn play_all(
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
    caller.forget_recording();
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
pub(super) fn number_after(first: &PhoneNumber, n: u32) -> Result<PhoneNumber, InvalidId> {
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
