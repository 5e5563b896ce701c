//! `frontdesk`: reads arguments and environment, runs one command, and exits with its status.

use std::io::Write;
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use frontdesk::cli::{self, Arguments, Environment, logging};
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            // If the standard error is closed, nobody can be told.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread for each core. On a single core the tasks run on the main thread: that needs no
/// second thread, and no locks between workers (docs/performance.md).
fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut runtime =
        if cores == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    runtime.enable_all().build()
}

fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let environment = Environment::read();
    #[cfg(feature = "mistakes")]
    if let Some(name) = environment.get(mistakes::VARIABLE) {
        mistakes::plant_everywhere(name.parse()?);
    }
    if let Err(refused) = logging::start(&environment, arguments.command.log_filter()) {
        writeln!(std::io::stderr(), "error: {refused}")?;
        return Ok(ExitCode::from(cli::BAD_CONFIGURATION));
    }
    let runtime = runtime().context("the runtime could not be started")?;
    let result = runtime.block_on(cli::run(arguments, environment));
    // A blocked thread, as in a DNS look-up, must not delay the exit.
    runtime.shutdown_background();
    match result {
        Ok(exit) => Ok(exit.into()),
        Err(error) => {
            writeln!(std::io::stderr(), "{}", error.lines())?;
            Ok(error.code().into())
        }
    }
}
