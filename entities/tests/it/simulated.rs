//! Simulated databases: queries take no virtual time and have one order.

use std::future::Future;
use std::time::Duration;

use entities::leads::{self, Caller, LeadFilter, ensure_for_call};
use entities::{
    Database, DatabaseFault, DatabaseFaults, FaultExtent, OpenMode, PoolSettings, RecordsError,
    businesses,
};
use protocol::ids::{BusinessId, LeadId};
use sea_orm::DbErr;
use tokio::time::Instant;

use crate::support::{business, call_sid, migrate, new_id, noon, phone};

pub(crate) async fn simulated() -> (Database, DatabaseFaults) {
    let db = Database::simulated("sqlite::memory:", PoolSettings::default()).unwrap();
    migrate(&db).await;
    let faults = db.faults().unwrap().clone();
    (db, faults)
}

/// What some work returns, and how much virtual time it takes.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = now();
    let done = work.await;
    (done, now() - began)
}

#[expect(clippy::disallowed_methods, reason = "the paused clock, whose passing is measured")]
fn now() -> Instant {
    Instant::now()
}

/// Writes a lead with this number.
pub(crate) async fn write(
    db: &Database,
    locks: BusinessId,
    number: &str,
) -> Result<LeadId, RecordsError> {
    let (number, id) = (phone(number), LeadId(new_id()));
    let caller = Caller::Known(&number);
    Ok(ensure_for_call(db, locks, caller, &call_sid(1), id, noon()).await?.record.id)
}

pub(crate) async fn leads(db: &Database, locks: BusinessId) -> Result<usize, RecordsError> {
    Ok(leads::list(db, locks, LeadFilter::default(), None, 100).await?.items.len())
}

pub(crate) fn text<T: std::fmt::Debug>(result: Result<T, RecordsError>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, RecordsError::Database(_)), "{error:?}");
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_query_takes_no_virtual_time_although_something_sleeps() {
    let (db, _) = simulated().await;
    let alarm = tokio::spawn(tokio::time::sleep(Duration::from_millis(1)));
    tokio::task::yield_now().await;
    let (locks, took) = timed(business(&db, "locks", "+97231111111")).await;
    assert_eq!(took, Duration::ZERO);
    for n in 0..50 {
        let (written, took) = timed(write(&db, locks, &format!("+9725000000{n:02}"))).await;
        written.unwrap();
        assert_eq!(took, Duration::ZERO);
    }
    assert!(!alarm.is_finished());
    assert_eq!(leads(&db, locks).await.unwrap(), 50);
    db.close().await.unwrap();
    assert!(!alarm.is_finished());
    let ((), left) = timed(async { alarm.await.unwrap() }).await;
    assert_eq!(left, Duration::from_millis(1));
}

#[tokio::test(start_paused = true)]
async fn queries_run_in_the_order_in_which_they_are_polled() {
    let (db, _) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    let order = std::sync::Mutex::new(Vec::new());
    let query = async |n| {
        write(&db, locks, "+972501111111").await.unwrap();
        order.lock().unwrap().push(n);
    };
    tokio::join!(biased; query(1), query(2), query(3));
    assert_eq!(order.into_inner().unwrap(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_work_is_the_callers() {
    let (db, _) = simulated().await;
    let other = db.clone();
    let work = async move {
        other
            .read(|_| async { panic!("in the work") })
            .await
            .unwrap_or_else(|error: DbErr| panic!("{error}"))
    };
    let panic = tokio::spawn(work).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"in the work"));
    business(&db, "locks", "+97231111111").await;
}

#[tokio::test(start_paused = true)]
async fn a_simulated_database_can_be_dropped_within_a_runtime_closed_or_not() {
    let (db, _) = simulated().await;
    drop(db);
    let (db, _) = simulated().await;
    db.close().await.unwrap();
    let after = businesses::list(&db, None, 10).await;
    text(after);
}

#[tokio::test]
async fn a_live_database_has_no_faults_to_set() {
    let db = Database::connect("sqlite::memory:", PoolSettings::default(), OpenMode::Create)
        .await
        .unwrap();
    assert!(db.faults().is_none());
}

#[tokio::test(start_paused = true)]
async fn another_process_s_handle_has_faults_of_its_own_and_closes_nothing() {
    let (db, faults) = simulated().await;
    let other = db.of_another_process();
    other.faults().unwrap().set(DatabaseFault::Gone, FaultExtent::Lasting);
    assert!(faults.is_clear());
    let read = async |db: &Database| db.read(async |_| Ok::<_, RecordsError>(7)).await;
    assert!(read(&other).await.is_err(), "it is cut off");
    assert_eq!(read(&db).await.unwrap(), 7);
    other.close().await.unwrap();
    assert_eq!(businesses::list(&db, None, 1).await.unwrap().items, [], "it is open");
    db.close().await.unwrap();
    assert!(businesses::list(&db, None, 1).await.is_err());
}
