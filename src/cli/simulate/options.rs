//! The options of `frontdesk simulate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use thiserror::Error;

use crate::chaos::LeaveOut;
use crate::cli::logging::UNPLANNED_PANICS;
use crate::cli::seeds::Seeds;

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Options {
    /// Scenario files. Several run at once, each against its own daemon.
    #[arg(
        required_unless_present = "chaos",
        conflicts_with = "chaos",
        value_name = "SCENARIO.toml"
    )]
    pub(in crate::cli) scenarios: Vec<PathBuf>,
    /// How many calls to play of each scenario or seed, against one daemon [default: 1; chaos: 5].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) calls: Option<u32>,
    /// The most calls at once, of each scenario; with --real-time of all together.
    #[arg(long, value_name = "N", default_value_t = 16, conflicts_with = "chaos", value_parser = clap::value_parser!(u32).range(1..=150))]
    pub(in crate::cli) at_once: u32,
    /// Play over sockets in real time.
    #[arg(long)]
    pub(in crate::cli) real_time: bool,
    /// The seed of everything that chance decides; with --chaos also a range such as 1..=100.
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "real_time")]
    pub(in crate::cli) seed: Seeds,
    /// Draw callers and faults from the seed, and check the invariants of ARCHITECTURE.md throughout.
    ///
    /// The first invariant that breaks is printed with the story, the last events, and the command that
    /// plays it again.
    #[arg(long, conflicts_with = "real_time")]
    pub(in crate::cli) chaos: bool,
    /// How many daemons share a seed's database; they are killed, cut off from it and drained.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "chaos", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(in crate::cli) nodes: u8,
    /// Play with so many daemons as real processes, over sockets and in real time. They share the PostgreSQL
    /// database of database.url, in a schema that is made for it and removed.
    #[arg(long, value_name = "N", requires = "chaos", conflicts_with_all = ["nodes", "trace", "shrink", "leave_out"], value_parser = clap::value_parser!(u8).range(2..=5))]
    pub(in crate::cli) processes: Option<u8>,
    /// Begin no further seed after so much real time, such as 10m.
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(in crate::cli) within: Option<Duration>,
    /// Write each event, message and frame of one scenario or one seed to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "real_time")]
    pub(in crate::cli) trace: Option<PathBuf>,
    /// Look for a smaller story: leave out calls and troubles as long as the same invariant breaks.
    #[arg(long)]
    pub(in crate::cli) shrink: bool,
    /// Leave out these parts of a seed's story: c2,t1 is the second call and the first trouble.
    #[arg(long, value_name = "PARTS")]
    pub(in crate::cli) leave_out: Option<LeaveOut>,
    /// Plant this mistake, to see that it is found.
    #[cfg(feature = "mistakes")]
    #[arg(long, value_name = "NAME", requires = "chaos")]
    pub(in crate::cli) plant: Option<mistakes::Mistake>,
}

/// Why options don't go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OptionsError {
    #[error("--trace writes down one run: give one scenario, or one seed")]
    TraceOfMany,
    #[error("--trace needs virtual time, and openai.provider is \"openai\"")]
    TraceOfRealTime,
    #[error("--leave-out names parts of one story: give one seed")]
    LeaveOutOfMany,
    #[error("several seeds, --for, --shrink and --leave-out are for --chaos")]
    WithoutChaos,
}

impl Options {
    /// In real time what the daemon logs belongs to the result. In virtual time faults are ordered, and
    /// a run is replayed with a trace.
    pub(in crate::cli) fn log_filter(&self) -> &'static str {
        if self.real_time || self.processes.is_some() { "warn" } else { UNPLANNED_PANICS }
    }

    /// # Errors
    /// Options don't go together.
    pub(super) fn check(&self) -> Result<(), OptionsError> {
        let one_seed = self.seed.is_one();
        let one_run = one_seed && self.scenarios.len() <= 1;
        let is_for_chaos =
            !one_seed || self.shrink || self.within.is_some() || self.leave_out.is_some();
        if !self.chaos && is_for_chaos {
            Err(OptionsError::WithoutChaos)
        } else if self.trace.is_some() && !one_run {
            Err(OptionsError::TraceOfMany)
        } else if self.leave_out.is_some() && !one_seed {
            Err(OptionsError::LeaveOutOfMany)
        } else {
            Ok(())
        }
    }
}
