//! `frontdesk actors`: draws the actors of the running daemon (OPS-2).

use std::io::{IsTerminal, Write};
use std::time::Duration;

use super::daemon::{Daemon, DaemonOptions};
use super::error::CliError;
use super::exit::Exit;
use super::listing::print_json;
use crate::config::Config;
use crate::tree;
use clap::Args;

/// The time between two drawings.
const REDRAW: Duration = Duration::from_secs(1);

/// Moves a terminal's cursor home and clears the screen and what has scrolled off it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Draw the tree every second, until interrupted.
    #[arg(long)]
    watch: bool,
    /// Print JSON: what the introspection shows.
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    #[command(flatten)]
    daemon: DaemonOptions,
}

pub(super) async fn run(
    options: Options,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let daemon = Daemon::new(&options.daemon, &config.admin)?;
    if options.json {
        print_json(out, &daemon.actors().await?)?;
        return Ok(Exit::Clean);
    }
    if !options.watch {
        let actors = daemon.actors().await?;
        write!(out, "{}", tree::draw(&actors))?;
        return Ok(Exit::Clean);
    }
    let clear = if std::io::stdout().is_terminal() { CLEAR } else { "" };
    let mut ticks = tokio::time::interval(REDRAW);
    loop {
        ticks.tick().await;
        // An error does not end this: the daemon may be restarting.
        let picture = match daemon.actors().await {
            Ok(actors) => tree::draw(&actors),
            Err(error) => format!("{error}\n"),
        };
        write!(out, "{clear}{picture}")?;
        out.flush()?;
    }
}

#[cfg(test)]
mod tests;
