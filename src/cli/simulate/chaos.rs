//! `frontdesk simulate --chaos`: plays seeds and reports the first broken invariant of each.

use std::collections::VecDeque;
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::options::Options;
use crate::chaos::{self, ChaosError, LeaveOut, Plant, Replay, SeedRun};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::seeds::Seeds;
use crate::platform::Platform;

/// Calls of a seed unless it is said.
const CALLS: usize = 5;

/// What to play.
pub(super) struct Chaos {
    pub(super) seeds: Seeds,
    /// Calls of each seed.
    pub(super) calls: usize,
    /// Daemons of each seed.
    pub(super) nodes: usize,
    /// Stop when so much real time has passed.
    pub(super) within: Option<Duration>,
    pub(super) trace: Option<PathBuf>,
    pub(super) shrinks: bool,
    pub(super) leave_out: LeaveOut,
    pub(super) plant: Plant,
}

impl From<Options> for Chaos {
    fn from(options: Options) -> Self {
        #[cfg(feature = "mistakes")]
        let plant = options.plant.into();
        #[cfg(not(feature = "mistakes"))]
        let plant = Plant::default();
        let nodes = options.processes.unwrap_or(options.nodes);
        let Options { calls, seed, within, trace, shrink, leave_out, .. } = options;
        let calls = calls.map_or(CALLS, |calls| usize::try_from(calls).unwrap_or(usize::MAX));
        let leave_out = leave_out.unwrap_or_default();
        let nodes = nodes.into();
        Self { seeds: seed, calls, nodes, within, trace, shrinks: shrink, leave_out, plant }
    }
}

/// Plays one seed after another with real processes.
pub(super) async fn run_processes(
    chaos: Chaos,
    url: &str,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    let clock = platform.clock;
    let started = clock.now();
    let mut tally = chaos::Tally::default();
    for seed in chaos.seeds.0 {
        let took = clock.now().saturating_duration_since(started);
        if chaos.within.is_some_and(|within| took >= within) {
            break;
        }
        let (calls, nodes, leave_out) = (chaos.calls, chaos.nodes, LeaveOut::default());
        let replay = Replay { seed, calls, nodes, leave_out, is_real: true, plant: chaos.plant };
        let run = chaos::play_processes(replay, url, platform).await?;
        tally.add(&run);
        tell(&run, out)?;
    }
    let took = clock.now().saturating_duration_since(started);
    out.write_all(tally.summary(took).as_bytes())?;
    Ok(if tally.all_hold() { Exit::Clean } else { Exit::Failed })
}

fn tell(run: &SeedRun, out: &mut impl Write) -> Result<(), CliError> {
    if let Some(lines) = run.broken_lines() {
        out.write_all(lines.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// Plays one seed after another on each core, and tells of them in order.
pub(super) async fn run(
    chaos: Chaos,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    let clock = platform.clock;
    let started = clock.now();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut seeds = chaos.seeds.0.clone();
    let mut running: VecDeque<JoinHandle<Result<SeedRun, ChaosError>>> = VecDeque::new();
    let mut tally = chaos::Tally::default();
    loop {
        let is_late = || {
            let took = clock.now().saturating_duration_since(started);
            chaos.within.is_some_and(|within| took >= within)
        };
        while running.len() < cores && !is_late() {
            let Some(seed) = seeds.next() else { break };
            let (calls, nodes, leave_out) = (chaos.calls, chaos.nodes, chaos.leave_out.clone());
            let replay =
                Replay { seed, calls, nodes, leave_out, is_real: false, plant: chaos.plant };
            let (trace, shrinks) = (chaos.trace.clone(), chaos.shrinks);
            running.push_back(tokio::task::spawn_blocking(move || {
                chaos::play_seed(replay, trace.as_deref(), shrinks)
            }));
        }
        let Some(next) = running.pop_front() else { break };
        let run = next.await.map_err(ChaosError::from)??;
        tell(&run, out)?;
        tally.add(&run);
    }
    let took = clock.now().saturating_duration_since(started);
    out.write_all(tally.summary(took).as_bytes())?;
    Ok(if tally.all_hold() { Exit::Clean } else { Exit::Failed })
}
