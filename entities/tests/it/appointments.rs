//! Booking and cancelling: no overlaps, no double bookings.

use entities::appointments::{
    AppointmentFilter, AppointmentId, AppointmentRecord, AppointmentStatus, Authority,
    BookingError, NewAppointment, Selector, between, book, cancel, list, of_lead_upcoming,
};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, LeadId, ToolCallId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::task::JoinSet;

use crate::support::{at, business, call_sid, lead, new_id, noon, on_each, two_businesses};

/// An appointment on a fixed day, by its times.
fn slot(lead_id: LeadId, starts: &str, ends: &str, busy_until: &str) -> NewAppointment {
    let on_the_day = |time: &str| at(&format!("2026-11-25T{time}:00Z"));
    NewAppointment {
        id: AppointmentId(new_id()),
        lead_id,
        call_sid: Some(call_sid(1)),
        starts_at: on_the_day(starts),
        ends_at: on_the_day(ends),
        busy_until: on_the_day(busy_until),
        notes: Some("להביא מנעול".to_owned()),
        idempotency_key: None,
        additional: true,
    }
}

async fn two_leads(db: &Database) -> (BusinessId, LeadId, LeadId) {
    let locks = business(db, "locks", "+97231111111").await;
    let dana = lead(db, locks, "+972501111111").await;
    (locks, dana, lead(db, locks, "+972502222222").await)
}

#[tokio::test]
async fn cal_3_an_overlap_with_an_appointment_or_its_buffer_is_refused_and_an_adjacent_slot_is_booked()
 {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        book(db, locks, slot(dana, "10:00", "10:30", "10:40"), noon()).await.unwrap();
        for (starts, ends, busy_until) in [
            ("10:00", "10:30", "10:40"),
            ("09:45", "10:15", "10:15"),
            ("10:10", "10:20", "10:20"),
            ("09:00", "11:00", "11:00"),
            ("10:35", "11:05", "11:05"),
            ("09:30", "10:00", "10:10"),
        ] {
            let refused = book(db, locks, slot(noa, starts, ends, busy_until), noon()).await;
            assert!(matches!(refused, Err(BookingError::SlotTaken)), "{starts}: {refused:?}");
        }
        book(db, locks, slot(noa, "10:40", "11:10", "11:20"), noon()).await.unwrap();
        book(db, locks, slot(noa, "09:30", "10:00", "10:00"), noon()).await.unwrap();

        let clinic = business(db, "clinic", "+97232222222").await;
        let patient = lead(db, clinic, "+972501111111").await;
        book(db, clinic, slot(patient, "10:00", "10:30", "10:40"), noon()).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_3_of_forty_simultaneous_bookings_of_one_slot_one_succeeds_and_the_others_are_refused()
{
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut callers = JoinSet::new();
        for n in 0..40 {
            let db = db.clone();
            callers.spawn(async move {
                let lead = lead(&db, locks, &format!("+9725000000{n:02}")).await;
                book(&db, locks, slot(lead, "10:00", "10:30", "10:30"), noon()).await
            });
        }
        let (booked, refused): (Vec<_>, Vec<_>) =
            callers.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(booked.len(), 1);
        for refused in refused {
            assert!(matches!(refused, Err(BookingError::SlotTaken)), "{refused:?}");
        }
        let kept = between(db, locks, at("2026-11-25T00:00:00Z"), at("2026-11-26T00:00:00Z"));
        assert_eq!(kept.await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn cal_3_invariant_11_the_schema_refuses_an_overlap_written_by_plain_sql() {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        book(db, locks, slot(dana, "10:00", "10:30", "10:30"), noon()).await.unwrap();
        let apart = book(db, locks, slot(noa, "12:00", "12:30", "12:30"), noon()).await.unwrap();
        let cancelled =
            book(db, locks, slot(noa, "14:00", "14:30", "14:30"), noon()).await.unwrap();
        cancel(db, locks, Authority::Business, Selector::Id(cancelled.id), noon()).await.unwrap();

        let shifted = "starts_at = (SELECT starts_at FROM appointments WHERE lead_id = $2), \
                       ends_at = (SELECT ends_at FROM appointments WHERE lead_id = $2), \
                       busy_until = (SELECT busy_until FROM appointments WHERE lead_id = $2)";
        let update = format!("UPDATE appointments SET {shifted} WHERE id = $1");
        assert_eq!(refusal(db, &update, apart.id, dana).await.as_deref(), Some(overlap(db)));
        // A cancelled appointment may overlap, but cannot be booked again there.
        assert_eq!(refusal(db, &update, cancelled.id, dana).await, None);
        let revive = "UPDATE appointments SET status = 'booked' WHERE id = $1 AND lead_id <> $2";
        assert_eq!(refusal(db, revive, cancelled.id, dana).await.as_deref(), Some(overlap(db)));
        let insert = "INSERT INTO appointments (id, business_id, lead_id, starts_at, ends_at, \
                      busy_until, status, created_at) SELECT $1, business_id, lead_id, starts_at, \
                      ends_at, busy_until, status, created_at FROM appointments WHERE lead_id = $2";
        let id = AppointmentId(new_id());
        assert_eq!(refusal(db, insert, id, dana).await.as_deref(), Some(overlap(db)));
        let backwards =
            "UPDATE appointments SET ends_at = starts_at WHERE id = $1 AND lead_id <> $2";
        assert!(refusal(db, backwards, apart.id, dana).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn cal_4_the_same_key_again_returns_the_same_appointment() {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        let keyed = |lead, starts, ends| NewAppointment {
            idempotency_key: Some(ToolCallId::parse("call_1").unwrap()),
            ..slot(lead, starts, ends, ends)
        };
        let first = book(db, locks, keyed(dana, "10:00", "10:30"), noon()).await.unwrap();
        let again = book(db, locks, keyed(dana, "10:00", "10:30"), noon()).await.unwrap();
        assert_eq!(again, first);
        // The other slot is free, so the key alone explains this answer.
        let elsewhere = book(db, locks, keyed(noa, "16:00", "16:30"), noon()).await.unwrap();
        assert_eq!(elsewhere, first);
        assert_eq!(
            list(db, locks, AppointmentFilter::default(), None, 10).await.unwrap().items,
            [first]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_4_one_key_used_many_times_at_once_books_once() {
    on_each(async |db| {
        let (locks, dana, _) = two_leads(db).await;
        let mut tries = JoinSet::new();
        for _ in 0..20 {
            let db = db.clone();
            tries.spawn(async move {
                let key = Some(ToolCallId::parse("call_1").unwrap());
                let wanted = NewAppointment {
                    idempotency_key: key,
                    ..slot(dana, "10:00", "10:30", "10:30")
                };
                book(&db, locks, wanted, noon()).await.unwrap().id
            });
        }
        let mut ids = tries.join_all().await;
        ids.dedup();
        assert_eq!(ids.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn cal_1_booking_a_slot_that_the_lead_already_has_returns_that_appointment() {
    on_each(async |db| {
        let (locks, dana, _) = two_leads(db).await;
        let held = book(db, locks, slot(dana, "10:00", "10:30", "10:40"), noon()).await.unwrap();
        let asked = book(db, locks, slot(dana, "10:00", "10:30", "10:40"), noon()).await.unwrap();
        assert_eq!(asked, held);
        let beside = book(db, locks, slot(dana, "10:15", "10:45", "10:45"), noon()).await;
        assert!(matches!(beside, Err(BookingError::SlotTaken)));
    })
    .await;
}

#[tokio::test]
async fn cal_1_booking_a_longer_slot_at_the_same_start_returns_the_leads_appointment_despite_an_overlap()
 {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        for (starts, ends) in [("11:30", "12:00"), ("11:00", "11:30"), ("10:30", "11:00")] {
            book(db, locks, slot(noa, starts, ends, ends), noon()).await.unwrap();
        }
        let held = book(db, locks, slot(dana, "10:00", "10:30", "10:30"), noon()).await.unwrap();
        let longer = book(db, locks, slot(dana, "10:00", "12:00", "12:00"), noon()).await;
        assert_eq!(longer.unwrap(), held);
    })
    .await;
}

#[tokio::test]
async fn cal_1_a_lead_cancels_only_its_own_appointments_and_the_slot_is_free_again() {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        let held = book(db, locks, slot(dana, "10:00", "10:30", "10:30"), noon()).await.unwrap();
        for which in [Selector::Id(held.id), Selector::StartsAt(held.starts_at)] {
            let refused = cancel(db, locks, Authority::Lead(noa), which, noon()).await;
            assert!(matches!(refused, Err(RecordsError::NotFound)), "{refused:?}");
        }
        let expected = AppointmentRecord { status: AppointmentStatus::Cancelled, ..held.clone() };
        for _ in 0..2 {
            let which = Selector::StartsAt(held.starts_at);
            let cancelled = cancel(db, locks, Authority::Lead(dana), which, noon()).await.unwrap();
            assert_eq!(cancelled, expected);
        }
        let taken = book(db, locks, slot(noa, "10:00", "10:30", "10:30"), noon()).await.unwrap();
        let cancelled =
            cancel(db, locks, Authority::Business, Selector::Id(taken.id), noon()).await.unwrap();
        assert_eq!((cancelled.id, cancelled.status), (taken.id, AppointmentStatus::Cancelled));
    })
    .await;
}

#[tokio::test]
async fn upcoming_and_between_return_booked_appointments_that_have_not_ended_in_order() {
    on_each(async |db| {
        let (locks, dana, noa) = two_leads(db).await;
        let noons = book(db, locks, slot(dana, "12:00", "12:30", "12:30"), noon()).await.unwrap();
        let tens = book(db, locks, slot(dana, "10:00", "10:30", "10:40"), noon()).await.unwrap();
        let hers = book(db, locks, slot(noa, "14:00", "14:30", "14:30"), noon()).await.unwrap();
        let gone = book(db, locks, slot(dana, "16:00", "16:30", "16:30"), noon()).await.unwrap();
        cancel(db, locks, Authority::Business, Selector::Id(gone.id), noon()).await.unwrap();

        let upcoming = async |now| of_lead_upcoming(db, locks, dana, at(now)).await.unwrap();
        assert_eq!(upcoming("2026-11-25T10:29:59Z").await, [tens.clone(), noons.clone()]);
        assert_eq!(upcoming("2026-11-25T10:30:00.000001Z").await, std::slice::from_ref(&noons));

        let kept = async |from, until| between(db, locks, at(from), at(until)).await.unwrap();
        let until_two = kept("2026-11-25T10:35:00Z", "2026-11-25T14:00:00Z").await;
        assert_eq!(until_two, [tens, noons.clone()]);
        let later = kept("2026-11-25T10:40:00Z", "2026-11-25T14:00:00.5Z").await;
        assert_eq!(later, [noons, hers]);
    })
    .await;
}

#[tokio::test]
async fn an_appointment_that_ends_before_it_begins_is_refused() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        let dana = lead(db, locks, "+972501111111").await;
        for (starts, ends, busy_until) in
            [("10:00", "10:00", "10:30"), ("10:00", "09:00", "10:30"), ("10:00", "10:30", "10:20")]
        {
            let refused = book(db, locks, slot(dana, starts, ends, busy_until), noon()).await;
            assert!(matches!(refused, Err(BookingError::InvalidTimes)), "{refused:?}");
        }
    })
    .await;
}

/// The code of the database's error for a statement, or `None` if it succeeds.
async fn refusal(
    db: &Database,
    sql: &str,
    appointment: AppointmentId,
    lead: LeadId,
) -> Option<String> {
    let values = [appointment.0.into(), lead.0.into()];
    let statement = Statement::from_sql_and_values(backend(db), sql, values);
    let sea_orm::DbErr::Exec(sea_orm::RuntimeErr::SqlxError(error)) =
        db.write(|db| async move { db.execute_raw(statement).await }).await.err()?
    else {
        panic!("the database was not asked");
    };
    Some(error.as_database_error().unwrap().code().unwrap().into_owned())
}

fn backend(db: &Database) -> DbBackend {
    db.connection().get_database_backend()
}

fn overlap(db: &Database) -> &'static str {
    if backend(db) == DbBackend::Sqlite { "1811" } else { "23P01" }
}
