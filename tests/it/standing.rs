//! A business that is paused, resumed and removed while its daemon runs (OPS-14).

use std::time::Duration;

use entities::businesses::{self, Removal, Standing};
use entities::outbox::{self, OutboxFilter};
use entities::tokens::{self, TokenRecord, TokenRole};
use frontdesk::world::World;
use practice::twilio::{CallOutcome, CallerHandle, Done};
use protocol::ids::CallSid;
use tokio::time::sleep;

use crate::support::{
    brief, brief_in_writing, nothing_left, number, practice, recorded, virtually, within, world,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Longer than the looks for what is owed in writing.
const A_WHILE: Duration = Duration::from_secs(90);

async fn pause(world: &World) {
    let services = world.app.services();
    let (db, now) = (&services.database, services.clock.wall());
    assert!(businesses::pause(db, world.business_id, now).await.unwrap());
}

async fn resume(world: &World) {
    assert!(businesses::resume(&world.app.services().database, world.business_id).await.unwrap());
}

async fn standing(world: &World) -> Standing {
    let found = businesses::get(&world.app.services().database, world.business_id).await;
    found.unwrap().unwrap().standing
}

async fn apologised(world: &World, caller: &CallerHandle) -> CallOutcome {
    let outcome = within("the end", caller.ended()).await;
    let apology = world.business.lines().apology;
    let said = |what: &Done| matches!(what, Done::Said { text, .. } if *text == apology);
    assert!(outcome.view.verbs.iter().any(|verb| said(&verb.what)), "{:?}", outcome.view.verbs);
    outcome
}

/// Why it ended. It has a lead, too.
async fn end_reason(world: &World, call: &CallSid) -> String {
    let record =
        recorded(world, call, |record| record.end_reason.is_some() && record.lead_id.is_some());
    record.await.end_reason.unwrap()
}

#[test]
fn ops_14_callers_of_a_paused_business_hear_the_apology_from_the_next_call_on() {
    virtually(async {
        let world = world(brief).await;
        let running = world.dial(&number(1));
        running.hears("שלום").await.unwrap();
        pause(&world).await;
        assert_eq!(standing(&world).await, Standing::Paused);
        // The call that runs goes on.
        running.say("עדיין כאן").await.unwrap();
        running.hears("עדיין כאן").await.unwrap();

        let next = world.dial(&number(2));
        apologised(&world, &next).await;
        assert_eq!(end_reason(&world, next.call_sid()).await, "paused");
        let sessions = || practice(&world).log().look(|record| record.connections);
        assert_eq!(sessions(), 1, "no session was opened for it");

        resume(&world).await;
        let again = world.dial(&number(3));
        again.hears("שלום").await.unwrap();
        for caller in [running, again] {
            caller.hang_up();
            caller.ended().await;
        }
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn ops_14_what_is_written_to_a_paused_business_is_answered_when_it_is_resumed() {
    virtually(async {
        let world = world(brief_in_writing).await;
        pause(&world).await;
        let to = world.business.whatsapp_number.clone().unwrap();
        let message = world.carrier.message(number(1).as_str(), to.as_str(), "שלום");
        world.carrier.receive_message(&message).await.unwrap();
        sleep(A_WHILE).await;
        let mut sent = world.carrier.sent_messages();
        assert_eq!(sent.borrow_and_update().len(), 0);
        resume(&world).await;
        within("the answer", sent.wait_for(|sent| sent.len() == 1)).await.unwrap();
        sleep(A_WHILE).await;
        assert_eq!(sent.borrow().len(), 1);
        world.close().await;
    });
}

#[test]
fn ops_14_a_business_is_not_removed_while_its_calls_run_and_keeps_its_people_when_it_is() {
    virtually(async {
        let world = world(|plan| {
            brief_in_writing(plan);
            // Nobody is there: its events wait.
            let keys = serde_json::json!({ "url": "https://nobody.example/", "secret": SECRET });
            plan.business.webhooks = Some(serde_json::from_value(keys).unwrap());
        })
        .await;
        let services = world.app.services();
        let (db, id) = (&services.database, world.business_id);
        let token = TokenRecord {
            id: services.new_id(),
            name: "test".to_owned(),
            role: TokenRole::Business,
            business: Some(id),
            created_at: services.clock.wall(),
        };
        tokens::add(db, token, "hash".to_owned()).await.unwrap();
        let running = world.dial(&number(1));
        running.hears("שלום").await.unwrap();
        recorded(&world, running.call_sid(), |record| record.lead_id.is_some()).await;
        let remove = async || businesses::remove(db, id, services.clock.wall()).await.unwrap();
        assert_eq!(remove().await, Removal::Running(1));
        assert_eq!(standing(&world).await, Standing::Answering);
        running.hang_up();
        running.ended().await;
        nothing_left(&world).await;

        let Removal::Done(removed, kept) = remove().await else { panic!("a call runs") };
        assert_eq!((removed.numbers, removed.tokens), (1, 1));
        assert!(removed.events >= 2, "the lead and the end of its call: {removed:?}");
        assert_eq!((kept.leads, kept.calls), (1, 1));
        assert_eq!(tokens::list(db).await.unwrap(), []);
        let events = outbox::list(db, id, OutboxFilter::default(), None, 9).await.unwrap();
        assert_eq!(events.items, []);
        assert_eq!(remove().await, Removal::Before);
        assert!(businesses::pause(db, id, services.clock.wall()).await.is_err());

        // Its numbers are nobody's.
        let next = world.dial(&number(2));
        let outcome = within("the end", next.ended()).await;
        assert!(outcome.view.verbs.iter().any(|verb| matches!(verb.what, Done::Rejected(_))));
        let to = world.business.whatsapp_number.clone().unwrap();
        let message = world.carrier.message(number(1).as_str(), to.as_str(), "שלום");
        world.carrier.receive_message(&message).await.unwrap();
        sleep(A_WHILE).await;
        assert_eq!(world.carrier.sent_messages().borrow().len(), 0);

        // An import brings it back, with its people.
        let now = services.clock.wall();
        let new_id = protocol::ids::BusinessId(services.new_id());
        let again =
            frontdesk::app::business::import(db, &world.business, new_id, now).await.unwrap();
        assert_eq!((again.id, again.created), (id, false));
        assert_eq!(standing(&world).await, Standing::Answering);
        let back = world.dial(&number(1));
        back.hears("שלום").await.unwrap();
        back.hang_up();
        back.ended().await;
        world.close().await;
    });
}
