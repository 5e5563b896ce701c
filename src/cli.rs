//! The command line: what can be asked for, and what each ending is worth as an exit status. Each
//! command has its module; the daemon itself is [`app`](crate::app).

mod actors;
mod business;
mod check;
mod database;
mod environment;
mod error;
mod http;
pub mod logging;
mod migrate;
mod output;
mod prompt;
mod serve;
mod signals;
#[cfg(feature = "practice")]
mod simulate;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::actors::clock::Clock;
use clap::{Parser, Subcommand};

use crate::config::Config;
#[cfg(feature = "practice")]
use crate::demo;

pub use environment::Environment;
pub use error::CliError;

/// The exit status of a configuration that can't be used, as of arguments that can't.
pub const BAD_CONFIGURATION: u8 = 2;
/// The exit status of a daemon whose root supervisor gave up: the service manager should start it
/// again (`EX_SOFTWARE` of sysexits.h).
const GAVE_UP: u8 = 70;

#[cfg(not(feature = "practice"))]
const NO_PRACTICE: &str =
    "Built without the practice feature: there is no `demo` and no `simulate`.";

/// Answers a business's telephone.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, propagate_version = true)]
#[cfg_attr(not(feature = "practice"), command(after_help = NO_PRACTICE))]
pub struct Arguments {
    /// The configuration file [default: ./config.toml if there is one].
    ///
    /// Without a file there are the defaults. FRONTDESK__SECTION__KEY in the environment stands
    /// above both.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer calls until told to stop.
    Serve,
    #[cfg(feature = "practice")]
    /// Play a call from beginning to end, without any account, and show what happens.
    Demo {
        /// Where to leave the call's audio: the caller left, the agent right.
        #[arg(long, value_name = "FILE", default_value = "demo.wav")]
        wav: PathBuf,
    },
    #[cfg(feature = "practice")]
    /// Play scripted callers against the daemon and check what comes of it.
    ///
    /// The model is the practice one, or the real one where the configuration says so. The status is
    /// 0 if all holds, 1 if something does not, and 2 for a file that can't be used.
    Simulate(simulate::Options),
    /// Move the database's schema.
    #[command(subcommand)]
    Migrate(::migration::cli::Command),
    /// Make, show or list businesses.
    #[command(subcommand)]
    Business(business::Command),
    /// Look at prompts.
    #[command(subcommand)]
    Prompt(prompt::Command),
    /// Look for what would keep calls from being answered, and say how to mend it.
    Check,
    /// Show the running daemon's actors as a tree.
    Actors(actors::Options),
}

impl Command {
    /// What is logged unless `RUST_LOG` says otherwise: a command that prints its own results logs
    /// only what goes wrong.
    #[must_use]
    pub fn log_filter(&self) -> &'static str {
        match self {
            Self::Serve => "info,ractor=warn,sqlx=warn,sea_orm_migration=warn",
            #[cfg(feature = "practice")]
            Self::Demo { .. } | Self::Simulate(_) => "warn",
            Self::Migrate(_)
            | Self::Business(_)
            | Self::Prompt(_)
            | Self::Check
            | Self::Actors(_) => "warn",
        }
    }
}

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As it should.
    Clean,
    /// It found what it looked for: something is wrong.
    Failed,
    /// The daemon's root supervisor gave up.
    GaveUp,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Clean => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::GaveUp => Self::from(GAVE_UP),
        }
    }
}

/// Performs a command; what it has to say goes to the standard output.
///
/// # Errors
/// [`CliError`] says what to do about it.
pub async fn run(arguments: Arguments, environment: Environment) -> Result<Exit, CliError> {
    // Not locked: a command that prints now and then must not keep others from it for good.
    let mut out = std::io::stdout();
    let done = perform(arguments, environment, &mut out).await;
    match done {
        // Whoever read this has enough, as `head` does.
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            Ok(Exit::Clean)
        }
        done => done,
    }
}

async fn perform(
    arguments: Arguments,
    environment: Environment,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    let Arguments { config, command } = arguments;
    let load = || load(config.as_deref(), &environment);
    let clock = Clock::start();
    match command {
        Command::Serve => serve::run(load()?).await,
        #[cfg(feature = "practice")]
        Command::Demo { wav } => {
            let color = output::is_colored(&std::io::stdout(), &environment);
            demo::run(demo::Options { color, wav }).await?;
            Ok(Exit::Clean)
        }
        #[cfg(feature = "practice")]
        Command::Simulate(options) => simulate::run(options, &load()?, &clock, out).await,
        Command::Migrate(command) => migrate::run(command, &load()?, out).await,
        Command::Business(command) => business::run(command, &load()?, &clock, out).await,
        Command::Prompt(command) => prompt::run(command, &load()?, &clock, out).await,
        Command::Check => check::run(&load()?, out).await,
        Command::Actors(options) => actors::run(options, &load()?, out).await,
    }
}

/// The configuration of `file`, of ./config.toml or of the defaults.
fn load(file: Option<&Path>, environment: &Environment) -> Result<Config, CliError> {
    let usual = Path::new("config.toml");
    let file = file.or_else(|| usual.exists().then_some(usual));
    Ok(Config::load(file, environment.variables())?)
}

#[cfg(test)]
mod tests;
