//! Faults of a simulated database: each fails as a live database does, after the same time.

use std::time::Duration;

use entities::appointments::{AppointmentId, BookingError, NewAppointment, between, book};
use entities::businesses::{self, ImportBusiness, ImportError, import};
use entities::{
    Database, DatabaseFault, DatabaseFaults, FaultExtent, OpenMode, PoolSettings, RecordsError,
};
use protocol::ids::BusinessId;
use sea_orm::{ConnectionTrait, DbErr, TransactionTrait};

use crate::simulated::{leads, simulated, text, timed, write};
use crate::support::{at, business, file, lead, migrate, new_id, noon};

const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_slow_database_delays_reads_and_writes_by_its_time() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    let second = Duration::from_secs(1);
    faults.set(DatabaseFault::Slow(second), FaultExtent::Lasting);
    let (read, took) = timed(leads(&db, locks)).await;
    assert_eq!((read.unwrap(), took), (0, second));
    let (written, took) = timed(write(&db, locks, "+972501111111")).await;
    written.unwrap();
    assert_eq!(took, second);

    faults.set(DatabaseFault::Slow(second * 3), FaultExtent::Next(2));
    for expected in [second * 3, second * 3, Duration::ZERO] {
        assert_eq!(timed(leads(&db, locks)).await.1, expected);
    }
    assert!(faults.is_clear());
}

#[tokio::test(start_paused = true)]
async fn a_locked_database_answers_reads_and_fails_writes_after_the_busy_timeout() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    faults.set(DatabaseFault::Locked, FaultExtent::Lasting);
    let (read, took) = timed(leads(&db, locks)).await;
    assert_eq!((read.unwrap(), took), (0, Duration::ZERO));
    let (failed, took) = timed(write(&db, locks, "+972501111111")).await;
    assert!(text(failed).contains("(code: 5) database is locked"));
    assert_eq!(took, BUSY_TIMEOUT);
    assert_eq!(leads(&db, locks).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_waits_for_a_lock_goes_on_when_the_lock_ends() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    for ends in [|faults: &DatabaseFaults| faults.end(DatabaseFault::Locked), DatabaseFaults::clear]
    {
        faults.set(DatabaseFault::Locked, FaultExtent::Lasting);
        let unlock = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            ends(&faults);
        };
        let write = write(&db, locks, "+972501111111");
        let ((written, ()), took) = timed(async { tokio::join!(write, unlock) }).await;
        written.unwrap();
        assert_eq!(took, Duration::from_secs(2));
    }
    faults.set(DatabaseFault::Locked, FaultExtent::Next(1));
    assert_eq!(timed(write(&db, locks, "+972501111111")).await.1, BUSY_TIMEOUT);
    assert_eq!(timed(write(&db, locks, "+972501111111")).await.1, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_begins_again_while_a_write_waits_adds_no_patience() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    faults.set(DatabaseFault::Locked, FaultExtent::Lasting);
    let relock = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        faults.end(DatabaseFault::Locked);
        faults.set(DatabaseFault::Locked, FaultExtent::Lasting);
    };
    let write = timed(write(&db, locks, "+972501111111"));
    let ((failed, took), ()) = tokio::join!(write, relock);
    assert!(text(failed).contains("database is locked"));
    assert_eq!(took, BUSY_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn a_database_that_is_gone_fails_reads_and_writes_at_once() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
    faults.set(DatabaseFault::Slow(Duration::from_secs(1)), FaultExtent::Lasting);
    let (failed, took) = timed(leads(&db, locks)).await;
    assert!(text(failed).contains("connection refused"));
    assert_eq!(took, Duration::ZERO);
    let (failed, took) = timed(write(&db, locks, "+972501111111")).await;
    assert!(text(failed).contains("connection refused"));
    assert_eq!(took, Duration::ZERO);
    faults.clear();
    assert_eq!(leads(&db, locks).await.unwrap(), 0);

    faults.set(DatabaseFault::Gone, FaultExtent::Next(1));
    text(leads(&db, locks).await);
    assert_eq!(leads(&db, locks).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_fails_writes_and_answers_reads() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    faults.set(DatabaseFault::Full, FaultExtent::Next(2));
    for _ in 0..2 {
        let (failed, took) = timed(write(&db, locks, "+972501111111")).await;
        assert!(text(failed).contains("(code: 13) database or disk is full"));
        assert_eq!(took, Duration::ZERO);
        assert_eq!(leads(&db, locks).await.unwrap(), 0);
    }
    write(&db, locks, "+972501111111").await.unwrap();
    assert_eq!(leads(&db, locks).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_commit_is_an_error_although_the_rows_are_written() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    faults.set(DatabaseFault::CommitLost, FaultExtent::Next(1));
    assert_eq!(leads(&db, locks).await.unwrap(), 0);
    // A refused write commits nothing: it does not meet the fault.
    let refused = write(&db, BusinessId(new_id()), "+972501111111").await;
    assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
    let (failed, took) = timed(write(&db, locks, "+972501111111")).await;
    assert!(text(failed).contains("connection reset"));
    assert_eq!(took, Duration::ZERO);
    assert_eq!(leads(&db, locks).await.unwrap(), 1);
    write(&db, locks, "+972501111111").await.unwrap();
    assert_eq!(leads(&db, locks).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn cal_4_a_booking_whose_commit_is_lost_stands_and_is_returned_when_it_is_tried_again() {
    let (db, faults) = simulated().await;
    let locks = business(&db, "locks", "+97231111111").await;
    let (starts_at, ends_at) = (at("2026-11-25T10:00:00Z"), at("2026-11-25T10:30:00Z"));
    let wanted = NewAppointment {
        id: AppointmentId(new_id()),
        lead_id: lead(&db, locks, "+972501111111").await,
        call_sid: None,
        starts_at,
        ends_at,
        busy_until: ends_at,
        notes: None,
        idempotency_key: None,
        additional: true,
    };
    faults.set(DatabaseFault::CommitLost, FaultExtent::Next(1));
    let lost = book(&db, locks, wanted.clone(), noon()).await;
    assert!(matches!(lost, Err(BookingError::Records(RecordsError::Database(_)))), "{lost:?}");
    let again = NewAppointment { id: AppointmentId(new_id()), ..wanted.clone() };
    let held = book(&db, locks, again, noon()).await.unwrap();
    assert_eq!(held.id, wanted.id);
    assert_eq!(between(&db, locks, starts_at, ends_at).await.unwrap(), [held]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_import_stores_nothing_of_the_business() {
    let (db, faults) = simulated().await;
    faults.set(DatabaseFault::Full, FaultExtent::Next(1));
    let failed = import(&db, file("locks", "+97231111111"), noon()).await;
    assert!(matches!(failed, Err(ImportError::Records(RecordsError::Database(_)))), "{failed:?}");
    assert_eq!(businesses::list(&db, None, 10).await.unwrap().items, []);
}

/// The text of SQLite's own error for a statement on a connection of its own.
async fn live_error(url: &str, prepare: &str, file: ImportBusiness) -> String {
    let one = PoolSettings { max_connections: 1, ..PoolSettings::default() };
    let db = Database::connect(url, one, OpenMode::Create).await.unwrap();
    let prepare_it = prepare.to_owned();
    db.write(move |db| async move { db.execute_unprepared(&prepare_it).await }).await.unwrap();
    let Err(ImportError::Records(error)) = import(&db, file, noon()).await else {
        panic!("{prepare} does not hinder an import");
    };
    db.close().await.unwrap();
    text(Err::<(), _>(error))
}

/// What follows the driver's "error returned from database: ", which depends on the statement.
fn cause(text: &str) -> &str {
    text.rsplit_once("database: ").expect("an error of the database").1
}

#[tokio::test]
async fn faults_read_as_the_errors_of_a_live_database_do() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
    let db = Database::simulated(&url, PoolSettings::default()).unwrap();
    migrate(&db).await;
    let faults = db.faults().unwrap();

    let mut big = file("locks", "+97231111111");
    big.prompt = "x".repeat(1 << 20);
    let full = live_error(&url, "PRAGMA max_page_count = 1", big).await;
    faults.set(DatabaseFault::Full, FaultExtent::Next(1));
    let simulated =
        db.write(move |db| async move { db.execute_unprepared("SELECT 1").await }).await;
    assert_eq!(cause(&full), cause(&simulated.unwrap_err().to_string()));

    let holder = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    let busy = holder.write(|db| async move {
        let transaction = db.begin().await?;
        transaction.execute_unprepared("CREATE TABLE held (x)").await?;
        let file = file("locks", "+97231111111");
        let error = live_error(&url, "PRAGMA busy_timeout = 0", file).await;
        transaction.rollback().await?;
        Ok::<_, DbErr>(error)
    });
    let busy = busy.await.unwrap();
    assert_eq!(cause(&busy), "(code: 5) database is locked");
}
