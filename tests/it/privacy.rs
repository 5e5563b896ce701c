//! A person is erased by the API, after their call, and again after a restore (LEAD-5).

use std::time::Duration;

use entities::{call_turns, calls, leads};
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{Plan, World};
use http::{Method, StatusCode};
use practice::twilio::CallerHandle;
use protocol::ids::LeadId;

use crate::api::operator::{Operator, Wanted};
use crate::support::{brief, ended_record, number, recorded, virtually, within, world};

/// A caller who has said something, and their lead.
async fn spoke(world: &World) -> (CallerHandle, LeadId) {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("words", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    let record = recorded(world, caller.call_sid(), |record| record.lead_id.is_some()).await;
    (caller, record.lead_id.unwrap())
}

async fn erase(world: &World, lead: LeadId) -> StatusCode {
    let target = format!("/api/leads/{lead}?business={}", world.business.slug);
    Operator::of(world).asks(&Wanted::new(Method::DELETE, target)).await.status
}

/// Whether nothing of the person is left.
async fn is_erased(world: &World, caller: &CallerHandle, lead: LeadId) -> bool {
    let (db, business) = (&world.app.services().database, world.business_id);
    let lead = leads::get(db, business, lead).await.unwrap().unwrap();
    let call = calls::get(db, business, caller.call_sid()).await.unwrap().unwrap();
    let turns = call_turns::of_call(db, business, caller.call_sid()).await.unwrap();
    let gone = [lead.phone.is_none(), call.from_number.is_none(), turns.is_empty()];
    assert!(gone.iter().all(|one| *one == gone[0]), "all or nothing: {gone:?}");
    gone[0]
}

#[test]
fn lead_5_a_person_in_a_live_call_is_erased_at_its_end() {
    virtually(async {
        let world = world(brief).await;
        let (caller, lead) = spoke(&world).await;
        assert_eq!(erase(&world, lead).await, StatusCode::ACCEPTED);
        tokio::time::sleep(Duration::from_secs(45)).await;
        assert!(!is_erased(&world, &caller, lead).await, "the call goes on");
        within("words", caller.say("כן")).await.unwrap();
        within("the answer", caller.hears("כן")).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        ended_record(&world, &caller).await;
        tokio::time::sleep(Duration::from_secs(45)).await;
        assert!(is_erased(&world, &caller, lead).await);
        world.close().await;
    });
}

#[test]
fn lead_5_a_person_whose_call_is_over_is_erased_at_once_and_again_after_a_restore() {
    virtually(async {
        let folder = tempfile::tempdir().unwrap();
        let (file, backup) = (folder.path().join("calls.db"), folder.path().join("backup.db"));
        let on_disk = |plan: &mut Plan| {
            brief(plan);
            let url = format!("sqlite://{}?mode=rwc", file.display());
            plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
            plan.state_dir = Some(folder.path().join("state"));
        };
        let first = world(on_disk).await;
        let (caller, lead) = spoke(&first).await;
        caller.hang_up();
        within("the end", caller.ended()).await;
        ended_record(&first, &caller).await;
        first.close().await;
        std::fs::copy(&file, &backup).unwrap();

        let second = world(on_disk).await;
        assert_eq!(erase(&second, lead).await, StatusCode::OK);
        assert!(is_erased(&second, &caller, lead).await);
        assert_eq!(erase(&second, lead).await, StatusCode::NOT_FOUND);
        // The hashes are kept with the next look.
        tokio::time::sleep(Duration::from_secs(45)).await;
        second.close().await;

        std::fs::copy(&backup, &file).unwrap();
        let third = world(on_disk).await;
        assert!(is_erased(&third, &caller, lead).await, "the restored database has the person");
        let kept = std::fs::read_to_string(folder.path().join("state/frontdesk-erasures.json"));
        assert!(!kept.unwrap().contains(number(1).as_str().trim_start_matches('+')));
        third.close().await;
    });
}
