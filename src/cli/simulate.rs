//! `frontdesk simulate`: plays scenario files and says whether they hold (PRAC-5).

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use ::actors::clock::Clock;
use clap::Args;
use thiserror::Error;

use super::{CliError, Exit};
use crate::config::{Config, Provider};
use crate::simulate::{self, Load, Scenario, ScenarioError, SimulateError, Tally};

/// What to play.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Options {
    /// Scenario files.
    #[arg(required = true, value_name = "SCENARIO.toml")]
    scenarios: Vec<PathBuf>,
    /// How often each is played; several calls of it run over one daemon.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calls: u32,
    /// The most calls that run at once, of all scenarios together.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=150))]
    at_once: u32,
}

/// Why scenarios were not played.
#[derive(Debug, Error)]
pub enum SimulateFailed {
    /// A file is wrong: exit status 2.
    #[error(transparent)]
    File(#[from] ScenarioError),
    /// A real model is asked for, and there is no key for it: exit status 2.
    #[error(
        "openai.api_key is missing: provider = \"openai\" needs one; FRONTDESK__OPENAI__API_KEY keeps it out of the file"
    )]
    NoKey,
    /// They could not be played.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}

impl SimulateFailed {
    /// Whether what was given can't be used.
    pub(super) fn is_about_what_was_given(&self) -> bool {
        match self {
            Self::File(_) | Self::NoKey => true,
            Self::Simulate(error) => match error {
                SimulateError::NoVoice | SimulateError::WaitsForWords { .. } => true,
                SimulateError::World(_)
                | SimulateError::Records(_)
                | SimulateError::Number(_)
                | SimulateError::Broken(_) => false,
            },
        }
    }
}

impl From<SimulateError> for CliError {
    fn from(error: SimulateError) -> Self {
        Self::Simulate(error.into())
    }
}

/// Plays the scenarios.
pub(super) async fn run(
    options: Options,
    config: &Config,
    clock: &Clock,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    let Options { scenarios, calls, at_once } = options;
    let scenarios: Result<Vec<_>, ScenarioError> =
        scenarios.iter().map(|file| Scenario::read(file).map(Arc::new)).collect();
    let scenarios = scenarios.map_err(SimulateFailed::from)?;
    if config.openai.provider == Provider::OpenAi && config.openai.api_key.is_none() {
        return Err(SimulateFailed::NoKey.into());
    }
    let started = clock.now();
    let mut tallies = Vec::new();
    let all_hold = simulate::run(scenarios, config, Load { calls, at_once }, |outcome| {
        tallies.push(Tally::from(outcome));
        out.write_all(simulate::scenario_lines(outcome).as_bytes())?;
        out.flush().map_err(CliError::from)
    });
    let all_hold = all_hold.await?;
    let took = clock.now().saturating_duration_since(started);
    out.write_all(simulate::summary(&tallies, took).as_bytes())?;
    Ok(if all_hold { Exit::Clean } else { Exit::Failed })
}
