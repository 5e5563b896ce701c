//! The commands that `migration` and `frontdesk migrate` both offer.

use std::fmt;

use clap::Subcommand;
use sea_orm::DatabaseConnection;

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

/// Runs a command. On an error the database is unchanged.
pub async fn run(command: Command, db: &DatabaseConnection) -> Result<Report, MigrateError> {
    match command {
        Command::Up { steps } => runner::up(db, steps).await.map(Report::Changed),
        Command::Down { all: true, .. } => runner::down(db, None).await.map(Report::Changed),
        Command::Down { steps, all: false } => {
            runner::down(db, Some(steps)).await.map(Report::Changed)
        }
        Command::Status => runner::status(db).await.map(Report::Status),
        Command::Fresh { yes: true } => runner::fresh(db).await.map(Report::Changed),
        Command::Fresh { yes: false } => Err(MigrateError::Unconfirmed),
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
