//! Two businesses, the same person: no word crosses.

use std::path::Path;

use frontdesk::config::business_file;
use protocol::ids::PhoneNumber;
use serde_json::Value;

use super::{ANSWER, Person, questions};
use crate::api::operator::Operator;
use crate::support::{brief_in_writing, virtually, world};

const CLINIC: &str = include_str!("../../../examples/businesses/harbour-clinic.toml");
const SECRET: &str = "הקוד של הדלת הוא 4711";
const OTHER: &str = "my tooth hurts since Monday";

#[test]
fn wa_4_two_businesses_know_nothing_of_what_the_same_person_writes_to_the_other() {
    virtually(async {
        let world = world(|plan| {
            brief_in_writing(plan);
            let clinic = business_file::parse(Path::new("clinic.toml"), CLINIC).unwrap();
            plan.other_businesses = vec![clinic];
        })
        .await;
        let (locks, clinic) = (Person::to(&world, 0, 1), Person::to(&world, 1, 1));
        assert_ne!(locks.to, clinic.to);
        locks.writes(SECRET).await;
        clinic.writes(OTHER).await;
        tokio::time::sleep(ANSWER).await;
        locks.writes("ביי").await;
        clinic.writes("when are you open?").await;
        assert_eq!(locks.gets(2).await[0], SECRET);
        assert_eq!(clinic.gets(2).await[0], OTHER);
        for body in questions(&world) {
            let text = body.to_string();
            assert!(!(text.contains("4711") && text.contains("tooth")), "{text}");
            let of_locks = text.contains("4711") || text.contains("ביי");
            let instructions = body["instructions"].as_str().unwrap();
            assert_eq!(instructions.contains("Harbour"), !of_locks, "{instructions}");
        }
        let (one, other) = (locks.conversation().await, clinic.conversation().await);
        assert_ne!(one.id, other.id);
        assert_ne!(one.lead_id, other.lead_id, "each business has a lead of its own");
        assert!(locks.rows().await.iter().all(|row| !row.body.contains("tooth")));
        assert!(clinic.rows().await.iter().all(|row| !row.body.contains("4711")));

        // The operator sees of each business what is its own.
        let operator = Operator::of(&world);
        let slugs = [world.businesses[0].1.slug.clone(), world.businesses[1].1.slug.clone()];
        let [of_locks, of_clinic] = &slugs;
        for (slug, own, foreign) in [(of_locks, "4711", "tooth"), (of_clinic, "tooth", "4711")] {
            let listed = operator.gets(&format!("/api/messages?business={slug}")).await;
            let text = listed.to_string();
            assert!(text.contains(own) && !text.contains(foreign), "{text}");
            let listed = operator.gets(&format!("/api/conversations?business={slug}")).await;
            assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        }
        let foreign = format!("/api/conversations/{}?business={of_clinic}", one.id.0);
        let asked = operator.asks(&crate::api::operator::Wanted::get(foreign)).await;
        assert_eq!(
            (asked.status.as_u16(), asked.body["error"]["code"].clone()),
            (404, Value::from("no_such_conversation"),)
        );
        world.close().await;
    });
}

#[test]
fn wa_1_a_message_to_a_number_that_no_business_has_is_taken_and_answered_by_nobody() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let mut person = Person::of(&world, 1);
        person.to = PhoneNumber::parse("+97239876543").unwrap();
        person.writes("שלום").await;
        tokio::time::sleep(ANSWER).await;
        assert!(person.got().is_empty() && questions(&world).is_empty());
        world.close().await;
    });
}
