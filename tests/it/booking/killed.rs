//! A daemon process is killed between a booking and its answer (CAL-4).

use crate::support::pause;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};

use actors::calendar::CalendarRequest;
use protocol::call::Event;
use supervision::Inbox;

use super::*;

/// The test that runs in the process to be killed.
const CHILD: &str = "booking::killed::the_daemon_that_is_killed";
/// The environment variables of that process: its database, and the slot to book.
const DATABASE: &str = "FRONTDESK_TEST_KILLED_DATABASE";
const SLOT: &str = "FRONTDESK_TEST_KILLED_SLOT";

/// Kills the process when the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Books for a call that reads no messages: the answer waits until the process is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the process that cal_4_a_daemon_that_is_killed_… starts and kills"]
async fn the_daemon_that_is_killed() {
    let (Some(url), Some(slot)) = (setting(DATABASE), setting(SLOT)) else { return };
    let world = world_on(&url).await;
    let person = Person::new(&world, 1).await;
    let deaf = Inbox::new(1);
    deaf.try_send(Event::SpeechStarted).unwrap();
    let used = person.tool_use(CalendarTool::Create, "call_1", &json!({ "slot_start": slot }));
    world.app.services().calendar.send(CalendarRequest::from_call(used, deaf)).await.unwrap();
    // The parent never writes: this returns when the parent is gone.
    let parent = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    parent.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_4_a_daemon_that_is_killed_between_booking_and_answer_books_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("killed.db").display());
    let world = world_on(&url).await;
    let person = Person::new(&world, 1).await;
    let slots = person.finds(&ahead(&world, 3)).await;
    let business = world.business_id;
    world.close().await;

    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([CHILD, "--exact", "--ignored"]).env(DATABASE, &url).env(SLOT, &slots[0]);
    child.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = Killed(child.spawn().unwrap());
    let db = Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
    let committed = async {
        while booked_in(&db, business).await.is_empty() {
            assert_eq!(child.0.try_wait().unwrap(), None, "it ended by itself");
            pause().await;
        }
    };
    within("the row", committed).await;
    child.0.kill().unwrap();
    assert_eq!(child.0.wait().unwrap().signal(), Some(9));
    let [booked] = &*booked_in(&db, business).await else { panic!("not one appointment") };
    db.close().await.unwrap();

    let world = world_on(&url).await;
    let again = Person::new(&world, 1).await;
    assert_eq!((again.lead, booked.lead_id), (person.lead, person.lead));
    let answer = again.books(&slots[0]).await;
    assert_eq!(
        (&answer["ok"], &answer["slot_start"]),
        (&json!(true), &json!(slots[0])),
        "{answer}"
    );
    assert_eq!(answer["appointment_id"], booked.id.0.to_string());
    // The same tool call with another slot returns the first booking.
    let replayed = again.books(&slots[1]).await;
    assert_eq!(replayed["appointment_id"], answer["appointment_id"]);
    assert_eq!(all_booked(&world).await, std::slice::from_ref(booked));
    world.close().await;
}
