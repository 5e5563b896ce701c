//! Moving an appointment, and a lead's second one (CAL-6): alone, and against bookings at the same time.

use std::time::Duration;

use entities::appointments::{
    AppointmentId, AppointmentRecord, AppointmentStatus, Authority, BookingError, MoveError,
    NewAppointment, NewTimes, Selector, between, book, by_key, cancel, get, move_to,
};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::ids::{BusinessId, LeadId, ToolCallId};
use tokio::task::JoinSet;

use crate::support::{at, business, lead, new_id, noon, on_each};

const HALF_HOUR: Duration = Duration::from_mins(30);
const BUFFER: Duration = Duration::from_mins(10);

fn on_the_day(time: &str) -> Timestamp {
    at(&format!("2026-11-25T{time}:00Z"))
}

/// Half an hour with ten minutes of buffer.
fn times(time: &str) -> NewTimes {
    let starts_at = on_the_day(time);
    let ends_at = starts_at + HALF_HOUR;
    NewTimes { starts_at, ends_at, busy_until: ends_at + BUFFER }
}

fn wanted(lead_id: LeadId, time: &str, additional: bool) -> NewAppointment {
    let NewTimes { starts_at, ends_at, busy_until } = times(time);
    NewAppointment {
        id: AppointmentId(new_id()),
        lead_id,
        call_sid: None,
        starts_at,
        ends_at,
        busy_until,
        notes: Some("להביא מנעול".to_owned()),
        idempotency_key: None,
        additional,
    }
}

async fn booked(
    db: &Database,
    business: BusinessId,
    lead: LeadId,
    time: &str,
) -> AppointmentRecord {
    book(db, business, wanted(lead, time, true), noon()).await.unwrap()
}

async fn person(db: &Database, business: BusinessId, n: u32) -> LeadId {
    lead(db, business, &format!("+97250{n:07}")).await
}

/// All booked appointments of the day. Fails if two overlap.
async fn the_day(db: &Database, business: BusinessId) -> Vec<AppointmentRecord> {
    let (from, until) = (at("2026-11-25T00:00:00Z"), at("2026-11-26T00:00:00Z"));
    let day = between(db, business, from, until).await.unwrap();
    for pair in day.windows(2) {
        assert!(pair[0].busy_until <= pair[1].starts_at, "{pair:?}");
    }
    day
}

#[tokio::test]
async fn cal_6_a_moved_appointment_has_its_new_times_and_its_old_slot_is_free() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (dana, noa) = (person(db, locks, 1).await, person(db, locks, 2).await);
        let held = booked(db, locks, dana, "10:00").await;
        let moved = move_to(db, locks, dana, held.id, times("12:00"), noon()).await.unwrap();
        let NewTimes { starts_at, ends_at, busy_until } = times("12:00");
        let expected = AppointmentRecord { starts_at, ends_at, busy_until, ..held.clone() };
        assert_eq!(moved, expected);
        let again = move_to(db, locks, dana, held.id, times("12:00"), noon()).await.unwrap();
        assert_eq!(again, expected, "where it is already");
        booked(db, locks, noa, "10:00").await;
        // Its own time does not stand in its way.
        let nearby = move_to(db, locks, dana, held.id, times("12:20"), noon()).await.unwrap();
        assert_eq!(nearby.starts_at, on_the_day("12:20"));
        assert_eq!(the_day(db, locks).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn cal_6_an_appointment_that_cannot_be_moved_keeps_its_slot() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let clinic = business(db, "clinic", "+97232222222").await;
        let (dana, noa) = (person(db, locks, 1).await, person(db, locks, 2).await);
        let held = booked(db, locks, dana, "10:00").await;
        let other = booked(db, locks, noa, "12:00").await;
        for taken in ["12:00", "11:30", "12:35"] {
            let refused = move_to(db, locks, dana, held.id, times(taken), noon()).await;
            assert!(matches!(refused, Err(MoveError::SlotTaken)), "{taken}: {refused:?}");
        }
        // Neither somebody else's nor, in another business, one's own (LEAD-3).
        for (business, lead) in [(locks, noa), (clinic, dana)] {
            let refused = move_to(db, business, lead, held.id, times("16:00"), noon()).await;
            let not_found = matches!(refused, Err(MoveError::Records(RecordsError::NotFound)));
            assert!(not_found, "{refused:?}");
        }
        assert_eq!(the_day(db, locks).await, [held.clone(), other]);
        cancel(db, locks, Authority::Lead(dana), Selector::Id(held.id), noon()).await.unwrap();
        let refused = move_to(db, locks, dana, held.id, times("16:00"), noon()).await;
        assert!(matches!(refused, Err(MoveError::Cancelled)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn cal_6_a_lead_with_an_appointment_to_come_is_answered_with_it_and_gets_another_on_request()
{
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let (dana, noa) = (person(db, locks, 1).await, person(db, locks, 2).await);
        let first = book(db, locks, wanted(dana, "10:00", false), noon()).await.unwrap();
        let again = book(db, locks, wanted(dana, "10:00", false), noon()).await.unwrap();
        assert_eq!(again, first, "the same slot is no second appointment");
        booked(db, locks, noa, "14:00").await;
        // Whether or not the second slot is free: what is held matters more.
        for time in ["12:00", "14:00"] {
            let refused = book(db, locks, wanted(dana, time, false), noon()).await;
            let Err(BookingError::AlreadyHolds(held)) = refused else { panic!("{refused:?}") };
            assert_eq!(held, std::slice::from_ref(&first));
        }
        let second = booked(db, locks, dana, "12:00").await;
        let refused = book(db, locks, wanted(dana, "16:00", false), noon()).await;
        let Err(BookingError::AlreadyHolds(held)) = refused else { panic!("{refused:?}") };
        assert_eq!(held, [first.clone(), second.clone()]);
        // What has begun is not to come any more, and what is cancelled is not held.
        cancel(db, locks, Authority::Lead(dana), Selector::Id(second.id), noon()).await.unwrap();
        book(db, locks, wanted(dana, "16:00", false), first.starts_at).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn cal_4_a_booking_that_is_repeated_after_it_was_moved_returns_the_moved_appointment() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = person(db, locks, 1).await;
        let key = ToolCallId::parse("call_1").unwrap();
        let keyed = || NewAppointment {
            idempotency_key: Some(key.clone()),
            ..wanted(dana, "10:00", false)
        };
        let first = book(db, locks, keyed(), noon()).await.unwrap();
        let moved = move_to(db, locks, dana, first.id, times("12:00"), noon()).await.unwrap();
        assert_eq!(book(db, locks, keyed(), noon()).await.unwrap(), moved);
        assert_eq!(by_key(db, locks, &key).await.unwrap(), Some(moved));
        assert_eq!(the_day(db, locks).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_6_of_moves_and_bookings_of_one_slot_at_once_one_gets_it_and_the_others_keep_theirs() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut held = Vec::new();
        for n in 0..12 {
            let time = format!("{:02}:{:02}", n, if n % 2 == 0 { 0 } else { 20 });
            let holder = person(db, locks, n).await;
            held.push(booked(db, locks, holder, &time).await);
        }
        let mut tries = JoinSet::new();
        for (n, mine) in held.iter().cloned().enumerate() {
            let db = db.clone();
            let booker = person(&db, locks, 100 + u32::try_from(n).unwrap()).await;
            let moving = db.clone();
            tries.spawn(async move {
                match move_to(&moving, locks, mine.lead_id, mine.id, times("20:00"), noon()).await {
                    Ok(_) => Some(mine.id),
                    Err(MoveError::SlotTaken) => None,
                    Err(other) => panic!("{other:?}"),
                }
            });
            tries.spawn(async move {
                match book(&db, locks, wanted(booker, "20:00", false), noon()).await {
                    Ok(booked) => Some(booked.id),
                    Err(BookingError::SlotTaken) => None,
                    Err(other) => panic!("{other:?}"),
                }
            });
        }
        let won: Vec<_> = tries.join_all().await.into_iter().flatten().collect();
        let day = the_day(db, locks).await;
        let at_eight = day.iter().filter(|one| one.starts_at == on_the_day("20:00"));
        assert_eq!(at_eight.map(|one| one.id).collect::<Vec<_>>(), won);
        assert_eq!(won.len(), 1);
        for mine in held.iter().filter(|mine| !won.contains(&mine.id)) {
            assert_eq!(get(db, locks, mine.id).await.unwrap().as_ref(), Some(mine));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_6_moves_into_each_others_slots_and_bookings_of_those_never_overlap() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        const SLOTS: [&str; 4] = ["10:00", "10:40", "11:20", "12:00"];
        let mut held = Vec::new();
        for (n, time) in (1..).zip(&SLOTS[..3]) {
            let holder = person(db, locks, n).await;
            held.push(booked(db, locks, holder, time).await);
        }
        let mut tries = JoinSet::new();
        for round in 0..8_usize {
            for (n, mine) in held.iter().cloned().enumerate() {
                let db = db.clone();
                let to = times(SLOTS[(n + round + 1) % SLOTS.len()]);
                tries.spawn(async move {
                    let moved = move_to(&db, locks, mine.lead_id, mine.id, to, noon()).await;
                    assert!(matches!(moved, Ok(_) | Err(MoveError::SlotTaken)), "{moved:?}");
                });
            }
            let db = db.clone();
            let booker = person(&db, locks, 100 + u32::try_from(round).unwrap()).await;
            tries.spawn(async move {
                let time = SLOTS[round % SLOTS.len()];
                let tried = book(&db, locks, wanted(booker, time, false), noon()).await;
                assert!(matches!(tried, Ok(_) | Err(BookingError::SlotTaken)), "{tried:?}");
            });
        }
        tries.join_all().await;
        let day = the_day(db, locks).await;
        for mine in &held {
            assert_eq!(day.iter().filter(|one| one.id == mine.id).count(), 1, "none is lost");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_6_an_appointment_that_is_moved_and_cancelled_at_once_is_cancelled() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = person(db, locks, 1).await;
        for _ in 0..10 {
            let held = booked(db, locks, dana, "10:00").await;
            let (moving, cancelling) = (db.clone(), db.clone());
            let moving = tokio::spawn(async move {
                let moved = move_to(&moving, locks, dana, held.id, times("12:00"), noon()).await;
                assert!(matches!(moved, Ok(_) | Err(MoveError::Cancelled)), "{moved:?}");
            });
            let (authority, which) = (Authority::Lead(dana), Selector::Id(held.id));
            cancel(&cancelling, locks, authority, which, noon()).await.unwrap();
            moving.await.unwrap();
            let row = get(db, locks, held.id).await.unwrap().unwrap();
            assert_eq!(row.status, AppointmentStatus::Cancelled);
            assert_eq!(the_day(db, locks).await, []);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cal_6_of_many_bookings_of_one_lead_at_once_one_is_made() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = person(db, locks, 1).await;
        let mut tries = JoinSet::new();
        for hour in 6..18 {
            let db = db.clone();
            tries.spawn(async move {
                let tried =
                    book(&db, locks, wanted(dana, &format!("{hour:02}:00"), false), noon()).await;
                assert!(matches!(tried, Ok(_) | Err(BookingError::AlreadyHolds(_))), "{tried:?}");
            });
        }
        tries.join_all().await;
        assert_eq!(the_day(db, locks).await.len(), 1);
    })
    .await;
}
