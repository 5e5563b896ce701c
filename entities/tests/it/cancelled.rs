//! Askers go away while the database works for them (CAL-8), and writes that fail (OPS-10).

use std::net::SocketAddr;
use std::time::Duration;

use entities::leads::{self, LeadChanges};
use entities::{Database, OpenMode, PoolSettings, RecordsError};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::simulated::{leads as count, write};
use crate::support::{business, in_call, lead, migrate, new_id, noon, on_each, postgres_url};

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

/// Passes bytes on to `server`, its answers half a second late.
async fn slow_proxy(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(server).await.unwrap();
            let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    sleep(Duration::from_millis(500)).await;
                    if to_client.write_all(&bytes[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// The connections of this application that hold a transaction open and do nothing.
async fn idle_in_transaction(admin: &Database, application: &str) -> i64 {
    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT count(*) FROM pg_stat_activity \
         WHERE application_name = $1 AND state LIKE 'idle in transaction%'",
        [application.into()],
    );
    let found = admin.read(|db| async move { db.query_one_raw(statement).await }).await;
    found.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_8_postgresql_keeps_no_transaction_of_an_asker_that_went_away() {
    let Some(url) = postgres_url() else { return };
    let (begin, rest) = url.split_once("//").unwrap();
    let (authority, name) = rest.split_once('/').unwrap();
    let (user, server) = authority.split_once('@').map_or(("", authority), |(u, s)| (u, s));
    let server = tokio::net::lookup_host(server).await.unwrap().next().unwrap();
    let proxy = slow_proxy(server).await;
    let schema = format!("frontdesk_{}", new_id().simple());
    let admin = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    let sql = format!(
        "SELECT pg_advisory_xact_lock(7); \
         CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE SCHEMA {schema}"
    );
    admin.connection().execute_unprepared(&sql).await.unwrap();
    let options = format!("options[search_path]={schema},public&application_name={schema}");
    let near = format!("{url}?{options}");
    let near = Database::connect(&near, PoolSettings::default(), OpenMode::Create).await.unwrap();
    migrate(&near).await;
    let business = business(&near, "locks", "+97231111111").await;
    let lead = lead(&near, business, "+972501111111").await;
    let far = format!("{begin}//{user}@{proxy}/{name}?{options}");
    let far = Database::connect(&far, PoolSettings::default(), OpenMode::Create).await.unwrap();

    let mut askers = tokio::task::JoinSet::new();
    for n in 0..50 {
        let far = far.clone();
        askers.spawn(async move {
            let asked = rename(&far, (business, lead), format!("name {n}"));
            timeout(Duration::from_millis(200 + n * 56), asked).await
        });
    }
    for done in askers.join_all().await.into_iter().flatten() {
        if let Err(error) = done {
            assert!(!error.to_string().contains("25P02"), "{error}");
        }
    }
    // Each unit ends by itself: a reader that comes after them gets a whole connection.
    for _ in 0..10 {
        leads::get(&far, business, lead).await.unwrap().unwrap();
    }
    far.close().await.unwrap();
    assert_eq!(idle_in_transaction(&admin, &schema).await, 0);
    near.close().await.unwrap();
    let drop = format!("DROP SCHEMA {schema} CASCADE");
    admin.connection().execute_unprepared(&drop).await.unwrap();
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
