use mistakes::{Mistake, plant};

use super::*;
use crate::testing::{self, Unreachable};

/// Who holds the call's parts after its requests were cancelled and joined, beside the test.
async fn holders_after_the_teardown() -> usize {
    let parts = testing::call(Arc::new(Unreachable));
    let requests = TaskGroup::new();
    HangUpOnce::default().send(&parts, &requests);
    tokio::task::yield_now().await;
    requests.cancel_and_join().await;
    Arc::strong_count(&parts) - 1
}

#[tokio::test(start_paused = true)]
async fn leaked_task_outlives_its_call_while_twilio_does_not_answer() {
    assert_eq!(holders_after_the_teardown().await, 0);
    let _planted = plant(Mistake::LeakedTask);
    assert_eq!(holders_after_the_teardown().await, 1);
}
