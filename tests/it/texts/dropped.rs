//! The daemon dies in each phase between a text and its answer, and the next one goes on with the same database: one
//! answer (WA-2). The phases are those of `docs/texting.md`.

use std::time::Duration;

use entities::{Database, DatabaseFault, FaultExtent};
use frontdesk::world::{Plan, World};
use practice::openai::{Brain, Rule, ToolCall};
use practice::twilio::{CallbackDelivery, CallerHandle, RestFault, RestKind};
use protocol::texting::{PhaseName, State};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use super::{Person, questions};
use crate::support::{brief_in_writing, virtually, within, world};

const TEXT: &str = "אני בעיר חיפה";
const NOTED: &str = "רשמתי.";

/// The model notes the city, then answers.
fn plan(plan: &mut Plan) {
    brief_in_writing(plan);
    let details = json!({ "fields": { "city": "חיפה" } });
    let call = ToolCall { name: "update_lead_details".to_owned(), arguments: details };
    let after_tool = Some("update_lead_details".to_owned());
    let heard = vec!["חיפה".to_owned()];
    plan.openai.brain = Brain::Scripted(vec![
        Rule { after_tool, say: Some(NOTED.to_owned()), ..Rule::default() },
        Rule { heard, calls: vec![call], ..Rule::default() },
        Rule { say: Some("כן".to_owned()), ..Rule::default() },
    ]);
}

/// What makes a phase last.
fn hold(world: &World, phase: PhaseName) {
    let is_slow = || {
        let faults = world.app.services().database.faults().unwrap();
        faults.set(DatabaseFault::Slow(Duration::from_millis(200)), FaultExtent::Lasting);
    };
    match phase {
        PhaseName::Idle | PhaseName::Settling | PhaseName::OnCall | PhaseName::Asking => {}
        PhaseName::Preparing | PhaseName::Running | PhaseName::Clearing => is_slow(),
        PhaseName::Sending => {
            // Twilio has the message, and nobody says so.
            world.carrier.plan_fault(RestKind::CreateMessage, RestFault::AcceptedThenSilence, 1);
            world.carrier.set_delivery(CallbackDelivery::Lost);
        }
        PhaseName::Pausing => {
            world.carrier.plan_fault(RestKind::CreateMessage, RestFault::TooManyRequests, 50);
        }
    }
}

/// The stored state of the only conversation.
async fn stored(database: &Database) -> Option<State> {
    let read = database.read(|db| async move {
        let sql = "SELECT state FROM conversations";
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let state = row.and_then(|row| row.try_get::<Option<serde_json::Value>>("", "state").ok());
        Ok::<_, entities::RecordsError>(state.flatten())
    });
    read.await.unwrap().map(|state| serde_json::from_value(state).unwrap())
}

async fn comes_to(database: &Database, phase: PhaseName) {
    let coming = async {
        while stored(database).await.map(|state| state.phase()) != Some(phase) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(phase.as_str(), coming).await;
}

/// The person is on the telephone when they write.
async fn calls(person: &Person<'_>) -> CallerHandle {
    let caller = person.world.dial(&person.number);
    within("the greeting", caller.hears("שלום")).await.unwrap();
    caller
}

#[test]
fn wa_2_a_daemon_that_dies_in_any_phase_leaves_the_next_one_one_answer_to_send() {
    for (phase, sent_before) in [
        (PhaseName::Settling, 0),
        (PhaseName::OnCall, 0),
        (PhaseName::Preparing, 0),
        (PhaseName::Asking, 0),
        (PhaseName::Running, 0),
        (PhaseName::Clearing, 0),
        (PhaseName::Sending, 1),
        (PhaseName::Pausing, 0),
    ] {
        virtually(async {
            let mut world = world(plan).await;
            let outside = world.app.services().database.of_another_process();
            let person = Person::of(&world, 1);
            let is_on_call = phase == PhaseName::OnCall;
            let caller = if is_on_call { Some(calls(&person).await) } else { None };
            hold(&world, phase);
            person.writes(TEXT).await;
            comes_to(&outside, phase).await;
            assert_eq!(person.got().len(), sent_before, "{phase:?}");
            world.kill();
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert_eq!(stored(&outside).await.unwrap().phase(), phase, "it died there");
            within("the start", world.start_again()).await.unwrap();
            if let Some(caller) = caller {
                tokio::time::sleep(Duration::from_secs(20)).await;
                assert_eq!(Person::of(&world, 1).got(), [""; 0], "the call goes on");
                caller.hang_up();
                within("the end", caller.ended()).await;
            }
            let person = Person::of(&world, 1);
            // A message that was not taken is tried again for some minutes.
            tokio::time::sleep(Duration::from_mins(20)).await;
            assert_eq!(person.gets(1).await, [NOTED], "{phase:?}");
            let rows = person.rows().await;
            assert_eq!(rows.len(), 2, "{phase:?}: {rows:?}");
            assert!(rows.iter().all(|row| row.handled && row.provider_sid.is_some()), "{rows:?}");
            assert_eq!(person.conversation().await.needs_person, None, "{phase:?}");
            assert!(questions(&world).len() <= 4, "{phase:?}: what was asked is asked once more");
            let lead = person.conversation().await.lead_id.unwrap();
            let db = &world.app.services().database;
            let history = entities::leads::history(db, person.business, lead, None, 50).await;
            let noted = history.unwrap().items.into_iter().filter(|it| it.field == "fields.city");
            assert_eq!(noted.count(), 1, "{phase:?}: the tool has worked once");
            world.close().await;
        });
    }
}
