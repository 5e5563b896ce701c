//! Runs a scenario's calls against one daemon, as many at once as there are slots.

pub(crate) mod left;

use std::sync::Arc;
use std::time::Duration;

use practice::speech::Voice;
use practice::twilio::RestKind;
use protocol::ids::{InvalidId, PhoneNumber};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::error::SimulateError;
use super::outcome::{CallOutcome, Outcome};
use super::player::Course;
use super::scenario::{Calling, Scenario};
use super::seen::{ModelSide, Seen, WrittenSide};
use super::waits::Waits;
use super::{judge, line, player};
use crate::config::{Config, DatabaseUrl};
use crate::platform::Platform;
use crate::world::{Plan, World, WorldError};

pub use left::Left;

/// The pause between two callers. Real calls don't begin in the same moment either.
const APART: Duration = Duration::from_millis(100);

/// Limits the calls at once, and spaces their starts.
#[derive(Clone)]
pub(super) struct Slots {
    free: Arc<Semaphore>,
    /// Held by the caller that dials next.
    turn: Arc<Mutex<()>>,
}

impl Slots {
    pub(super) fn new(at_once: u32) -> Self {
        let free = Arc::new(Semaphore::new(at_once.max(1) as usize));
        Self { free, turn: Arc::default() }
    }

    /// Waits for a slot and for the turn to dial. The semaphore is never closed.
    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(&self.free).acquire_owned().await.ok();
        let _turn = self.turn.lock().await;
        tokio::time::sleep(APART).await;
        slot
    }
}

/// Runs a scenario's calls against one daemon. If a step affects all calls of a daemon, each call gets
/// its own.
pub(super) async fn play_all(
    scenario: Arc<Scenario>,
    config: &Config,
    platform: Platform,
    voice: Voice,
    calls: u32,
    slots: Slots,
) -> Result<Outcome, SimulateError> {
    let clock = platform.clock;
    let stage = Arc::new(Stage { scenario, config: config.clone(), platform, voice });
    let shared = match stage.scenario.script.is_alone() {
        true => None,
        false => Some(Arc::new(stage.open("all").await?)),
    };
    let started = clock.now();
    let mut playing = JoinSet::new();
    for n in 0..calls {
        let number = number_after(&stage.scenario.number, n)?;
        let (stage, shared, slots) = (Arc::clone(&stage), shared.clone(), slots.clone());
        playing.spawn(async move {
            let _slot = slots.take().await;
            let played = match shared {
                Some(world) => stage.play(&world, number).await.map(|call| (call, Left::default())),
                None => stage.play_alone(number).await,
            };
            (n, played)
        });
    }
    let (mut calls, mut left) = (Vec::new(), Left::default());
    while let Some(played) = playing.join_next().await {
        let (n, played) = played?;
        let (call, behind) = played?;
        left += behind;
        calls.push((n, call));
    }
    calls.sort_by_key(|(n, _)| *n);
    let took = clock.now().saturating_duration_since(started);
    if let Some(world) = shared {
        left += left::behind(&world).await?;
        if let Some(world) = Arc::into_inner(world) {
            world.close().await;
        }
    }
    let calls = calls.into_iter().map(|(_, call)| call).collect();
    Ok(Outcome { scenario: Arc::clone(&stage.scenario), calls, left, took, took_really: took })
}

/// How long a simulated call waits for its media socket. The default of 15 s is for real networks.
const STREAM_PATIENCE: Duration = Duration::from_secs(5);

/// What a scenario's daemon is made from.
struct Stage {
    scenario: Arc<Scenario>,
    config: Config,
    platform: Platform,
    voice: Voice,
}

impl Stage {
    /// Starts a world for the call from `part`, or for all.
    async fn open(&self, part: &str) -> Result<World, SimulateError> {
        let world = World::open(self.plan(self.platform.split(part))?).await?;
        let script = &self.scenario.script;
        for (kind, troubles) in [
            (RestKind::HangUp, &script.twilio.hang_ups),
            (RestKind::CreateMessage, &script.twilio.messages),
        ] {
            for trouble in troubles {
                world.carrier.plan_fault(kind, (*trouble).into(), 1);
            }
        }
        for code in &script.twilio.failed_deliveries {
            world.carrier.fail_next_delivery(*code);
        }
        world.carrier.set_delivery(script.twilio.callbacks.into());
        if let Some(text_model) = world.text_model() {
            script.model.spoil_texts(&text_model.faults());
        }
        if let Some(transfer) = &self.scenario.business.transfer {
            let person = script.transfer.into();
            world.carrier.set_callee(transfer.number.as_str(), person);
        }
        Ok(world)
    }

    /// Runs a call against its own daemon.
    async fn play_alone(&self, number: PhoneNumber) -> Result<(CallOutcome, Left), SimulateError> {
        let world = self.open(number.as_str()).await?;
        let played = self.play(&world, number).await?;
        let left = left::behind(&world).await?;
        world.close().await;
        Ok((played, left))
    }

    async fn play(&self, world: &World, number: PhoneNumber) -> Result<CallOutcome, SimulateError> {
        let scenario = &self.scenario;
        world.carrier.set_opted_out(number.as_str(), scenario.script.twilio.opted_out);
        let caller = match (scenario.script.calling(), scenario.script.caller.answers) {
            (Calling::Never | Calling::InAStep, _) => None,
            (Calling::AtOnce, None) => Some(line::dial(world, scenario, &number)),
            (Calling::AtOnce, Some(answers)) => {
                Some(line::be_called(world, answers, &number).await?)
            }
        };
        let Course { played, caller, began } = player::play(world, scenario, &number, caller).await;
        let written = match scenario.script.has_writing() {
            true => {
                Some(WrittenSide::gather(world, &number, began, &scenario.script.expect).await?)
            }
            false => None,
        };
        let Some(caller) = caller else {
            let written = written.unwrap_or_default();
            let verdict = judge::judge_written(scenario, &played, &written);
            return Ok(CallOutcome::without_call(number, &written, verdict));
        };
        let length = caller.view().borrow().ended_at.unwrap_or_else(|| caller.elapsed());
        caller.forget_recording();
        let seen = Seen::gather(world, &caller, &number, played, written).await?;
        let verdict = judge::judge(scenario, &seen);
        let told = seen.model.as_ref().map(ModelSide::told).unwrap_or_default();
        let waits = Waits::kept_in(seen.record.as_ref().and_then(|record| record.stats.as_ref()));
        let end_reason = seen.record.and_then(|record| record.end_reason);
        let (spoken, heard) = (seen.played.spoken, seen.view.heard);
        let written = seen.written.map(|written| written.lines()).unwrap_or_default();
        let called = true;
        Ok(CallOutcome {
            number,
            length,
            called,
            spoken,
            heard,
            written,
            told,
            end_reason,
            waits,
            verdict,
        })
    }

    fn plan(&self, platform: Platform) -> Result<Plan, SimulateError> {
        let mut openai = self.scenario.script.model.options();
        openai.voice = self.voice.clone();
        // A simulation uses neither the operator's database nor the operator's account.
        let mut own = Config {
            openai: self.config.openai.clone(),
            supervision: self.config.supervision.clone(),
            ..Config::default()
        };
        own.admin.allow_actor_kill = true;
        own.server.patience.stream = STREAM_PATIENCE;
        own.database.url = DatabaseUrl::parse("sqlite::memory:")
            .ok_or_else(|| WorldError::Config("no database in memory".to_owned()))?;
        Ok(Plan {
            public_url: None,
            config: own,
            business: self.scenario.business.clone(),
            other_businesses: Vec::new(),
            openai,
            voice: self.voice.clone(),
            line_speed: 1.0,
            platform,
            state_dir: None,
            keeps_audio: false,
        })
    }
}

/// The `n`th number after this one.
pub(super) fn number_after(first: &PhoneNumber, n: u32) -> Result<PhoneNumber, InvalidId> {
    let digits = first.as_str().trim_start_matches('+');
    let number = digits.parse::<u64>().unwrap_or_default() + u64::from(n);
    PhoneNumber::parse(&format!("+{number}"))
}
