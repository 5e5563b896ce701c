//! Whole calls, from the webhook to the record.

use frontdesk::app::business;
use frontdesk::practice::openai::Record;
use frontdesk::practice::twilio::EndedBy;
use protocol::ids::BusinessId;

use crate::support::{brief, nothing_left, number, practice, within, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prac_1_a_call_goes_from_the_greeting_over_three_hebrew_sentences_to_a_goodbye() {
    let world = world(|_| {}).await;
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears(&world.business.lines().greeting)).await.unwrap();
    for said in ["התקנת מנעול חכם", "בתל אביב", "כן", "תודה, להתראות"]
    {
        within("the sentence", caller.say(said)).await.unwrap();
        within("an answer", caller.hears_anything()).await.unwrap();
    }
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    assert!(outcome.view.violations.is_empty(), "{:?}", outcome.view.violations);
    assert_eq!(outcome.view.hang_up_requests, 1);
    let practice = world.app.practice().unwrap();
    let record = practice.log().record();
    assert_eq!(
        record.faults().collect::<Vec<_>>(),
        Vec::<&frontdesk::practice::openai::Violation>::new()
    );
    assert_eq!(record.heard_texts(), ["התקנת מנעול חכם", "בתל אביב", "כן", "תודה, להתראות"]);
    world.close().await;
}

/// The system prompts that the sessions were given, in order.
fn prompts(record: &Record) -> Vec<String> {
    let told = record.of_kind("session.update").map(|event| &event.body["session"]["instructions"]);
    told.map(|instructions| instructions.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompt_1_a_changed_prompt_is_a_new_version_for_new_calls_and_old_ones_keep_theirs() {
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
    let clock = &world.app.services().clock;
    let new_id = BusinessId(clock.new_id());
    let imported = business::import(database, &changed, new_id, clock.wall()).await.unwrap();
    assert_eq!((imported.id, imported.prompt_version), (world.business_id, 2));

    // The running call's next session is told what its first was.
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
        let call = entities::calls::get(database, id, caller.call_sid()).await.unwrap().unwrap();
        assert_eq!(call.prompt_version, version);
        let stored = entities::businesses::prompt(database, id, version).await.unwrap();
        assert_eq!(stored.as_deref(), Some(text));
    }
    world.close().await;
}
