//! The commands over the schema, as `migration` and `frontdesk migrate` both offer them.

use std::fmt;

use clap::Subcommand;
use sea_orm::DatabaseConnection;

use crate::runner::{self, MigrateError, Progress, Standing};

/// What to do with the schema.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Apply pending migrations.
    Up {
        /// How many; all of them when left out.
        #[arg(long)]
        steps: Option<u32>,
    },
    /// Take the newest migrations back. Their tables' rows are lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, conflicts_with = "all")]
        steps: u32,
        /// All of them.
        #[arg(long)]
        all: bool,
    },
    /// Show which migrations are applied.
    Status,
    /// Take everything back and start with empty tables. Every row is lost.
    Fresh {
        /// Yes, delete everything.
        #[arg(long)]
        yes: bool,
    },
}

/// What a command did or found; its text is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The schema was moved, or was where it should be.
    Moved(Progress),
    /// Every known migration, oldest first.
    Status(Vec<(String, Standing)>),
}

/// Performs a command.
///
/// # Errors
/// [`MigrateError`]; then the database is as it was.
pub async fn run(command: Command, db: &DatabaseConnection) -> Result<Report, MigrateError> {
    match command {
        Command::Up { steps } => runner::up(db, steps).await.map(Report::Moved),
        Command::Down { all: true, .. } => runner::down(db, None).await.map(Report::Moved),
        Command::Down { steps, all: false } => {
            runner::down(db, Some(steps)).await.map(Report::Moved)
        }
        Command::Status => runner::status(db).await.map(Report::Status),
        Command::Fresh { yes: true } => runner::fresh(db).await.map(Report::Moved),
        Command::Fresh { yes: false } => Err(MigrateError::Unconfirmed),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved(Progress { reverted, applied })
                if reverted.is_empty() && applied.is_empty() =>
            {
                write!(f, "nothing to do")
            }
            Self::Moved(Progress { reverted, applied }) => {
                let reverted = reverted.iter().map(|name| format!("taken back  {name}"));
                let applied = applied.iter().map(|name| format!("applied     {name}"));
                f.write_str(&reverted.chain(applied).collect::<Vec<_>>().join("\n"))
            }
            Self::Status(all) => {
                let line = |(name, standing): &(String, Standing)| match standing {
                    Standing::Applied => format!("applied  {name}"),
                    Standing::Pending => format!("pending  {name}"),
                };
                f.write_str(&all.iter().map(line).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
