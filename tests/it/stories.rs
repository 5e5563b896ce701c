//! Whole calls, from the webhook to the record.

use frontdesk::practice::twilio::EndedBy;

use crate::support::{number, within, world};

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
