//! Failed sign-ins are counted, and make the next one wait.

use entities::Database;
use entities::sign_ins::{self, MOST_FAILURES, begin, succeeded};
use jiff::{SignedDuration, Timestamp};

use crate::support::{noon, on_each};

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

async fn tried(db: &Database, name: &str, address: &str, now: Timestamp) -> Option<Timestamp> {
    begin(db, vec![name.to_owned(), address.to_owned()], now).await.unwrap()
}

#[tokio::test]
async fn con_2_ten_failures_of_a_name_make_it_wait_longer_and_longer() {
    on_each(async |db| {
        for number in 0..MOST_FAILURES {
            assert_eq!(tried(db, "dana", &format!("from {number}"), noon()).await, None);
        }
        let until = noon() + seconds(30);
        assert_eq!(tried(db, "dana", "from elsewhere", noon()).await, Some(until));
        assert_eq!(tried(db, "noam", "from elsewhere", noon()).await, None, "of this name alone");
        // A refused try makes the wait no longer.
        assert_eq!(tried(db, "dana", "from elsewhere", until - seconds(1)).await, Some(until));
        assert_eq!(tried(db, "dana", "from elsewhere", until).await, None);
        assert_eq!(tried(db, "dana", "x", until).await, Some(until + seconds(60)));
        let next_day = noon() + SignedDuration::from_hours(25);
        assert_eq!(sign_ins::delete_old(db, noon()).await.unwrap(), 0);
        assert_eq!(tried(db, "dana", "x", next_day).await, None);
        assert_eq!(tried(db, "dana", "x", next_day).await, None, "counted anew");
        assert!(sign_ins::delete_old(db, next_day).await.unwrap() >= 11);
    })
    .await;
}

#[tokio::test]
async fn con_2_a_success_forgets_the_name_and_one_try_of_the_address() {
    on_each(async |db| {
        for number in 0..MOST_FAILURES - 1 {
            assert_eq!(tried(db, &format!("guess {number}"), "home", noon()).await, None);
        }
        for _ in 0..3 {
            assert_eq!(tried(db, "dana", "home", noon()).await, None);
            succeeded(db, "dana".to_owned(), Some("home".to_owned())).await.unwrap();
        }
        assert_eq!(tried(db, "guess 9", "home", noon()).await, None);
        let blocked = tried(db, "dana", "home", noon()).await;
        assert_eq!(blocked, Some(noon() + seconds(30)), "the address has ten failures");
        assert_eq!(tried(db, "dana", "abroad", noon()).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn con_2_tries_at_once_are_not_more_than_tries_in_turn() {
    on_each(async |db| {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..25 {
            let db = db.clone();
            tries.spawn(async move { tried(&db, "dana", "home", noon()).await });
        }
        let made = tries.join_all().await.iter().filter(|refused| refused.is_none()).count();
        assert_eq!(made, usize::try_from(MOST_FAILURES).unwrap());
        sign_ins::forget(db, "dana".to_owned()).await.unwrap();
        assert_eq!(tried(db, "dana", "abroad", noon()).await, None);
    })
    .await;
}
