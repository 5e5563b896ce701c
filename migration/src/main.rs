//! `migration`: moves a database's schema without the daemon.

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use migration::cli::{Command, run};
use sea_orm::{ConnectOptions, Database};

/// Moves the schema of a Frontdesk database.
#[derive(Debug, Parser)]
#[command(name = "migration", version)]
struct Arguments {
    /// sqlite://frontdesk.db?mode=rwc, or postgres://user@host/database. Without it and without
    /// its variable, DATABASE_URL is used.
    #[arg(long, env = "FRONTDESK__DATABASE__URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
    #[arg(long = "fallback-database-url", env = "DATABASE_URL", hide = true, global = true)]
    fallback: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let url = arguments
        .database_url
        .or(arguments.fallback)
        .context("which database? Give --database-url, FRONTDESK__DATABASE__URL or DATABASE_URL")?;
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let db = Database::connect(options).await.context("the database could not be opened")?;
    let report = run(arguments.command, &db).await?;
    writeln!(std::io::stdout(), "{report}").context("the report could not be written")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_make_sense_to_clap() {
        Arguments::command().debug_assert();
    }
}
