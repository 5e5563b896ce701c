//! Chaos with real processes: several daemons on one PostgreSQL database, over sockets, in real time. They are
//! killed with SIGKILL, told to stop with SIGTERM, and cut off from the database. The invariants are checked from
//! outside: on what the practice Twilio, the practice OpenAI and the database hold.

mod daemon;
mod hall;
mod troubles;

use std::sync::Arc;
use std::time::Duration;

use migration::scratch::ScratchSchema;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::draw;
use super::error::ChaosError;
use super::invariants::{Broken, check_ended};
use super::play::{Replay, SeedRun, businesses};
use super::played::Played;
use super::stage::ended::{self, Parts};
use super::stage::performer;
use super::stage::tenures::Tenures;
use super::story::Story;
use crate::platform::Platform;
use hall::Hall;

/// How long the daemons may take to write everything, once the callers have gone and the troubles are over.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// Where the database's URL is configured.
const URL_KEY: &str = "database.url";
/// The pause between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Draws the seed's story and plays it with `replay.nodes` daemons on the database at `url`, in a schema of its
/// own.
///
/// # Errors
/// [`ChaosError`] if it could not be played. What a daemon does wrong is no error.
pub async fn play_processes(
    replay: Replay,
    url: &str,
    platform: &Platform,
) -> Result<SeedRun, ChaosError> {
    if !url.starts_with("postgres") {
        return Err(ChaosError::NoPostgres);
    }
    let businesses = businesses()?;
    let called: Vec<_> = businesses.iter().map(draw::Called::of).collect();
    let story = draw::story_of_processes(replay.seed, replay.calls, replay.nodes, &called);
    let slugs = businesses.iter().map(|business| business.slug.clone()).collect();
    let name = format!("frontdesk_{}", platform.chance.new_id(platform.clock.wall()).simple());
    let schema = ScratchSchema::make(url, &name, URL_KEY).await?;
    let place = (schema.url.as_str(), std::env::temp_dir().join(&name));
    let played = match Hall::open(&story, &businesses, place, replay.plant, platform).await {
        Ok(hall) => play_in(&story, hall).await,
        Err(error) => Err(error),
    };
    // Whatever came of it, nothing is left in the database.
    let removed = schema.remove().await;
    let played = played?;
    removed?;
    Ok(SeedRun { replay, story, businesses: slugs, played })
}

async fn play_in(story: &Story, hall: Hall) -> Result<Played, ChaosError> {
    let hall = Arc::new(hall);
    let played = play(story, &hall).await;
    if let Some(hall) = Arc::into_inner(hall) {
        let is_broken = !matches!(&played, Ok(Played { broken: None, .. }));
        hall.close(is_broken).await;
    }
    played
}

async fn play(story: &Story, hall: &Arc<Hall>) -> Result<Played, ChaosError> {
    let began = hall.outside.clock.now();
    let dialled = watch::Sender::new(vec![None; story.callers.len()]);
    let database = hall.outside.database.clone();
    let clock = (hall.outside.clock, began);
    let tenures = Tenures::watch(true, database, dialled.subscribe(), clock);
    let mut callers = JoinSet::new();
    for (index, caller) in story.callers.iter().cloned().enumerate() {
        let (hall, dialled) = (Arc::clone(hall), dialled.clone());
        callers.spawn(async move {
            sleep(caller.dials_at).await;
            let Some(handle) = hall.begin(&caller).await else { return (index, false) };
            dialled.send_modify(|calls| calls[index] = Some(handle.clone()));
            (index, performer::perform(&caller, &handle).await)
        });
    }
    let mut troubles = JoinSet::new();
    for trouble in story.troubles.iter().cloned() {
        troubles.spawn(troubles::happen(Arc::clone(hall), trouble, dialled.subscribe()));
    }
    let mut overstayed = vec![false; story.callers.len()];
    while let Some(performed) = callers.join_next().await {
        let (index, waited_too_long) = performed?;
        overstayed[index] = waited_too_long;
    }
    while let Some(happened) = troubles.join_next().await {
        happened??;
    }
    let tenures = tenures.ended().await;
    let dialled = dialled.borrow().clone();
    let until = hall.outside.clock.now() + SETTLES_WITHIN;
    // The journals write behind. What is wrong for good is wrong at the last look, too.
    loop {
        let parts = Parts { story, dialled: &dialled, overstayed: &overstayed, began };
        let mut ended = ended::gather(&hall.outside, parts, tenures.clone()).await?;
        ended.lived = hall.lived();
        let broken: Option<Broken> = check_ended(story, &ended).into_iter().next();
        if broken.is_none() || hall.outside.clock.now() >= until {
            let (took, endings) = (ended.at, ended.endings());
            let last_events = if broken.is_some() { hall.last_words() } else { Vec::new() };
            return Ok(Played { broken, last_events, took, endings });
        }
        sleep(LOOK).await;
    }
}
