//! The commands that `migration` and `frontdesk migrate` both offer.

use std::fmt;

use clap::Subcommand;
use sea_orm::DatabaseConnection;

use crate::presence::{Presence, is_sqlite};
use crate::runner::{self, Changes, MigrateError, MigrationStatus};

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Apply pending migrations.
    Up {
        /// How many; all if omitted.
        #[arg(long)]
        steps: Option<u32>,
    },
    /// Revert the newest migrations. Their tables' rows are lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, conflicts_with = "all")]
        steps: u32,
        /// Revert all.
        #[arg(long)]
        all: bool,
        /// Confirm that rows are deleted.
        #[arg(long)]
        yes: bool,
    },
    /// Show which migrations are applied.
    Status,
    /// Revert and apply all migrations. Every row is lost.
    Fresh {
        /// Confirm that every row is deleted.
        #[arg(long)]
        yes: bool,
    },
}

/// The result of a command; its text is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    Changed(Changes),
    /// All known migrations, oldest first.
    Status(Vec<(String, MigrationStatus)>),
}

impl Command {
    /// Refuses a command that deletes rows and was not confirmed.
    fn check(&self) -> Result<(), MigrateError> {
        match self {
            Self::Down { yes: false, .. } | Self::Fresh { yes: false } => {
                Err(MigrateError::Unconfirmed)
            }
            Self::Up { .. } | Self::Down { .. } | Self::Status | Self::Fresh { .. } => Ok(()),
        }
    }

    /// Whether a SQLite file that does not exist is created for it.
    #[must_use]
    pub fn creates_the_database(&self) -> bool {
        matches!(self, Self::Up { .. })
    }
}

/// Runs a command on the database at `url`. On an error the database is unchanged. While a daemon lives
/// there, nothing is deleted; nor is a SQLite file migrated then, since that daemon is of another
/// version (OPS-11).
pub async fn run(
    command: Command,
    db: &DatabaseConnection,
    url: &str,
) -> Result<Report, MigrateError> {
    // Who is told to confirm could do it.
    let _alone = match command {
        Command::Down { .. } | Command::Fresh { .. } => Some(Presence::alone(url).await?),
        Command::Up { .. } | Command::Status => None,
    };
    command.check()?;
    match command {
        Command::Up { steps } => {
            let changes = is_sqlite(url) && !runner::pending(db).await?.is_empty();
            let _alone = if changes { Some(Presence::alone(url).await?) } else { None };
            runner::up(db, steps).await.map(Report::Changed)
        }
        Command::Down { steps, all, .. } => {
            runner::down(db, (!all).then_some(steps)).await.map(Report::Changed)
        }
        Command::Status => runner::status(db).await.map(Report::Status),
        Command::Fresh { .. } => runner::fresh(db).await.map(Report::Changed),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(Changes { reverted, applied })
                if reverted.is_empty() && applied.is_empty() =>
            {
                write!(f, "nothing to do")
            }
            Self::Changed(Changes { reverted, applied }) => {
                let reverted = reverted.iter().map(|name| format!("reverted  {name}"));
                let applied = applied.iter().map(|name| format!("applied   {name}"));
                f.write_str(&reverted.chain(applied).collect::<Vec<_>>().join("\n"))
            }
            Self::Status(all) => {
                let line = |(name, status): &(String, MigrationStatus)| match status {
                    MigrationStatus::Applied => format!("applied  {name}"),
                    MigrationStatus::Pending => format!("pending  {name}"),
                };
                f.write_str(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
