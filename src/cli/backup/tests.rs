use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::cli::business;
use crate::cli::listing::Format;
use crate::cli::migrate;
use crate::cli::tests::{OnDisk, example};
use crate::platform::Platform;

struct World {
    on_disk: OnDisk,
}

impl World {
    /// A migrated database with one business.
    async fn new() -> Self {
        let world = Self { on_disk: OnDisk::default() };
        world.import("tel-aviv-locks").await;
        world
    }

    async fn import(&self, business: &str) {
        let command = business::Command::Import { file: example(business) };
        let platform = Platform::live();
        business::run(command, &self.on_disk.config(), &platform, &mut Vec::new()).await.unwrap();
    }

    async fn businesses(&self) -> String {
        let mut out = Vec::new();
        let command = business::Command::List { format: Format::default() };
        business::run(command, &self.on_disk.config(), &Platform::live(), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    async fn migrate(&self, command: ::migration::cli::Command) {
        migrate::run(command, &self.on_disk.config(), &mut Vec::new()).await.unwrap();
    }

    fn path(&self) -> PathBuf {
        entities::sqlite_file(&self.on_disk.url()).unwrap()
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.path().with_file_name(name)
    }

    async fn back_up(&self, name: &str) -> Result<PathBuf, CliError> {
        let to = self.beside(name);
        back_up(&to, &self.on_disk.config(), &mut Vec::new()).await.map(|_| to)
    }

    async fn restore(&self, from: &Path, yes: bool) -> Result<String, CliError> {
        let mut out = Vec::new();
        let now: Timestamp = "2026-05-04T09:00:00Z".parse().unwrap();
        restore(from, yes, &self.on_disk.config(), now, &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn files(&self) -> Vec<String> {
        let folder = fs::read_dir(self.path().parent().unwrap()).unwrap();
        let mut names: Vec<String> =
            folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn ops_14_a_backup_is_made_under_a_living_daemon_and_put_back_when_it_has_stopped() {
    let world = World::new().await;
    let daemon = Presence::of_daemon(&world.on_disk.url()).await.unwrap();
    // A daemon's connections are open, and what it wrote last is in the log only.
    let open = database::connect(&world.on_disk.config().database).await.unwrap();
    let backup = world.back_up("monday").await.unwrap();
    let rights = fs::metadata(&backup).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights, 0o600);
    world.import("harbour-clinic").await;
    let refused = world.restore(&backup, true).await.unwrap_err().lines();
    assert!(refused.contains("stop it first"), "{refused}");
    open.close().await.unwrap();
    drop(daemon);
    assert!(world.businesses().await.contains("harbour-clinic"));
    let said = world.restore(&backup, true).await.unwrap();
    assert!(said.contains("what was there is") && said.contains("20260504T090000Z"), "{said}");
    let restored = world.businesses().await;
    assert!(
        restored.contains("tel-aviv-locks") && !restored.contains("harbour-clinic"),
        "{restored}"
    );
    assert!(!world.files().iter().any(|name| name.contains("restoring") || name.contains("part")));
    // The database that was replaced can be put back in the same way.
    let replaced = world.beside("test.db.replaced-20260504T090000Z");
    world.restore(&replaced, true).await.unwrap();
    assert!(world.businesses().await.contains("harbour-clinic"));
}

#[tokio::test]
async fn ops_14_the_log_of_a_daemon_that_was_killed_is_not_mixed_into_the_backup() {
    let world = World::new().await;
    let backup = world.back_up("monday").await.unwrap();
    let open = database::connect(&world.on_disk.config().database).await.unwrap();
    world.import("harbour-clinic").await;
    let (log, killed) = (beside(&world.path(), "-wal"), world.beside("log"));
    assert!(fs::metadata(&log).unwrap().len() > 0);
    fs::copy(&log, &killed).unwrap();
    open.close().await.unwrap();
    fs::rename(&killed, &log).unwrap();
    world.restore(&backup, true).await.unwrap();
    assert!(!world.businesses().await.contains("harbour-clinic"));
}

#[tokio::test]
async fn ops_14_what_can_not_be_put_back_changes_nothing() {
    let world = World::new().await;
    let backup = world.back_up("monday").await.unwrap();
    let before = (fs::read(world.path()).unwrap(), world.files());
    let whole = fs::read(&backup).unwrap();
    let (damaged, text, missing) =
        (world.beside("damaged"), world.beside("text"), world.beside("missing"));
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn.get_mut(middle..middle + 8192).unwrap().fill(0xAA);
    fs::write(&damaged, torn).unwrap();
    fs::write(&text, "no database").unwrap();
    for (file, yes, why) in [
        (&backup, false, "--yes"),
        (&damaged, true, "damaged"),
        (&text, true, "no backup of a Frontdesk"),
        (&missing, true, "No such file"),
        (&world.path(), true, "the database itself"),
    ] {
        let refused = world.restore(file, yes).await.unwrap_err().lines();
        assert!(refused.contains(why) && refused.lines().count() == 1, "{why}: {refused}");
    }
    for file in [damaged, text] {
        fs::remove_file(file).unwrap();
    }
    assert_eq!((fs::read(world.path()).unwrap(), world.files()), before);
    // A file that is there already stays as it is.
    let refused = world.back_up("monday").await.unwrap_err().lines();
    assert!(refused.contains("exists already"), "{refused}");
    assert_eq!(fs::read(&backup).unwrap(), whole);
}

#[tokio::test]
async fn ops_14_an_older_backup_is_migrated_and_a_newer_one_is_refused() {
    let world = World::new().await;
    world.migrate(::migration::cli::Command::Down { steps: 1, all: false, yes: true }).await;
    let older = world.back_up("older").await.unwrap();
    world.migrate(::migration::cli::Command::Up { steps: None }).await;
    world.restore(&older, true).await.unwrap();
    assert!(world.businesses().await.contains("tel-aviv-locks"));

    let db = database::connect(&world.on_disk.config().database).await.unwrap();
    let newer =
        "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_x', 1)";
    let written = db
        .write(|db| async move { sea_orm::ConnectionTrait::execute_unprepared(&db, newer).await });
    written.await.unwrap();
    db.close().await.unwrap();
    let backup = world.back_up("newer").await.unwrap();
    let refused = world.restore(&backup, true).await.unwrap_err().lines();
    assert!(refused.contains("a newer Frontdesk made"), "{refused}");
}

#[tokio::test]
async fn ops_14_other_databases_are_told_what_to_do() {
    let on_disk = OnDisk::default();
    for (url, why) in [
        ("postgres://frontdesk:hunter2@localhost/frontdesk", "pg_dump"),
        ("sqlite::memory:", "in memory"),
    ] {
        let config = on_disk.config_with(&[("DATABASE__URL", url)]);
        let refused = back_up(Path::new("x"), &config, &mut Vec::new()).await.unwrap_err().lines();
        assert!(refused.contains(why) && !refused.contains("hunter2"), "{refused}");
    }
}
