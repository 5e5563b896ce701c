//! The file of a SQLite database is deleted, replaced or emptied while it is open (OPS-10). SQLite notices
//! nothing of it by itself.

use std::fs;
use std::path::{Path, PathBuf};

use entities::{Database, OpenMode, PoolSettings, RecordsError, Trouble};
use protocol::ids::BusinessId;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use crate::simulated::{leads, write};
use crate::support::{business, migrate};

/// A database on disk, with one business and one lead.
struct OnDisk {
    folder: TempDir,
    db: Database,
    business: BusinessId,
}

fn url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

async fn open(path: &Path) -> Database {
    Database::connect(&url(path), PoolSettings::default(), OpenMode::Create).await.unwrap()
}

impl OnDisk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let db = open(&folder.path().join("data/calls.db")).await;
        migrate(&db).await;
        let business = business(&db, "locks", "+97231111111").await;
        write(&db, business, "+972501111111").await.unwrap();
        Self { folder, db, business }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data/calls.db")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("data/calls.db-wal")
    }

    /// A whole copy, as a backup makes one.
    async fn copy(&self) -> PathBuf {
        let copy = self.folder.path().join("copy.db");
        let into = format!("VACUUM INTO '{}'", copy.display());
        let made = self.db.read(|db| async move { db.execute_unprepared(&into).await });
        made.await.unwrap();
        copy
    }

    async fn refuses(&self, why: &str) {
        let read = leads(&self.db, self.business).await;
        let written = write(&self.db, self.business, "+972509999999").await;
        for refused in [read.map(drop), written.map(drop)] {
            let error = refused.unwrap_err();
            assert_eq!(error.trouble(), Some(Trouble::Away), "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
        assert!(self.db.has_lost_its_file());
    }

    /// How many leads another process finds in the file.
    async fn stored(&self) -> usize {
        let other = open(&self.file()).await;
        let found = leads(&other, self.business).await.unwrap();
        other.close().await.unwrap();
        found
    }

    /// Its rows are there, and it takes more.
    async fn goes_on_with(&self, rows: usize) {
        assert_eq!(leads(&self.db, self.business).await.unwrap(), rows);
        assert!(!self.db.has_lost_its_file());
        let number = format!("+9725022222{rows:02}");
        write(&self.db, self.business, &number).await.unwrap();
        assert_eq!(self.stored().await, rows + 1);
    }
}

#[tokio::test]
async fn ops_10_a_file_that_is_gone_takes_no_writes_is_not_made_anew_and_is_used_when_it_is_back() {
    let on_disk = OnDisk::new().await;
    let aside = on_disk.folder.path().join("aside.db");
    for moved in ["the file", "its folder"] {
        let rows = on_disk.stored().await;
        let (from, to) = match moved {
            "the file" => (on_disk.file(), aside.clone()),
            _ => (on_disk.folder.path().join("data"), on_disk.folder.path().join("elsewhere")),
        };
        fs::rename(&from, &to).unwrap();
        on_disk.refuses("is gone").await;
        on_disk.refuses("is gone").await;
        assert!(!on_disk.file().exists(), "{moved}: no file is made");
        fs::rename(&to, &from).unwrap();
        on_disk.goes_on_with(rows).await;
    }
}

#[tokio::test]
async fn ops_10_a_deleted_file_is_used_again_when_a_whole_copy_lies_there() {
    let on_disk = OnDisk::new().await;
    let copy = on_disk.copy().await;
    fs::remove_file(on_disk.file()).unwrap();
    on_disk.refuses("is gone").await;
    fs::rename(copy, on_disk.file()).unwrap();
    on_disk.goes_on_with(1).await;
}

#[tokio::test]
async fn ops_10_another_file_in_its_place_is_not_written_to() {
    let on_disk = OnDisk::new().await;
    let (whole, other) = (on_disk.copy().await, on_disk.folder.path().join("other.db"));
    let empty = open(&other).await;
    migrate(&empty).await;
    empty.close().await.unwrap();
    // Another Frontdesk's, with the tables and without the business; a text; nothing.
    for content in [fs::read(&other).unwrap(), b"this is no database, ".repeat(99), Vec::new()] {
        let impostor = on_disk.folder.path().join("impostor");
        fs::write(&impostor, &content).unwrap();
        fs::rename(&impostor, on_disk.file()).unwrap();
        on_disk.refuses("the database file").await;
        assert_eq!(fs::read(on_disk.file()).unwrap(), content, "nothing was written to it");
    }
    fs::rename(whole, on_disk.file()).unwrap();
    on_disk.goes_on_with(1).await;
}

#[tokio::test]
async fn ops_10_a_link_that_leads_elsewhere_now_is_noticed() {
    let on_disk = OnDisk::new().await;
    let (link, copy) = (on_disk.folder.path().join("link.db"), on_disk.copy().await);
    std::os::unix::fs::symlink(on_disk.file(), &link).unwrap();
    let linked = OnDisk { folder: TempDir::new().unwrap(), db: open(&link).await, ..on_disk };
    assert_eq!(leads(&linked.db, linked.business).await.unwrap(), 1);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", &link).unwrap();
    linked.refuses("is gone").await;
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&copy, &link).unwrap();
    write(&linked.db, linked.business, "+972502222222").await.unwrap();
    let other = open(&copy).await;
    assert_eq!(leads(&other, linked.business).await.unwrap(), 2);
}

#[tokio::test]
async fn ops_10_what_a_deleted_write_ahead_log_held_is_not_lost() {
    let on_disk = OnDisk::new().await;
    for deleted in [on_disk.log(), on_disk.file().with_extension("db-shm")] {
        let rows = leads(&on_disk.db, on_disk.business).await.unwrap();
        assert!(fs::metadata(on_disk.log()).unwrap().len() > 0, "the log holds the rows");
        fs::remove_file(&deleted).unwrap();
        // Who comes first may be told that it failed; nobody is told that what is lost is done.
        let number = format!("+9725033333{rows:02}");
        let tried = write(&on_disk.db, on_disk.business, &number).await;
        let written = usize::from(tried.is_ok());
        on_disk.goes_on_with(rows + written).await;
    }
}

#[tokio::test]
async fn ops_10_a_file_that_was_emptied_takes_no_writes_until_it_is_restored() {
    let on_disk = OnDisk::new().await;
    // What is in the file is not in its log, but for the last row.
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let made = on_disk.db.write(|db| async move { db.execute_unprepared(checkpoint).await });
    made.await.unwrap();
    write(&on_disk.db, on_disk.business, "+972503333333").await.unwrap();
    let copy = on_disk.copy().await;
    fs::File::create(on_disk.file()).unwrap();
    on_disk.refuses("was emptied").await;
    fs::rename(copy, on_disk.file()).unwrap();
    on_disk.goes_on_with(2).await;
}

#[tokio::test]
async fn ops_10_work_that_was_done_while_the_file_went_away_is_not_reported_as_done() {
    let on_disk = OnDisk::new().await;
    let (file, aside) = (on_disk.file(), on_disk.folder.path().join("aside.db"));
    let done = on_disk.db.write(|db| async move {
        let sql = "UPDATE leads SET full_name = 'lost'";
        let done = db.execute_unprepared(sql).await?;
        fs::rename(file, aside).unwrap();
        Ok::<_, RecordsError>(done.rows_affected())
    });
    assert_eq!(done.await.unwrap_err().trouble(), Some(Trouble::Away));
}

#[tokio::test]
async fn ops_10_a_write_that_changes_nothing_is_written_and_leaves_nothing_behind() {
    let on_disk = OnDisk::new().await;
    let before = fs::metadata(on_disk.log()).unwrap().len();
    on_disk.db.try_write().await.unwrap();
    assert!(fs::metadata(on_disk.log()).unwrap().len() > before, "it is a real write");
    on_disk.goes_on_with(1).await;
    fs::rename(on_disk.file(), on_disk.folder.path().join("aside.db")).unwrap();
    assert_eq!(on_disk.db.try_write().await.unwrap_err().trouble(), Some(Trouble::Away));
}
