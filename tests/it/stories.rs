//! Whole calls, from the webhook to the record.

use entities::appointments::of_lead_upcoming;
use frontdesk::app::business;
use frontdesk::world::World;
use practice::openai::{Record, Violation};
use practice::twilio::EndedBy;
use protocol::ids::{BusinessId, CallSid};

use crate::support::{brief, nothing_left, number, practice, virtually, within, world};

const JOB: [&str; 4] = ["התקנת מנעול חכם", "בתל אביב", "כן", "אפשר לקבוע תור?"];

/// The times of day in a sentence.
fn times(offer: &str) -> Vec<String> {
    let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
    offer.split([' ', ',', '.']).filter(is_time).map(str::to_owned).collect()
}

/// Calls, books the last of the offered times, and says goodbye. Returns the offered times.
pub(crate) async fn book_a_visit(world: &World, caller: u32) -> (CallSid, Vec<String>) {
    let caller = world.dial(&number(caller));
    let call = caller.call_sid().clone();
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    let mut said: Vec<String> = JOB.map(str::to_owned).to_vec();
    let mut offer = String::new();
    for sentence in &said {
        within("the sentence", caller.say(sentence)).await.unwrap();
        offer = within("an answer", caller.hears_anything()).await.unwrap().text;
    }
    let offered = times(&offer);
    said.push(format!("{} מתאים לי", offered.last().expect(&offer)));
    within("the choice", caller.say(&said[4])).await.unwrap();
    let confirmed = within("the confirmation", caller.hears_anything()).await.unwrap().text;
    assert!(confirmed.starts_with("קבעתי פגישה ללקוח בתאריך"), "{confirmed}");
    assert!(confirmed.contains(offered.last().unwrap().as_str()), "{confirmed}");
    said.push("תודה, להתראות".to_owned());
    within("the goodbye", caller.say(&said[5])).await.unwrap();
    within("an answer", caller.hears_anything()).await.unwrap();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert!(outcome.view.violations.is_empty(), "{:?}", outcome.view.violations);
    assert_eq!(outcome.view.hang_up_requests, 1);
    let practice = world.openai().unwrap();
    let record = practice.log().record();
    assert_eq!(record.faults().collect::<Vec<_>>(), Vec::<&Violation>::new());
    let heard = record.heard_texts();
    assert_eq!(heard[heard.len() - said.len()..], said);
    (call, offered)
}

#[test]
fn prac_1_a_call_books_a_visit_and_says_goodbye_and_the_next_call_is_offered_other_slots() {
    virtually(async {
        let world = world(|_| {}).await;
        let (call, offered) = book_a_visit(&world, 1).await;

        let (db, business) = (&world.app.services().database, world.business_id);
        let row = entities::calls::get(db, business, &call).await.unwrap().unwrap();
        let lead = row.lead_id.expect("the call's lead");
        let upcoming =
            of_lead_upcoming(db, business, lead, world.app.services().clock.wall()).await.unwrap();
        let [booked] = upcoming.as_slice() else { panic!("{upcoming:?}") };
        assert_eq!(booked.call_sid.as_ref(), Some(&call));
        let begins = booked.starts_at.to_zoned(world.business.timezone.rules().clone());
        assert_eq!(&begins.strftime("%H:%M").to_string(), offered.last().unwrap());

        let (_, others) = book_a_visit(&world, 2).await;
        assert!(!others.contains(offered.last().unwrap()), "{others:?} after {offered:?}");
        world.close().await;
    });
}

/// The system prompts of the sessions, in order.
fn prompts(record: &Record) -> Vec<String> {
    let told = record.of_kind("session.update").map(|event| &event.body["session"]["instructions"]);
    told.map(|instructions| instructions.as_str().unwrap().to_owned()).collect()
}

#[test]
fn prompt_1_a_changed_prompt_is_a_new_version_for_new_calls_and_old_ones_keep_theirs() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.agent.prompt = "The first wording.".to_owned();
        })
        .await;
        let database = &world.app.services().database;
        let first = world.dial(&number(1));
        within("the greeting", first.hears("שלום")).await.unwrap();
        let mut changed = world.business.clone();
        changed.agent.prompt = "The second wording.".to_owned();
        let services = world.app.services();
        let (new_id, now) = (BusinessId(services.new_id()), services.clock.wall());
        let imported = business::import(database, &changed, new_id, now).await.unwrap();
        assert_eq!((imported.id, imported.prompt_version), (world.business_id, 2));

        // The live call's next session gets the same prompt as its first.
        practice(&world).faults().drop_now();
        let log = practice(&world).log();
        within("a new session", log.wait_for(|record| prompts(record).len() == 2)).await;
        let second = world.dial(&number(2));
        within("the greeting", second.hears("שלום")).await.unwrap();
        for caller in [&first, &second] {
            caller.hang_up();
            within("the end", caller.ended()).await;
        }
        nothing_left(&world).await;
        let told = log.look(prompts);
        assert_eq!(told[0], told[1]);
        assert!(told[0].contains("The first wording.") && told[2].contains("The second wording."));
        for (caller, version, text) in
            [(&first, 1, "The first wording."), (&second, 2, "The second wording.")]
        {
            let id = world.business_id;
            let call =
                entities::calls::get(database, id, caller.call_sid()).await.unwrap().unwrap();
            assert_eq!(call.prompt_version, version);
            let stored = entities::businesses::prompt(database, id, version).await.unwrap();
            assert_eq!(stored.as_deref(), Some(text));
        }
        world.close().await;
    });
}
