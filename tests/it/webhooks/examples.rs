//! The examples of `docs/webhooks.md` are events that were sent.

use entities::appointments::{self, Authority, Selector};
use entities::leads::{ChangedBy, LeadChanges, merge_details};
use protocol::webhooks::EventKind;
use serde_json::Value;

use super::open;
use crate::support::{brief_in_writing, number, virtually, within};

/// The JSON blocks of the document, by the type that they name.
fn documented() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/webhooks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}")))
        .collect()
}

/// The keys and kinds of values, without what differs from run to run.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(keys) => keys
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.first().map(shape).into_iter().collect::<Vec<_>>().into(),
        Value::Null => Value::Null,
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "text".into(),
    }
}

#[test]
fn ops_13_the_document_s_examples_have_the_shape_of_what_is_sent() {
    virtually(async {
        let (hooks, world) = open(brief_in_writing).await;
        let (services, business) = (world.app.services(), world.business_id);
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears_anything()).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        let (ended, _) = hooks.gets("call.ended").await;
        let lead = ended.event["data"]["lead"]["id"].as_str().unwrap().parse().unwrap();
        let lead = protocol::ids::LeadId(lead);
        let (db, now) = (&services.database, services.clock.wall());
        let told =
            LeadChanges { full_name: Some("דנה כהן".to_owned()), ..LeadChanges::default() };
        merge_details(db, business, lead, told, None, ChangedBy::Api, now).await.unwrap();
        let start = crate::api::rows::slots(&world, 3)[0];
        let id = crate::api::rows::appointment(&world, business, lead, start).await;
        let starts_at = crate::api::rows::slots(&world, 4)[0];
        let ends_at = starts_at + jiff::SignedDuration::from_mins(30);
        let times = appointments::NewTimes { starts_at, ends_at, busy_until: ends_at };
        appointments::move_to(db, business, lead, id, times, now).await.unwrap();
        let which = Selector::Id(id);
        appointments::cancel(db, business, Authority::Lead(lead), which, now).await.unwrap();
        let to = world.business.whatsapp_number.clone().unwrap();
        let message = world.carrier.message(number(1).as_str(), to.as_str(), "מתי אתם פתוחים?");
        world.carrier.receive_message(&message).await.unwrap();
        let (received, _) = hooks.gets("message.received").await;
        let (why, person) = ("undelivered", number(1));
        assert_eq!(received.event["data"]["person"], person.as_str());
        entities::conversations::mark_undelivered(db, business, &person, why, false, now)
            .await
            .unwrap();
        refused(&world).await;
        let examples = documented();
        let mut differ = Vec::new();
        for kind in EventKind::ALL {
            let (sent, _) = hooks.gets(kind.as_str()).await;
            let example = examples.iter().find(|example| example["type"] == kind.as_str());
            if example.map(shape) != Some(shape(&sent.event)) {
                differ.push(format!("```json\n{:#}\n```", sent.event));
            }
        }
        assert!(differ.is_empty(), "docs/webhooks.md: these are sent\n{}", differ.join("\n\n"));
        world.close().await;
    });
}

/// A call that the daemon did not take.
async fn refused(world: &frontdesk::world::World) {
    use entities::calls::{CallDirection, CallStatus, EndOfCall, RefusedCall, insert_refused};
    let services = world.app.services();
    let now = services.clock.wall();
    let refused = RefusedCall {
        call_sid: protocol::ids::CallSid::parse("CA00000000000000000000000000000099").unwrap(),
        direction: CallDirection::Inbound,
        from_number: Some(number(2)),
        to_number: world.business.phone_numbers[0].clone(),
        started_at: now,
        end: EndOfCall {
            ended_at: now,
            end_reason: "refused".to_owned(),
            ended_by: "daemon".to_owned(),
            status: Some(CallStatus::Completed),
            duration: None,
            stats: None,
        },
    };
    insert_refused(&services.database, world.business_id, refused).await.unwrap();
}
