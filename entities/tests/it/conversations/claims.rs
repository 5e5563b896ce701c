//! Claims of owners that have died, and of those that stop.

use entities::conversations::{Claimant, release_all, release_of};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wa_2_a_daemon_that_has_the_database_for_itself_ends_the_claims_of_a_dead_one() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        came(db, locks, "SM1").await;
        let dead = claimed(db, locks, 1, noon()).await.unwrap();
        assert!(claimed(db, locks, 2, noon()).await.is_none(), "its lease goes on");
        assert!(due_of_all(db, noon(), &[], 9).await.unwrap().is_empty());
        release_all(db).await.unwrap();
        assert_eq!(due_of_all(db, noon(), &[], 9).await.unwrap(), [(locks, person())]);
        assert!(claimed(db, locks, 2, noon()).await.is_some());
        assert!(!store(db, dead.claim, &person(), step(false, Vec::new()), noon()).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn wa_2_res_9_a_claim_of_a_dead_owner_is_free_at_once_and_one_of_another_is_not() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        came(db, locks, "SM1").await;
        let (dead, lives) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = claimed(db, locks, 1, noon()).await.unwrap();
        assert!(due_of_all(db, noon(), &[lives], 9).await.unwrap().is_empty());
        assert_eq!(due_of_all(db, noon(), &[lives, dead], 9).await.unwrap(), [(locks, person())]);
        let by = |dead: Vec<Uuid>| Claimant { owner: lives, dead };
        let claims =
            async |by| claim(db, locks, &person(), by, noon() + MINUTE, noon()).await.unwrap();
        assert!(claims(by(Vec::new())).await.is_none());
        let second = claims(by(vec![dead])).await.unwrap();
        assert_eq!((second.claim.owner, second.claim.fence), (lives, first.claim.fence + 1));
        assert!(!store(db, first.claim, &person(), step(false, Vec::new()), noon()).await.unwrap());
        assert!(due_of_all(db, noon(), &[dead], 9).await.unwrap().is_empty(), "it is the other's");
        // One that stops gives back what it has, and nothing else.
        release_of(db, dead).await.unwrap();
        assert!(due_of_all(db, noon(), &[], 9).await.unwrap().is_empty());
        release_of(db, lives).await.unwrap();
        assert_eq!(due_of_all(db, noon(), &[], 9).await.unwrap(), [(locks, person())]);
    })
    .await;
}
