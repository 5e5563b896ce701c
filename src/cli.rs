//! The command line. Each command has a module; the daemon itself is [`app`](crate::app).

mod actors;
mod appointments;
mod backup;
#[cfg(feature = "practice")]
mod bench;
mod business;
mod calls;
pub(crate) mod check;
mod daemon;
mod database;
mod environment;
mod error;
mod exit;
mod http;
mod id_part;
mod leads;
mod list_options;
mod listing;
pub mod logging;
mod messages;
mod migrate;
mod moment;
mod output;
mod person;
mod prompt;
#[cfg(feature = "practice")]
mod seeds;
mod serve;
mod signals;
#[cfg(feature = "practice")]
mod simulate;
mod source;
mod stored;
mod systemd;
mod token;
mod user;
mod webhooks;

use std::io::Write;
#[cfg(feature = "practice")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::Log;
#[cfg(feature = "practice")]
use crate::config::business_file;
#[cfg(feature = "practice")]
use crate::demo;
use crate::platform::Platform;

pub use environment::Environment;
pub use error::CliError;
pub use exit::{BAD_CONFIGURATION, Exit};
use source::{Source, load};

#[cfg(not(feature = "practice"))]
const NO_PRACTICE: &str =
    "Built without the practice feature: there is no `demo`, `simulate` or `bench`.";

/// Answers a business's telephone.
#[derive(Debug, Parser)]
#[command(name = "frontdesk", version, propagate_version = true)]
#[cfg_attr(not(feature = "practice"), command(after_help = NO_PRACTICE))]
pub struct Arguments {
    /// The configuration file [default: ./config.toml, or else /etc/frontdesk/config.toml].
    ///
    /// Without a file the defaults hold. FRONTDESK__SECTION__KEY in the environment overrides both.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answer calls until a signal stops it.
    Serve,
    #[cfg(feature = "practice")]
    /// Play one call without any account, and show what happens.
    ///
    /// With --business the caller phones your own business: a simulated model asks for its fields in its language,
    /// and books if it has opening hours. Nothing of that call is stored but its audio.
    ///
    /// With --console the daemon stays up and shows the web console, with a week of practice calls and a new one each
    /// minute.
    Demo {
        /// A business file, in place of the example.
        #[arg(long, value_name = "FILE")]
        business: Option<PathBuf>,
        /// Stay up, and show the web console.
        #[arg(long, conflicts_with_all = ["business", "wav"])]
        console: bool,
        /// Where the console listens.
        #[arg(
            long,
            value_name = "ADDRESS",
            requires = "console",
            default_value = "127.0.0.1:8090"
        )]
        listen: SocketAddr,
        /// Where to write the call's audio: the caller left, the agent right.
        #[arg(long, value_name = "FILE", default_value = "demo.wav")]
        wav: PathBuf,
    },
    #[cfg(feature = "practice")]
    /// Play callers against the daemon and check the results: scripted ones, or chaos by seed.
    ///
    /// Daemon, providers and callers run on one thread in virtual time, so a call takes a moment, and the
    /// same seed gives the same run. A real model (openai.provider = "openai") is called in real time.
    ///
    /// The exit status is 0 if everything holds, 1 if something does not, and 2 for arguments or files
    /// that can't be used. RUST_LOG=warn shows what the daemon logs meanwhile.
    Simulate(simulate::options::Options),
    #[cfg(feature = "practice")]
    /// Measure what a call costs: the daemon under the load of many calls, beside a bare relay.
    ///
    /// The daemon, and the load of practice callers and a practice model, are processes of their own, on a
    /// core each. Without --json a table is printed; docs/performance.md explains it.
    ///
    /// The exit status is 0 if each call was held and each piece of audio came once, in order and whole,
    /// else 1.
    Bench(bench::Options),
    #[cfg(feature = "practice")]
    /// The load of `bench`.
    #[command(hide = true)]
    BenchLoad,
    #[cfg(feature = "practice")]
    /// The bare relay of `bench`.
    #[command(hide = true)]
    BenchRelay(bench::Relay),
    /// Migrate the database's schema.
    #[command(subcommand)]
    Migrate(::migration::cli::Command),
    /// Write the SQLite database to a file, also while a daemon runs on it.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
    },
    /// Put a backup in the place of the SQLite database. Stop the daemon first.
    ///
    /// The backup is checked and migrated before anything is replaced. The database that was there stays
    /// beside it, under another name.
    Restore {
        /// What `frontdesk backup` has written.
        file: PathBuf,
        /// Confirm that the database is replaced.
        #[arg(long)]
        yes: bool,
    },
    /// Import, export, list, pause or remove businesses.
    #[command(subcommand)]
    Business(business::Command),
    /// Show prompts.
    #[command(subcommand)]
    Prompt(prompt::Command),
    /// List and show calls, or hang one up.
    #[command(subcommand)]
    Calls(calls::Command),
    /// List and show leads, or give out or erase what is stored of a person.
    #[command(subcommand)]
    Leads(leads::Command),
    /// List appointments.
    #[command(subcommand)]
    Appointments(appointments::Command),
    /// List, show and answer written conversations.
    #[command(subcommand)]
    Messages(messages::Command),
    /// List events for other systems, send dead ones again, or listen for them.
    #[command(subcommand)]
    Webhooks(webhooks::Command),
    /// Make, list or revoke tokens of the API.
    #[command(subcommand)]
    Token(token::Command),
    /// Make, list or remove users of the console, or set their password or rights.
    #[command(subcommand)]
    User(user::Command),
    /// Check everything that calls need, and say how to fix what is wrong.
    Check,
    /// Show the running daemon's actors as a tree.
    Actors(actors::Options),
    /// Print a script by which a shell completes these commands.
    Completions { shell: clap_complete::Shell },
}

impl Command {
    /// The log filter without `RUST_LOG`. A command that prints its results logs only warnings.
    #[must_use]
    pub fn log_filter(&self) -> &'static str {
        match self {
            Self::Serve => Log::DEFAULT_FILTER,
            #[cfg(feature = "practice")]
            Self::Simulate(options) => options.log_filter(),
            #[cfg(feature = "practice")]
            Self::Demo { .. } | Self::Bench(_) | Self::BenchLoad | Self::BenchRelay(_) => "warn",
            Self::Migrate(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Business(_)
            | Self::Prompt(_)
            | Self::Calls(_)
            | Self::Leads(_)
            | Self::Appointments(_)
            | Self::Completions { .. }
            | Self::Messages(_)
            | Self::Webhooks(_)
            | Self::Token(_)
            | Self::User(_)
            | Self::Check
            | Self::Actors(_) => "warn",
        }
    }
}

/// Runs a command, which prints to the standard output.
///
/// # Errors
/// [`CliError`] says what to do.
///
/// Boxed, so that the commands are compiled in this crate and not again in the executable's.
#[must_use]
pub fn run(arguments: Arguments, environment: Environment) -> Running {
    Box::pin(run_to_end(arguments, environment))
}

/// A command that is running.
pub type Running = Pin<Box<dyn Future<Output = Result<Exit, CliError>> + Send>>;

async fn run_to_end(arguments: Arguments, environment: Environment) -> Result<Exit, CliError> {
    // Not locked: a command that runs for long must not keep others from printing.
    let mut out = std::io::stdout();
    let done = perform(arguments, environment, &mut out).await;
    match done {
        // The reader has seen enough, as `head` does.
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
    let platform = Platform::live();
    match command {
        Command::Serve => {
            let read = Source { file: config.clone(), environment: environment.clone() };
            serve::run(load()?, read, platform, out).await
        }
        #[cfg(feature = "practice")]
        Command::Demo { console: true, listen, .. } => {
            let color = output::is_colored(&std::io::stdout(), &environment);
            let (stop, _) = signals::listen().map_err(CliError::Signals)?;
            demo::console::run(listen, color, stop).await?;
            Ok(Exit::Clean)
        }
        #[cfg(feature = "practice")]
        Command::Demo { business, wav, .. } => {
            let color = output::is_colored(&std::io::stdout(), &environment);
            let options = demo::Options { color, wav };
            match business {
                Some(file) => demo::own::run(business_file::read(&file)?, options).await?,
                None => demo::run(options).await?,
            }
            Ok(Exit::Clean)
        }
        #[cfg(feature = "practice")]
        Command::Simulate(options) => simulate::run(options, &load()?, &platform, out).await,
        #[cfg(feature = "practice")]
        Command::Bench(options) => bench::run(options, out).await,
        #[cfg(feature = "practice")]
        Command::BenchLoad => bench::load().await,
        #[cfg(feature = "practice")]
        Command::BenchRelay(options) => bench::relay(options).await,
        Command::Migrate(command) => migrate::run(command, &load()?, out).await,
        Command::Backup { file } => backup::back_up(&file, &load()?, out).await,
        Command::Restore { file, yes } => {
            backup::restore(&file, yes, &load()?, platform.clock.wall(), out).await
        }
        Command::Business(command) => business::run(command, &load()?, &platform, out).await,
        Command::Prompt(command) => prompt::run(command, &load()?, &platform, out).await,
        Command::Calls(command) => calls::run(command, &load()?, &platform, out).await,
        Command::Appointments(command) => {
            appointments::run(command, &load()?, &platform, out).await
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "frontdesk", &mut script);
            out.write_all(&script)?;
            Ok(Exit::Clean)
        }
        Command::Leads(command) => leads::run(command, &load()?, &platform, out).await,
        Command::Messages(command) => messages::run(command, &load()?, &platform, out).await,
        Command::Webhooks(command) => webhooks::run(command, &load()?, &platform, out).await,
        Command::Token(command) => token::run(command, &load()?, &platform, out).await,
        Command::User(command) => user::run(command, &load()?, &platform, out).await,
        Command::Check => check::run(&load()?, out).await,
        Command::Actors(options) => actors::run(options, &load()?, out).await,
    }
}

#[cfg(test)]
mod tests;
