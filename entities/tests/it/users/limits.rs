//! What a user may do so many times a day.

use entities::audit::{self, NewEntry};
use entities::users::UserRole;
use jiff::SignedDuration;
use uuid::Uuid;

use super::{entry, user};
use crate::support::{noon, on_each};

const TESTED: &str = "test_call.start";

fn by(user: Uuid, action: &'static str) -> NewEntry {
    let mut entry = entry(action, None, noon());
    entry.by.user = Some(user);
    entry
}

#[tokio::test]
async fn con_5_of_many_at_once_as_many_are_written_as_a_user_may_make() {
    on_each(async |db| {
        let dana = user(db, "dana", UserRole::Admin, &[]).await;
        let noam = user(db, "noam", UserRole::Admin, &[]).await;
        audit::write(db, by(noam, TESTED)).await.unwrap();
        audit::write(db, by(dana, "settings.publish")).await.unwrap();
        let yesterday = noon() - SignedDuration::from_hours(24);
        audit::write(db, NewEntry { at: yesterday, ..by(dana, TESTED) }).await.unwrap();

        let since = noon() - SignedDuration::from_hours(12);
        let written = || audit::write_within(db, by(dana, TESTED), since, 3);
        let (a, b, c, d) = tokio::join!(written(), written(), written(), written());
        let written = [a, b, c, d].map(Result::unwrap);
        assert_eq!(written.iter().filter(|written| **written).count(), 3, "{written:?}");
        assert_eq!(audit::count_of_user(db, dana, TESTED, since).await.unwrap(), 3);
        assert_eq!(audit::count_of_user(db, noam, TESTED, since).await.unwrap(), 1);
        assert!(!audit::write_within(db, by(dana, TESTED), since, 3).await.unwrap());
        assert!(audit::write_within(db, by(noam, TESTED), since, 3).await.unwrap());
    })
    .await;
}
