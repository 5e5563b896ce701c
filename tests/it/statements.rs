//! How many statements the parts of a call ask of the database: `docs/survival.md` states them, and they are counted
//! here. In virtual time the count is always the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actors::cluster::LocalHub;
use frontdesk::world::{Plan, World};
use practice::twilio::CallerHandle;
use tokio::time::sleep;

use crate::support::{nothing_left, number, pause, plan, platform, virtually, within};
use crate::survival::{BOOKED, CLOSING, GREETING, as_in_virtual_time};

const PAGE: &str = include_str!("../../docs/survival.md");

/// The parts of a call, as the page's table has them.
const PARTS: [&str; 4] = [
    "the webhook, and the greeting",
    "a turn and its answer",
    "a turn in which a visit is booked",
    "the goodbye, and the end",
];

/// The numbers in these columns of the page.
fn stated() -> [[usize; 2]; 4] {
    PARTS.map(|part| {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| {part} |"))).unwrap();
        let mut cells = row.split('|').skip(2).map(|cell| cell.trim().parse().unwrap_or(0));
        [cells.next().unwrap(), cells.next().unwrap()]
    })
}

/// A daemon whose statements are counted, on the database of another one that does nothing.
async fn counted(is_shared: bool) -> ([World; 2], Arc<AtomicUsize>) {
    let idle = World::open(as_planned()).await.unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&count);
    let database = idle.app.services().database.of_another_process().observed(move |_| {
        counts.fetch_add(1, Ordering::Relaxed);
    });
    let mut plan = as_planned();
    plan.platform = platform().split("counted");
    plan.platform.hub = is_shared.then(LocalHub::default);
    plan.platform.opened = Some(database);
    ([World::open(plan).await.unwrap(), idle], count)
}

fn as_planned() -> Plan {
    let mut plan = plan();
    as_in_virtual_time(&mut plan);
    plan
}

async fn turn(caller: &CallerHandle, says: &str, hears: &str) {
    within(says, caller.say(says)).await.unwrap();
    within(hears, caller.hears(hears)).await.unwrap();
}

/// What each part of one call asks.
async fn asked(is_shared: bool) -> [usize; 4] {
    let ([world, idle], count) = counted(is_shared).await;
    // Behind each part, until all of it is written.
    let part = async || {
        sleep(Duration::from_secs(1)).await;
        while world.app.services().journal.depth() > 0 {
            pause().await;
        }
        count.swap(0, Ordering::Relaxed)
    };
    part().await;
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(GREETING)).await.unwrap();
    let greeting = part().await;
    turn(&caller, "מה שלומך", "כן").await;
    let plain = part().await;
    turn(&caller, "אני רוצה לקבוע תור", BOOKED).await;
    let booking = part().await;
    turn(&caller, "ביי", CLOSING).await;
    within("the end", caller.ended()).await;
    nothing_left(&world).await;
    let end = part().await;
    world.close().await;
    idle.close().await;
    [greeting, plain, booking, end]
}

#[test]
fn res_4_the_parts_of_a_call_ask_the_database_as_often_as_the_page_says() {
    virtually(async {
        let (alone, shared) = (asked(false).await, asked(true).await);
        let counted: [[usize; 2]; 4] = std::array::from_fn(|part| [alone[part], shared[part]]);
        assert_eq!(counted, stated(), "counted, and stated: alone, and one of several");
    });
}
