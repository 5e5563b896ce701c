//! Requests to every operation for one business's rows by another business's slug (LEAD-3).

use entities::appointments::{self, AppointmentRecord};
use entities::calls::{self, CallRecord};
use entities::leads::{self, LeadRecord};
use frontdesk::world::World;
use http::StatusCode;
use serde_json::json;

use super::operator::{Operator, Wanted, clinic, operations};
use super::rows::{self, Rows};
use crate::support::{brief, brief_in_writing, nothing_left, number, virtually, within, world};

/// The rows as they are in the database.
async fn kept(world: &World, rows: &Rows) -> (LeadRecord, AppointmentRecord, CallRecord) {
    let (db, business) = (&world.app.services().database, world.business_id);
    (
        leads::get(db, business, rows.lead).await.unwrap().unwrap(),
        appointments::get(db, business, rows.appointment).await.unwrap().unwrap(),
        calls::get(db, business, &rows.call).await.unwrap().unwrap(),
    )
}

#[test]
fn lead_3_foreign_ids_find_nothing_through_any_endpoint() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let operator = Operator::of(&world);
        let (_, clinic) = clinic(&world).await;
        // The call is live, so that it could be hung up.
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        let theirs = Rows {
            call: caller.call_sid().clone(),
            ..Rows::make(&world, world.business_id, 2).await
        };
        let before = kept(&world, &theirs).await;

        let document = operator.document().await;
        for operation in operations(&document) {
            let wanted = Wanted::sample(&operation, &clinic, &theirs);
            let answer = operator.asks(&wanted).await;
            let names_one = operation.contains("id}");
            if names_one || operation == "post /api/appointments" {
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{operation}: {}", answer.body);
            }
            let text = answer.body.to_string();
            let marks = [
                theirs.lead.to_string(),
                theirs.appointment.0.to_string(),
                theirs.call.to_string(),
                number(1).as_str().to_owned(),
                number(2).as_str().to_owned(),
            ];
            for mark in marks {
                assert!(!text.contains(&mark), "{operation} shows {mark}: {text}");
            }
        }
        assert_eq!(kept(&world, &theirs).await, before, "nothing of theirs was changed");
        assert_eq!(
            world.calls().await.unwrap().iter().filter(|call| call.call_sid == theirs.call).count(),
            1
        );

        // With the right slug each row is found, so the wrong slug was what hid it.
        let hangs_up = |operation: &str| operation.ends_with("hangup");
        let mut rightly = operations(&document);
        rightly.sort_by_key(|operation| hangs_up(operation));
        for operation in rightly.iter().filter(|operation| operation.contains("id}")) {
            let wanted = Wanted::sample(operation, &world.business.slug, &theirs);
            let answer = operator.asks(&wanted).await;
            assert!(answer.status.is_success(), "{operation}: {}", answer.body);
        }
        within("the end", caller.ended()).await;
        let placed = world.carrier.callee(number(7).as_str(), "he").await;
        placed.hang_up();
        within("the end", placed.ended()).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn lead_3_no_cursor_or_filter_reaches_another_business() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let (id, clinic) = clinic(&world).await;
        let theirs = Rows::make(&world, world.business_id, 1).await;
        let another = rows::lead(&world, world.business_id, 2).await;
        rows::call(&world, world.business_id, 2, Some(another)).await;
        let own = rows::lead(&world, id, 3).await;
        let list = |name: &str, slug| format!("/api/{name}?business={slug}&limit=1");
        for name in ["leads", "calls"] {
            let page = operator.gets(&list(name, &world.business.slug)).await;
            let cursor = page["next"].as_str().unwrap();
            let wanted = Wanted::get(list(name, &clinic)).and(&format!("cursor={cursor}"));
            let answer = operator.asks(&wanted).await;
            if answer.status.is_success() {
                let items = answer.body["items"].as_array().unwrap();
                assert!(items.iter().all(|item| item["id"] == json!(own)), "{items:?}");
            } else {
                assert_eq!(answer.body["error"]["field"], "cursor", "{}", answer.body);
            }
        }
        let filtered = format!("/api/appointments?business={clinic}&lead_id={}", theirs.lead);
        assert_eq!(operator.gets(&filtered).await["items"], json!([]));
        world.close().await;
    });
}
