//! Plays a story in virtual time, under watch.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use protocol::business::{AfterCall, BusinessSettings};
use protocol::ids::Slug;
use tokio::sync::watch;

use super::draw;
use super::ended::Endings;
use super::error::ChaosError;
use super::invariants::{Broken, check_ended};
use super::observer::Observer;
use super::plant::Plant;
use super::played::Played;
use super::shrink::shrink;
use super::stage;
use super::story::{LeaveOut, Story};
use crate::config::business_file;
use crate::simulate::trace::file::{self, TraceError};
use crate::virtual_time;

/// Two businesses share the daemon: a Hebrew one and an English one.
const BUSINESSES: [(&str, &str); 2] = [
    (
        "examples/businesses/tel-aviv-locks.toml",
        include_str!("../../examples/businesses/tel-aviv-locks.toml"),
    ),
    (
        "examples/businesses/harbour-clinic.toml",
        include_str!("../../examples/businesses/harbour-clinic.toml"),
    ),
];

/// What is needed to play the same story again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    pub seed: u64,
    pub calls: usize,
    /// Daemons.
    pub nodes: usize,
    pub leave_out: LeaveOut,
    /// With real processes.
    pub is_real: bool,
    pub plant: Plant,
}

/// What came of one seed.
#[derive(Debug)]
pub struct SeedRun {
    pub replay: Replay,
    pub story: Story,
    /// The businesses that are called, in the story's order.
    pub businesses: Vec<Slug>,
    pub played: Played,
}

/// Draws the seed's story and plays it. With `shrinks`, a story that breaks an invariant is made
/// smaller. The trace goes to the file at `trace`.
///
/// # Errors
/// [`ChaosError`] if the story could not be played.
pub fn play_seed(
    replay: Replay,
    trace: Option<&Path>,
    shrinks: bool,
) -> Result<SeedRun, ChaosError> {
    if !virtual_time::IS_REPLAYABLE {
        return Err(ChaosError::NotReplayable);
    }
    let businesses = businesses()?;
    let called: Vec<_> = businesses.iter().map(draw::Called::of).collect();
    let whole = draw::story_of_nodes(replay.seed, replay.calls, replay.nodes, &called);
    if let Some(part) = replay.leave_out.beyond(&whole) {
        let (calls, troubles) = (whole.callers.len(), whole.troubles.len());
        return Err(ChaosError::NoSuchPart { part, calls, troubles });
    }
    let slugs = businesses.iter().map(|business| business.slug.clone()).collect();
    let story = replay.leave_out.from(&whole);
    let plays = |story: &Story, trace| play(story, &businesses, replay.plant, trace);
    let played = plays(&story, trace)?;
    let Some(broken) = played.broken.as_ref().filter(|_| shrinks) else {
        return Ok(SeedRun { replay, story, businesses: slugs, played });
    };
    let same = |story: &Story| {
        let again = plays(story, None).ok().and_then(|played| played.broken);
        again.is_some_and(|again| again.invariant == broken.invariant)
    };
    let leave_out = shrink(&whole, replay.leave_out.clone(), same);
    let story = leave_out.from(&whole);
    let played = plays(&story, trace)?;
    let replay = Replay { leave_out, ..replay };
    Ok(SeedRun { replay, story, businesses: slugs, played })
}

/// The businesses that are called. They write after calls that have told something.
pub(super) fn businesses() -> Result<Vec<BusinessSettings>, ChaosError> {
    let read = |(path, text): (&str, &str)| {
        let mut business = business_file::parse(Path::new(path), text)?;
        business.whatsapp.after_call = AfterCall::Lead;
        Ok(business)
    };
    BUSINESSES.into_iter().map(read).collect()
}

/// Plays a story.
///
/// # Errors
/// [`ChaosError`] if it could not be played.
pub(super) fn play(
    story: &Story,
    businesses: &[BusinessSettings],
    plant: Plant,
    trace: Option<&Path>,
) -> Result<Played, ChaosError> {
    let file = trace.map(file::create).transpose()?;
    let dialled = watch::Sender::default();
    let scenes = watch::Sender::default();
    let observer = Observer::new(story, dialled.subscribe(), scenes.clone(), file);
    let run = || {
        virtual_time::run(story.seed, virtual_time::begins(), async |platform| {
            let clock = platform.clock;
            observer.starts(&clock);
            let began = clock.now();
            let ended = stage::play(story, businesses, platform, &dialled, &scenes).await;
            (ended, clock.now() - began)
        })
    };
    let mut endings = Endings::default();
    let (broken, took) =
        match catch_unwind(AssertUnwindSafe(|| plant.within(|| observer.watch(run)))) {
            Ok((ended, took)) => {
                let (story, ended) = (story.as_it_went(&scenes.borrow()), ended?);
                endings = ended.endings();
                (check_ended(&story, &ended).into_iter().next(), took)
            }
            Err(panic) => (Some(Broken::panicked(&*panic)), Duration::ZERO),
        };
    let played = observer.result(broken, took).map(|played| Played { endings, ..played });
    played.map_err(|cause| TraceError::new(trace.unwrap_or(Path::new("")), cause).into())
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, calls, nodes, leave_out, is_real, plant } = self;
        write!(f, "frontdesk simulate --chaos --seed {seed} --calls {calls}{plant}")?;
        if *is_real {
            return write!(f, " --processes {nodes}");
        }
        if *nodes > 1 {
            write!(f, " --nodes {nodes}")?;
        }
        if !leave_out.is_empty() {
            write!(f, " --leave-out {leave_out}")?;
        }
        write!(f, " --trace trace.txt")
    }
}
