//! `migration`: migrates a database without the daemon.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Parser;
use migration::cli::{Command, Report, run};
use migration::presence::{Presence, may_open};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Migrates the schema of a Frontdesk database.
#[derive(Debug, Parser)]
#[command(name = "migration", version)]
struct Arguments {
    /// sqlite://frontdesk.db?mode=rwc or postgres://user@host/database. If neither this nor its
    /// variable is set, DATABASE_URL is used.
    #[arg(long, env = "FRONTDESK__DATABASE__URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    #[arg(long = "fallback-database-url", env = "DATABASE_URL", hide = true, global = true)]
    fallback: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // One line: the text of a database's error contains its cause already.
    let (written, code) = match perform(Arguments::parse()).await {
        Ok(report) => (writeln!(std::io::stdout(), "{report}"), ExitCode::SUCCESS),
        Err(error) => (writeln!(std::io::stderr(), "error: {error}"), ExitCode::FAILURE),
    };
    if written.is_ok() { code } else { ExitCode::FAILURE }
}

async fn perform(arguments: Arguments) -> anyhow::Result<Report> {
    let url = arguments
        .database_url
        .or(arguments.fallback)
        .context("which database? Give --database-url, FRONTDESK__DATABASE__URL or DATABASE_URL")?;
    let creates = arguments.command.creates_the_database();
    let making = if creates { Presence::to_create(&url)? } else { None };
    if !creates {
        may_open(&url)?;
    }
    let db = open(&url, creates).await?;
    drop(making);
    Ok(run(arguments.command, &db, &url).await?)
}

async fn open(url: &str, creates: bool) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.map_sqlx_sqlite_opts(move |options| options.create_if_missing(creates));
    options.max_connections(1).acquire_timeout(CONNECT_TIMEOUT).sqlx_logging(false);
    match Database::connect(options).await {
        Ok(db) => Ok(db),
        // The text of this error repeats the URL, which may contain a password.
        Err(DbErr::Conn(RuntimeErr::Internal(_))) => {
            bail!("expected sqlite://FILE?mode=rwc or postgres://USER@HOST/DATABASE")
        }
        Err(error) => Err(anyhow!("the database could not be opened: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_accepts_the_arguments() {
        Arguments::command().debug_assert();
    }
}
