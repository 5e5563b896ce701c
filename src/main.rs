//! `frontdesk`: reads arguments and environment, runs one command, and exits with its status.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use frontdesk::cli::{self, Arguments, Environment, logging};

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

fn run() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let environment = Environment::read();
    if let Err(refused) = logging::start(&environment, arguments.command.log_filter()) {
        writeln!(std::io::stderr(), "error: {refused}")?;
        return Ok(ExitCode::from(cli::BAD_CONFIGURATION));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
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
