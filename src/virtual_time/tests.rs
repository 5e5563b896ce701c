use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::*;

/// Wakes `other` whenever it is woken.
async fn echo(own: Arc<Notify>, other: Arc<Notify>) {
    loop {
        own.notified().await;
        other.notify_one();
    }
}

#[test]
#[should_panic(expected = "tasks wake each other for ever")]
fn res_10_two_tasks_that_wake_each_other_for_ever_end_the_simulation() {
    run(1, begins(), async |_| {
        let (one, other) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        one.notify_one();
        tokio::spawn(echo(Arc::clone(&one), Arc::clone(&other)));
        tokio::spawn(echo(other, one));
        sleep(Duration::from_secs(1)).await;
    });
}

#[test]
fn res_10_many_polls_are_no_livelock_if_the_clock_moves() {
    let polls = run(1, begins(), async |_| {
        let busy = tokio::spawn(async {
            let mut polls = 0;
            while polls < 2 * MAX_POLLS {
                for _ in 0..MAX_POLLS / 4 {
                    yield_now().await;
                    polls += 1;
                }
                sleep(Duration::from_millis(1)).await;
            }
            polls
        });
        busy.await.unwrap()
    });
    assert_eq!(polls, 2 * MAX_POLLS);
}

#[test]
#[should_panic(expected = "IO is disabled")]
fn res_10_a_real_socket_ends_the_simulation() {
    run(1, begins(), async |_| {
        // The error of a bind that fails is no panic.
        let _ = TcpListener::bind("127.0.0.1:0").await;
    });
}

#[test]
fn res_10_time_passes_at_once_and_the_wall_clock_with_it() {
    let (slept, wall) = run(1, begins(), async |platform| {
        let began = platform.clock.now();
        sleep(Duration::from_secs(3_600)).await;
        (platform.clock.now() - began, platform.clock.wall())
    });
    assert_eq!(slept, Duration::from_secs(3_600));
    assert_eq!(wall, begins() + slept);
}

#[test]
fn res_10_one_seed_gives_the_same_ids_and_another_seed_others() {
    let ids = |seed| {
        let Platform { chance, .. } = Platform::simulated(seed, begins());
        [0, 0, 1].map(|seconds| chance.new_id(Timestamp::from_second(seconds).unwrap()))
    };
    assert_eq!(ids(1), ids(1));
    assert!(ids(1).iter().all(|id| !ids(2).contains(id)));
    let [first, second, third] = ids(1);
    assert!(first < second && second < third, "in the order in which they were made");
}
