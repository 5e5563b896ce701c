//! Plays a story: opens the world, lets the callers call and the troubles happen, and gathers what
//! there is to check.

mod ended;
mod performer;
mod troubles;

use std::sync::Arc;
use std::time::Duration;

use practice::twilio::{CallerHandle, Dial};
use protocol::business::BusinessSettings;
use protocol::call::{HangUp, Phase};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ended::Ended;
use super::error::ChaosError;
use super::story::{Caller, Scenes, Story};
use crate::config::{Config, DatabaseUrl};
use crate::platform::Platform;
use crate::simulate::stage::left::behind_within;
use crate::world::{Plan, World};

/// The calls that were dialled, by their index in the story.
pub(super) type Dialled = watch::Sender<Vec<Option<CallerHandle>>>;

/// How long the daemon may take to be rid of everything, once the callers have gone and the troubles
/// are over.
const SETTLES_WITHIN: Duration = Duration::from_secs(120);

/// How long the daemon waits for the end of a call that a person may have taken, if Twilio reports nothing
/// more of it: as long as a call can last there.
const HANDED_OVER: Duration = Duration::from_mins(4 * 60 + 2);

/// Plays the story on the simulation's runtime.
///
/// # Errors
/// [`ChaosError`] if the world did not open or could not be read. What the daemon does wrong is no
/// error.
pub(super) async fn play(
    story: &Story,
    businesses: &[BusinessSettings],
    platform: Platform,
    dialled: &Dialled,
    scenes: &watch::Sender<Scenes>,
) -> Result<Ended, ChaosError> {
    let (began, network) = (platform.clock.now(), platform.network.clone());
    let world = Arc::new(World::open(plan(story, businesses, platform)?).await?);
    let before = ended::Before::now(began, network.clone());
    dialled.send_replace(vec![None; story.callers.len()]);
    let mut callers = JoinSet::new();
    for (index, caller) in story.callers.iter().cloned().enumerate() {
        let (world, dialled) = (Arc::clone(&world), dialled.clone());
        callers.spawn(async move {
            tokio::time::sleep(caller.dials_at).await;
            let handle = dial(&world, &caller);
            dialled.send_modify(|calls| calls[index] = Some(handle.clone()));
            (index, performer::perform(&caller, &handle).await)
        });
    }
    let mut troubles = JoinSet::new();
    for trouble in story.troubles.iter().cloned() {
        let (world, network) = (Arc::clone(&world), network.clone());
        let seen = (dialled.subscribe(), scenes.subscribe());
        troubles.spawn(troubles::happen(world, network, trouble, seen));
    }
    let mut overstayed = vec![false; story.callers.len()];
    while let Some(performed) = callers.join_next().await {
        let (index, waited_too_long) = performed?;
        overstayed[index] = waited_too_long;
    }
    scenes.send_modify(|scenes| scenes.are_over = true);
    // Every trouble ends by itself.
    while let Some(happened) = troubles.join_next().await {
        happened?;
    }
    behind_within(&world, SETTLES_WITHIN).await?;
    if is_handed_over(&world).await {
        tokio::time::sleep(HANDED_OVER).await;
        behind_within(&world, SETTLES_WITHIN).await?;
    }
    ended::journal_is_written(&world, SETTLES_WITHIN).await;
    let ended = ended::gather(&world, story, &dialled.borrow(), &overstayed, &before).await?;
    if let Some(world) = Arc::into_inner(world) {
        world.close().await;
    }
    Ok(ended)
}

async fn is_handed_over(world: &World) -> bool {
    let calls = world.app.calls().list().await;
    calls.iter().any(|call| {
        matches!(
            call.phase(),
            Phase::HandingOver { .. } | Phase::HangingUp { how: HangUp::PutThrough { .. }, .. }
        )
    })
}

fn plan(
    story: &Story,
    businesses: &[BusinessSettings],
    platform: Platform,
) -> Result<Plan, ChaosError> {
    let mut config = Config::default();
    config.admin.allow_actor_kill = true;
    config.database.url = DatabaseUrl::parse("sqlite::memory:").ok_or(ChaosError::NoDatabase)?;
    let mut plan = Plan::locksmith()?;
    plan.config = config;
    plan.platform = platform;
    if let [first, others @ ..] = businesses {
        plan.business = first.clone();
        plan.other_businesses = others.to_vec();
    }
    plan.openai.behaviour = story.model.clone();
    Ok(plan)
}

fn dial(world: &World, caller: &Caller) -> CallerHandle {
    let (_, business) = &world.businesses[caller.business];
    let from = caller.number.as_ref().map_or("anonymous", |number| number.as_str());
    let mut dial = Dial::new(from, business.phone_numbers[0].as_str());
    dial.language = business.language.as_str().to_owned();
    dial.line = caller.line;
    world.carrier.dial(&dial)
}
