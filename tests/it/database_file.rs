//! The SQLite file is taken away under the daemon, and put back (OPS-9, OPS-10).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use entities::{Database, OpenMode, PoolSettings, Trouble};
use frontdesk::app::StartError;
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{Plan, World, WorldError};
use http::StatusCode;
use practice::twilio::{CallerHandle, Done};
use sea_orm::{SqliteTransactionMode, TransactionOptions, TransactionTrait as _};
use tempfile::TempDir;

use crate::api::operator::{Operator, Wanted};
use crate::support::{brief, ended_record, http_client, nothing_left, number, pause, plan, within};

fn plan_on(folder: &TempDir) -> Plan {
    let mut plan = plan();
    brief(&mut plan);
    let url = format!("sqlite://{}", file(folder).display());
    plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
    plan.state_dir = Some(folder.path().join("state"));
    plan
}

async fn on_disk(folder: &TempDir) -> World {
    World::open(plan_on(folder)).await.unwrap()
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("calls.db")
}

async fn ready(world: &World, query: &str) -> (StatusCode, String) {
    let url = format!("http://{}/readyz{query}", world.app.twilio_address());
    let answer = http_client(world).get(&url).send().await.unwrap();
    (answer.status, answer.text())
}

async fn hears_the_apology(world: &World) {
    let refused = within("the end", world.dial(&number(2)).ended()).await;
    let Done::Said { text, .. } = &refused.view.verbs[0].what else { panic!("{refused:?}") };
    assert_eq!(*text, world.business.lines().apology);
}

/// A call that has a row.
async fn greeted(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    caller
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_10_while_its_file_is_away_the_daemon_says_so_and_what_waits_is_written_when_it_is_back()
 {
    let folder = tempfile::tempdir().unwrap();
    let world = on_disk(&folder).await;
    let caller = greeted(&world).await;
    assert_eq!(ready(&world, "").await.0, StatusCode::OK);

    let aside = folder.path().join("aside.db");
    fs::rename(file(&folder), &aside).unwrap();
    let gone = r#"{"ready":false,"why":["database_file"]}"#.to_owned();
    assert_eq!(ready(&world, "").await, (StatusCode::SERVICE_UNAVAILABLE, gone));
    assert_eq!(ready(&world, "?for=webhooks").await.0, StatusCode::OK);
    hears_the_apology(&world).await;
    let (operator, slug) = (Operator::of(&world), &world.business.slug);
    let answer = operator.asks(&Wanted::get(format!("/api/leads?business={slug}"))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
    assert_eq!(answer.body["error"]["code"], "database_file");
    caller.hang_up();
    within("the end", caller.ended()).await;
    let on_disk = async {
        let waits = |name: fs::DirEntry| name.file_name().to_string_lossy().ends_with(".jsonl");
        while !fs::read_dir(folder.path().join("state")).unwrap().any(|file| waits(file.unwrap())) {
            pause().await;
        }
    };
    within("the records on disk", on_disk).await;
    assert!(!file(&folder).exists(), "no file is made");

    fs::rename(&aside, file(&folder)).unwrap();
    let record = ended_record(&world, &caller).await;
    assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
    assert_eq!(ready(&world, "").await.0, StatusCode::OK);
    greeted(&world).await.hang_up();
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_10_what_waits_for_a_file_that_is_away_is_written_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = on_disk(&folder).await;
    let caller = greeted(&first).await;
    let aside = folder.path().join("aside.db");
    fs::rename(file(&folder), &aside).unwrap();
    let read = entities::businesses::list(&first.app.services().database, None, 1).await;
    assert_eq!(read.unwrap_err().trouble(), Some(Trouble::Away));
    caller.hang_up();
    within("the end", caller.ended()).await;
    // A call that the daemon's own stop finds alive ends with another reason.
    nothing_left(&first).await;
    first.close().await;

    let Err(refused) = World::open(plan_on(&folder)).await else { panic!("it began anew") };
    assert!(matches!(refused, WorldError::Start(StartError::FileGone { .. })), "{refused}");
    assert!(!file(&folder).exists(), "no file is made");
    fs::rename(&aside, file(&folder)).unwrap();
    let second = on_disk(&folder).await;
    let record = ended_record(&second, &caller).await;
    assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"), "not a sweep's end");
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_9_readyz_says_that_another_program_holds_the_files_write_lock() {
    let folder = tempfile::tempdir().unwrap();
    let world = on_disk(&folder).await;
    assert_eq!(ready(&world, "").await.0, StatusCode::OK);
    let url = format!("sqlite://{}", file(&folder).display());
    let other = Database::connect(&url, PoolSettings::default(), OpenMode::Existing).await.unwrap();
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    let holds = other.connection().begin_with_options(immediate).await.unwrap();
    let busy = r#"{"ready":false,"why":["database_busy"]}"#;
    let noticed = async {
        while ready(&world, "").await.1 != busy {
            pause().await;
        }
    };
    within("the lock", noticed).await;
    // Longer than SQLite waits.
    for _ in 0..8 {
        assert_eq!(ready(&world, "").await.1, busy);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(ready(&world, "?for=webhooks").await.0, StatusCode::OK);
    holds.rollback().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ready(&world, "").await.0, StatusCode::OK);
    other.close().await.unwrap();
    world.close().await;
}
