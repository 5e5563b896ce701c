//! Changes of leads by an operator, under the same rules as in a call (LEAD-2).

use frontdesk::world::World;
use http::Method;
use protocol::ids::LeadId;
use serde_json::{Value, json};

use super::operator::{Answered, Operator, Wanted};
use super::rows;
use crate::support::{brief, number, virtually, world};

/// Sends changes of one lead.
struct Lead {
    operator: Operator,
    id: LeadId,
    its: String,
}

impl Lead {
    async fn new(world: &World) -> Self {
        let operator = Operator::of(world);
        let id = rows::lead(world, world.business_id, 1).await;
        let its = format!("/api/leads/{id}?business={}", world.business.slug);
        Self { operator, id, its }
    }

    async fn changes(&self, body: Value) -> Answered {
        self.operator.asks(&Wanted::new(Method::PATCH, &self.its).with(&body)).await
    }
}

#[test]
fn lead_2_an_operators_changes_are_validated_and_merged_and_erase_nothing() {
    virtually(async {
        let world = world(brief).await;
        let lead = Lead::new(&world).await;
        let told = json!({
            "full_name": " דנה כהן ", "email": "dana@example.com", "fields": { "city": "תל אביב", "floor": "3" },
        });
        assert_eq!(lead.changes(told).await.status.as_u16(), 200);
        let more =
            json!({ "full_name": "", "email": "", "fields": { "city": " ", "lock_brand": "X" } });
        let known = lead.changes(more).await.body;
        assert_eq!(
            (&known["full_name"], &known["email"]),
            (&json!("דנה כהן"), &json!("dana@example.com"))
        );
        let fields = json!({ "city": "תל אביב", "floor": "3", "lock_brand": "X" });
        assert_eq!(known["fields"], fields);

        // One invalid value: the others are not written either.
        for wrong in [
            json!({ "full_name": "אחר", "email": "nowhere" }),
            json!({ "full_name": "אחר", "fields": { "colour": "red" } }),
            json!({ "full_name": "אחר", "fields": { "city": "x".repeat(2001) } }),
            json!({ "full_name": "אחר", "fields": "city" }),
            json!({ "full_name": "אחר", "fields": null }),
            json!({ "full_name": "אחר", "fields": { "floor": 4 } }),
            json!({ "full_name": false }),
            json!({ "full_name": 7 }),
            json!({ "email": { "at": "x" } }),
            json!({ "full_name": "a\u{0}b" }),
        ] {
            assert_eq!(lead.changes(wrong).await.status.as_u16(), 400);
        }
        assert_eq!(lead.operator.gets(&lead.its).await, known);
        world.close().await;
    });
}

#[test]
fn lead_2_an_operator_clears_a_value_with_null() {
    virtually(async {
        let world = world(brief).await;
        let lead = Lead::new(&world).await;
        let told = json!({
            "full_name": "דנה", "email": "dana@example.com", "fields": { "city": "חיפה", "floor": "3" },
        });
        lead.changes(told).await;
        let cleared = lead
            .changes(json!({ "full_name": null, "fields": { "city": null, "floor": "4" } }))
            .await;
        assert_eq!(cleared.status.as_u16(), 200, "{}", cleared.body);
        assert_eq!(cleared.body["full_name"], json!(null));
        assert_eq!(cleared.body["email"], "dana@example.com");
        assert_eq!(cleared.body["fields"], json!({ "floor": "4" }));
        assert_eq!(lead.operator.gets(&lead.its).await, cleared.body);
        let changes = format!("/api/leads/{}/history?business={}", lead.id, world.business.slug);
        let changes = lead.operator.gets(&changes).await;
        let newest: Vec<_> = changes["items"].as_array().unwrap()[..3]
            .iter()
            .map(|change| (change["field"].clone(), change["old"].clone(), change["new"].clone()))
            .collect();
        assert!(newest.contains(&(json!("full_name"), json!("דנה"), json!(""))), "{newest:?}");
        assert!(newest.contains(&(json!("fields.city"), json!("חיפה"), json!(""))), "{newest:?}");
        world.close().await;
    });
}

#[test]
fn lead_2_the_history_of_a_lead_is_listed_newest_first_in_pages() {
    virtually(async {
        let world = world(brief).await;
        let lead = Lead::new(&world).await;
        for city in ["חיפה", "תל אביב"] {
            lead.changes(json!({ "fields": { "city": city } })).await;
        }
        let mut shown = Vec::new();
        let mut target =
            format!("/api/leads/{}/history?business={}&limit=3", lead.id, world.business.slug);
        loop {
            let page = lead.operator.gets(&target).await;
            for change in page["items"].as_array().unwrap() {
                let of =
                    ["seq", "changed_by", "field", "old", "new"].map(|key| change[key].clone());
                shown.push((json!(of), change["call_sid"].is_null()));
            }
            match page["next"].as_str() {
                Some(next) => target = format!("{target}&cursor={next}"),
                None => break,
            }
        }
        let phone = number(1);
        let expected = [
            (json!([4, "api", "fields.city", "חיפה", "תל אביב"]), true),
            (json!([3, "api", "fields.city", null, "חיפה"]), true),
            (json!([2, "call", "phone", null, phone]), false),
            (json!([1, "call", "status", null, "in_progress"]), false),
        ];
        assert_eq!(shown, expected);
        world.close().await;
    });
}

#[test]
fn lead_2_an_operator_can_complete_or_decline_a_lead_but_not_reopen_it() {
    virtually(async {
        let world = world(brief).await;
        let lead = Lead::new(&world).await;
        for (status, expected, kept) in [
            ("in_progress", 200, "in_progress"),
            ("complete", 200, "complete"),
            ("in_progress", 409, "complete"),
            ("declined", 200, "declined"),
        ] {
            let answer = lead.changes(json!({ "status": status })).await;
            assert_eq!(answer.status.as_u16(), expected, "{}", answer.body);
            assert_eq!(lead.operator.gets(&lead.its).await["status"], kept);
        }
        world.close().await;
    });
}

#[test]
fn ops_4_a_lead_is_marked_as_seen_to() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let at =
            |rest: &str| format!("/api/leads/{}{rest}?business={}", lead.0, world.business.slug);
        assert_eq!(operator.gets(&at("")).await["seen_to_at"], Value::Null);
        let marked = operator.asks(&Wanted::new(Method::POST, at("/seen-to"))).await;
        assert_eq!(marked.status.as_u16(), 200, "{}", marked.body);
        assert!(marked.body["seen_to_at"].is_string(), "{}", marked.body);
        assert_eq!(operator.gets(&at("")).await, marked.body);
        world.close().await;
    });
}
