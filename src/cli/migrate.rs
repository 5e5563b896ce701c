//! `frontdesk migrate`: the commands of the `migration` crate, on the configured database.

use std::io::Write;

use ::migration::cli::{self, Command};

use super::database;
use super::error::CliError;
use super::exit::Exit;
use crate::config::Config;

/// The only command that does not migrate a SQLite file first.
pub(super) async fn run(
    command: Command,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = database::connect(&config.database).await?;
    let report = db.write(|db| async move { cli::run(command, &db).await }).await?;
    writeln!(out, "{report}")?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::OnDisk;

    async fn said(command: Command, on_disk: &OnDisk) -> Result<String, CliError> {
        let mut out = Vec::new();
        run(command, &on_disk.config(), &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn ops_5_the_schema_is_moved_up_and_down_and_shown() {
        let on_disk = OnDisk::default();
        let status = said(Command::Status, &on_disk).await.unwrap();
        assert!(status.lines().count() > 1 && status.lines().all(|l| l.starts_with("pending")));
        let up = said(Command::Up { steps: None }, &on_disk).await.unwrap();
        assert_eq!(up.lines().count(), status.lines().count());
        assert_eq!(said(Command::Up { steps: None }, &on_disk).await.unwrap(), "nothing to do\n");
        let down = Command::Down { steps: 1, all: false };
        assert!(said(down, &on_disk).await.unwrap().starts_with("reverted"));
        let status = said(Command::Status, &on_disk).await.unwrap();
        assert!(status.lines().last().unwrap().starts_with("pending"));
        assert!(status.starts_with("applied"));
    }

    #[tokio::test]
    async fn ops_5_everything_is_deleted_only_if_that_was_confirmed() {
        let on_disk = OnDisk::default();
        let refused = said(Command::Fresh { yes: false }, &on_disk).await.unwrap_err();
        assert!(refused.to_string().contains("--yes") && refused.code() == 1);
        let made = said(Command::Fresh { yes: true }, &on_disk).await.unwrap();
        assert!(made.lines().all(|line| line.starts_with("applied")));
    }
}
