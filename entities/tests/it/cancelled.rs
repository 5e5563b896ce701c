//! Askers go away while the database works for them (CAL-8), and writes that fail (OPS-10).

use std::time::Duration;

use entities::leads::{self, LeadChanges};
use entities::{Database, OpenMode, PoolSettings, RecordsError};
use sea_orm::{ConnectionTrait, DbErr, TransactionTrait};
use tokio::time::timeout;

use crate::simulated::{leads as count, write};
use crate::support::{business, in_call, lead, migrate, noon, on_each};

fn named(name: &str) -> LeadChanges {
    LeadChanges { full_name: Some(name.to_owned()), ..LeadChanges::default() }
}

async fn rename(
    db: &Database,
    (business, lead): (protocol::ids::BusinessId, protocol::ids::LeadId),
    name: String,
) -> Result<leads::LeadRecord, RecordsError> {
    leads::merge_details(db, business, lead, named(&name), None, in_call(1), noon()).await
}

#[tokio::test]
async fn cal_8_an_asker_that_goes_away_cancels_no_work_that_has_begun() {
    on_each(async |db| {
        let business = business(db, "locks", "+97231111111").await;
        let lead = lead(db, business, "+972501111111").await;
        for round in 0..100 {
            let asked = rename(db, (business, lead), format!("name {round}"));
            // Polled once or a few times, then dropped.
            let _ = timeout(Duration::from_micros(round * 20), asked).await;
        }
        let last = rename(db, (business, lead), "the last".to_owned()).await.unwrap();
        assert_eq!(last.full_name.as_deref(), Some("the last"));
        // The work of those who went away may end after it.
        let history = leads::history(db, business, lead, None, 200).await.unwrap();
        assert!(history.items.iter().any(|change| change.new == "the last"));
    })
    .await;
}

/// A database file, and a pool with one connection.
async fn on_disk() -> (tempfile::TempDir, String, Database) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
    let one = PoolSettings { max_connections: 1, ..PoolSettings::default() };
    let db = Database::connect(&url, one, OpenMode::Create).await.unwrap();
    migrate(&db).await;
    (folder, url, db)
}

#[tokio::test]
async fn ops_10_a_write_that_finds_the_disk_full_spoils_no_later_write() {
    let (_folder, url, db) = on_disk().await;
    let business = business(&db, "locks", "+97231111111").await;
    let lead = lead(&db, business, "+972501111111").await;
    let full = "PRAGMA max_page_count = 1";
    db.write(move |db| async move { db.execute_unprepared(full).await }).await.unwrap();
    let long = rename(&db, (business, lead), "x".repeat(1 << 20)).await;
    assert!(matches!(long, Err(RecordsError::Database(_))), "{long:?}");
    // With room again, what is reported as done is there for everybody.
    rename(&db, (business, lead), "Dana".to_owned()).await.unwrap();
    write(&db, business, "+972502222222").await.unwrap();
    let other = Database::connect(&url, PoolSettings::default(), OpenMode::Existing).await.unwrap();
    let seen = leads::get(&other, business, lead).await.unwrap().unwrap();
    assert_eq!(seen.full_name.as_deref(), Some("Dana"));
    assert_eq!(count(&other, business).await.unwrap(), 2);
    write(&other, business, "+972503333333").await.unwrap();
}

#[tokio::test]
async fn ops_10_a_connection_with_an_open_transaction_is_not_used_again() {
    let (_folder, url, db) = on_disk().await;
    let business = business(&db, "locks", "+97231111111").await;
    // As SQLx leaves it if a commit fails and the rollback does too: it knows of no transaction.
    let begin = "BEGIN IMMEDIATE";
    db.write(move |db| async move { db.execute_unprepared(begin).await }).await.unwrap();
    write(&db, business, "+972501111111").await.unwrap();
    let other = Database::connect(&url, PoolSettings::default(), OpenMode::Existing).await.unwrap();
    assert_eq!(count(&other, business).await.unwrap(), 1, "what is reported as done is there");
    // The other way round: SQLite has ended the transaction, and SQLx does not know.
    let ended = db.write(|db| async move {
        let transaction = db.begin().await?;
        transaction.execute_unprepared("ROLLBACK").await?;
        drop(transaction);
        Ok::<_, DbErr>(())
    });
    ended.await.unwrap();
    write(&db, business, "+972502222222").await.unwrap();
    assert_eq!(count(&other, business).await.unwrap(), 2);
}

#[tokio::test]
async fn ops_11_a_file_that_does_not_exist_is_created_only_where_that_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.db");
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let opened = Database::connect(&url, PoolSettings::default(), OpenMode::Existing).await;
    let refused = opened.unwrap_err().to_string();
    assert!(refused.contains("frontdesk.db"), "{refused}");
    assert!(!path.exists());
}
