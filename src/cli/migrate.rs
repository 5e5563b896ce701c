//! `frontdesk migrate`: the commands of the `migration` crate, on the configured database.

use std::io::Write;

use ::migration::cli::{self, Command};
use actors::chance::Chance;
use actors::clock::Clock;

use super::database;
use super::error::CliError;
use super::exit::Exit;
use crate::config::Config;
use crate::database::DatabaseError;
use crate::person_keeper::PersonKeeper;

pub(super) async fn run(
    command: Command,
    config: &Config,
    out: &mut impl Write,
) -> Result<Exit, CliError> {
    let db = if command.creates_the_database() {
        database::create(&config.database).await?
    } else {
        database::connect(&config.database).await?
    };
    let url = config.database.url.expose().to_owned();
    let changes = command.creates_the_database();
    let done = db
        .change_schema(|db| async move {
            if changes && ::migration::is_foreign(&db).await? {
                return Ok(None);
            }
            cli::run(command, &db, &url).await.map(Some)
        })
        .await
        .map_err(|error| CliError::from(error).explained(&config.database));
    let is_up = matches!(&done, Ok(Some(_))) && changes;
    if is_up && PersonKeeper::is_there(&config.server) && database::is_up_to_date(&db).await? {
        // The database may have been restored from a backup.
        let keeper = PersonKeeper::open(&config.server, true, &Chance::from_system())?;
        let db = db.clone().with_person_key(keeper.key().clone());
        keeper.apply(&db, Clock::start().wall()).await?;
    }
    // A SQLite file is whole without its write-ahead log only after this.
    db.close().await?;
    let Some(report) = done? else {
        return Err(DatabaseError::Foreign(config.database.url.shown()).into());
    };
    writeln!(out, "{report}")?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use ::migration::presence::Presence;

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
        let missing = said(Command::Status, &on_disk).await.unwrap_err();
        assert!(missing.to_string().contains("migrate up"), "{missing}");
        let up = said(Command::Up { steps: None }, &on_disk).await.unwrap();
        assert!(up.lines().count() > 1 && up.lines().all(|line| line.starts_with("applied")));
        assert_eq!(said(Command::Up { steps: None }, &on_disk).await.unwrap(), "nothing to do\n");
        let down = Command::Down { steps: 1, all: false, yes: true };
        assert!(said(down, &on_disk).await.unwrap().starts_with("reverted"));
        let status = said(Command::Status, &on_disk).await.unwrap();
        assert!(status.lines().last().unwrap().starts_with("pending"));
        assert!(status.starts_with("applied"));
    }

    #[tokio::test]
    async fn ops_11_rows_are_deleted_only_if_that_was_confirmed() {
        let on_disk = OnDisk::default();
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
        for unconfirmed in [
            Command::Fresh { yes: false },
            Command::Down { steps: 1, all: false, yes: false },
            Command::Down { steps: 1, all: true, yes: false },
        ] {
            let refused = said(unconfirmed, &on_disk).await.unwrap_err();
            assert!(refused.to_string().contains("--yes") && refused.code() == 1);
        }
        let made = said(Command::Fresh { yes: true }, &on_disk).await.unwrap();
        assert!(made.contains("applied"));
    }

    #[tokio::test]
    async fn ops_11_no_file_is_made_under_a_daemon_whose_own_was_taken_away() {
        let on_disk = OnDisk::default();
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
        let daemon = Presence::of_daemon(&on_disk.url()).await.unwrap();
        let path = entities::sqlite_file(&on_disk.url()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let refused = said(Command::Up { steps: None }, &on_disk).await.unwrap_err().lines();
        assert!(refused.contains("stop it first") && !path.exists(), "{refused}");
        drop(daemon);
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
    }

    #[tokio::test]
    async fn ops_5_the_database_of_another_program_is_not_migrated() {
        let on_disk = OnDisk::default();
        let other = database::create(&on_disk.config().database).await.unwrap();
        let table = "CREATE TABLE songs (title TEXT)";
        let made = other.write(|db| async move {
            sea_orm::ConnectionTrait::execute_unprepared(&db, table).await
        });
        made.await.unwrap();
        let refused = said(Command::Up { steps: None }, &on_disk).await.unwrap_err().lines();
        assert!(refused.contains("another program") && refused.contains("test.db"), "{refused}");
        assert_eq!(refused.lines().count(), 1);
        let served = database::open_or_create(&on_disk.config().database).await.unwrap_err();
        assert!(matches!(served, DatabaseError::Foreign(_)), "{served}");
    }

    #[tokio::test]
    async fn ops_5_a_lock_of_another_program_is_told_with_the_time_that_was_waited() {
        let on_disk = OnDisk::default();
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
        said(Command::Down { steps: 1, all: false, yes: true }, &on_disk).await.unwrap();
        let other = database::connect(&on_disk.config().database).await.unwrap();
        let config = on_disk.config();
        let locked = other.write(|db| async move {
            let lock = sea_orm::TransactionTrait::begin(&db).await?;
            let table = "CREATE TABLE half_made (name TEXT)";
            sea_orm::ConnectionTrait::execute_unprepared(&lock, table).await?;
            let refused = run(Command::Up { steps: None }, &config, &mut Vec::new()).await;
            lock.rollback().await?;
            Ok::<_, sea_orm::DbErr>(refused.map(drop))
        });
        let refused = locked.await.unwrap().unwrap_err().lines();
        assert!(refused.contains("was locked by another program for 5s: try again"), "{refused}");
    }

    #[tokio::test]
    async fn ops_11_nothing_is_reverted_under_a_living_daemon() {
        let on_disk = OnDisk::default();
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
        let daemon = Presence::of_daemon(&on_disk.url()).await.unwrap();
        // Whoever is asked for --yes could go on with it.
        for destructive in [
            Command::Fresh { yes: true },
            Command::Fresh { yes: false },
            Command::Down { steps: 1, all: true, yes: true },
            Command::Down { steps: 1, all: true, yes: false },
        ] {
            let refused = said(destructive, &on_disk).await.unwrap_err().lines();
            assert!(refused.contains("stop it first") && refused.lines().count() == 1, "{refused}");
        }
        assert_eq!(said(Command::Up { steps: None }, &on_disk).await.unwrap(), "nothing to do\n");
        drop(daemon);
        said(Command::Down { steps: 1, all: false, yes: true }, &on_disk).await.unwrap();
        // A daemon that lives on an older schema is of another version.
        let daemon = Presence::of_daemon(&on_disk.url()).await.unwrap();
        let refused = said(Command::Up { steps: None }, &on_disk).await.unwrap_err().lines();
        assert!(refused.contains("stop it first"), "{refused}");
        drop(daemon);
        said(Command::Up { steps: None }, &on_disk).await.unwrap();
    }
}
