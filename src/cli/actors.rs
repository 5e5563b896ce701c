//! `frontdesk actors`: draws the actors of the running daemon (OPS-2).

pub(super) mod daemon;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;

use super::error::CliError;
use super::exit::Exit;
use super::http;
use crate::config::{Admin, Config};
use crate::tree;
use daemon::{ActorsError, Daemon, local_address};

/// The time between two drawings.
const REDRAW: Duration = Duration::from_secs(1);

/// Moves a terminal's cursor home and clears the screen and what has scrolled off it.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Draw the tree every second, until interrupted.
    #[arg(long)]
    watch: bool,
    /// The daemon's admin listener. Default: admin.listen of the configuration, on this machine.
    #[arg(long, value_name = "http://HOST:PORT")]
    url: Option<String>,
    /// Its token. Default: admin.token of the configuration.
    #[arg(long)]
    token: Option<SecretString>,
}

pub(super) async fn run(
    options: Options,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let daemon = daemon(&options, &config.admin)?;
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

fn daemon(options: &Options, admin: &Admin) -> Result<Daemon, CliError> {
    let token = options.token.clone().or_else(|| admin.token.clone());
    let token = token.ok_or(ActorsError::NoToken)?;
    let configured = || format!("http://{}", local_address(admin.listen));
    let url = options.url.clone().unwrap_or_else(configured);
    Ok(Daemon::new(http::client()?, &url, token))
}

#[cfg(test)]
mod tests;
