//! The operations that list and show rows.

use entities::call_turns;
use frontdesk::world::World;
use protocol::ids::{BusinessId, CallSid};
use serde_json::{Value, json};

use super::operator::{Operator, Wanted, clinic};
use super::rows::{self, Rows, slots, written};
use crate::support::{brief, nothing_left, number, pause, virtually, within, world};

/// The values of `key` on each page of a list, two rows at a time; `between` is done after each page.
async fn pages(
    operator: &Operator,
    target: &str,
    key: &str,
    between: impl AsyncFn(usize),
) -> Vec<String> {
    let mut shown = Vec::new();
    let mut cursor = None;
    for page in 0.. {
        let mut wanted = Wanted::get(target).and("limit=2");
        if let Some(cursor) = &cursor {
            wanted = wanted.and(&format!("cursor={cursor}"));
        }
        let body = operator.gets(&wanted.target).await;
        let items = body["items"].as_array().unwrap();
        assert!(items.len() <= 2 && !items.is_empty(), "{body}");
        shown.extend(items.iter().map(|item| item[key].as_str().unwrap().to_owned()));
        match body["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return shown,
        }
        between(page).await;
    }
    unreachable!()
}

/// Each row that was in the list at first is shown once, newest first, whatever was added meanwhile.
async fn is_stable<T: ToString>(
    (world, operator): (&World, &Operator),
    (target, key): (&str, &str),
    make: impl AsyncFn(u32) -> T,
) {
    let mut expected = Vec::new();
    for n in 1..=5 {
        expected.push(make(n).await.to_string());
    }
    expected.reverse();
    let target = format!("{target}?business={}", world.business.slug);
    let shown = pages(operator, &target, key, async |page| {
        make(10 + u32::try_from(page).unwrap()).await;
    });
    assert_eq!(shown.await, expected, "{target}");
}

#[test]
fn ops_4_a_cursor_continues_a_list_although_rows_were_added_meanwhile() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let business = world.business_id;
        let both = (&world, &operator);
        is_stable(both, ("/api/leads", "id"), async |n| rows::lead(&world, business, n).await)
            .await;
        is_stable(both, ("/api/calls", "call_sid"), async |n| {
            rows::call(&world, business, n, None).await
        })
        .await;
        let (lead, slots) = (rows::lead(&world, business, 1).await, slots(&world, 3));
        is_stable(both, ("/api/appointments", "id"), async |n| {
            // The later ones begin on another day, so that none overlaps.
            let start = slots[0] + jiff::SignedDuration::from_hours(i64::from(n) * 2);
            rows::appointment(&world, business, lead, start).await.0
        })
        .await;
        world.close().await;
    });
}

#[test]
fn ops_4_businesses_are_listed_by_their_slugs_and_shown_with_their_settings() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let (_, clinic) = clinic(&world).await;
        let target = "/api/businesses";
        assert_eq!(
            pages(&operator, target, "slug", async |_| {}).await,
            [clinic.as_str(), world.business.slug.as_str()]
        );
        let body = operator.gets(&format!("{target}/{}", world.business.slug)).await;
        assert_eq!(body["name"], world.business.name);
        assert_eq!(body["timezone"], "Asia/Jerusalem");
        assert_eq!(body["phone_numbers"], json!(["+97231234567"]), "whole, for the operator asked");
        assert_eq!(body["settings"], serde_json::to_value(&world.business).unwrap());
        world.close().await;
    });
}

#[test]
fn ops_4_the_slots_of_a_date_are_the_free_ones() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let free = slots(&world, 3);
        let target = |more: &str| {
            let date = &written(&world, free[0])[..10];
            format!("/api/slots?business={}&date={date}{more}", world.business.slug)
        };
        let expected: Vec<String> = free.iter().map(|start| written(&world, *start)).collect();
        let all = pages(&operator, &target(""), "start", async |_| {}).await;
        assert_eq!(all, expected);

        let lead = rows::lead(&world, world.business_id, 1).await;
        rows::appointment(&world, world.business_id, lead, free[1]).await;
        let left = pages(&operator, &target(""), "start", async |_| {}).await;
        assert!(!left.contains(&expected[1]) && left.contains(&expected[4]), "{left:?}");
        let long = operator.gets(&target("&duration_min=240")).await;
        let first = &long["items"][0];
        let times = ["start", "end"].map(|key| first[key].as_str().unwrap().parse().unwrap());
        let [start, end]: [jiff::Timestamp; 2] = times;
        assert_eq!(end.duration_since(start), jiff::SignedDuration::from_hours(4));
        let past = operator.gets("/api/slots?business=tel-aviv-locks&date=2020-01-01").await;
        assert_eq!(past, json!({ "items": [], "next": null }));
        world.close().await;
    });
}

/// The number of rows in a list.
async fn count(operator: &Operator, target: &str) -> usize {
    operator.gets(target).await["items"].as_array().unwrap().len()
}

#[test]
fn ops_4_a_list_has_the_rows_of_one_business_that_match_the_filters() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        let (clinic_id, _) = clinic(&world).await;
        Rows::make(&world, clinic_id, 2).await;
        let start = slots(&world, 3)[0];
        let later = start + jiff::SignedDuration::from_mins(1);
        let another = world.app.services().new_id();
        for (target, expected) in [
            ("leads?".to_owned(), 1),
            ("leads?status=in_progress".to_owned(), 1),
            ("leads?status=declined".to_owned(), 0),
            ("calls?".to_owned(), 1),
            ("appointments?".to_owned(), 1),
            ("appointments?status=booked".to_owned(), 1),
            ("appointments?status=cancelled".to_owned(), 0),
            (format!("appointments?lead_id={}", rows.lead), 1),
            (format!("appointments?lead_id={another}"), 0),
            (format!("appointments?from={start}&to={later}"), 1),
            (format!("appointments?from={later}"), 0),
            (format!("appointments?to={start}"), 0),
        ] {
            let target = format!("/api/{target}&business={}", world.business.slug);
            assert_eq!(count(&operator, &target).await, expected, "{target}");
        }
        world.close().await;
    });
}

/// A call as the API shows it once it has ended.
async fn over(world: &World, operator: &Operator, call: &CallSid) -> Value {
    let target = format!("/api/calls/{call}?business={}", world.business.slug);
    let shown = async {
        loop {
            let body = operator.gets(&target).await;
            if !body["stats"].is_null() && body["status"] == "completed" {
                return body;
            }
            pause().await;
        }
    };
    within("the record", shown).await
}

async fn turns(world: &World, business: BusinessId, call: &CallSid) -> usize {
    let db = &world.app.services().database;
    call_turns::of_call(db, business, call).await.unwrap().len()
}

#[test]
fn ops_4_a_call_is_shown_with_its_turns_and_counters() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        within("the sentence", caller.say("בתל אביב")).await.unwrap();
        within("the answer", caller.hears("בתל אביב")).await.unwrap();
        let call = caller.call_sid().clone();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;

        let body = over(&world, &operator, &call).await;
        assert_eq!(body["from_number"], number(1).as_str());
        assert_eq!(body["end_reason"], "caller_hung_up");
        assert_eq!(body["ended_by"], "caller");
        let said: Vec<&str> = body["turns"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|turn| turn["text"].as_str())
            .collect();
        assert!(said.contains(&"שלום") && said.contains(&"בתל אביב"), "{said:?}");
        assert_eq!(
            body["turns"].as_array().unwrap().len(),
            turns(&world, world.business_id, &call).await
        );

        // Every counter is shown.
        let db = &world.app.services().database;
        let record = entities::calls::get(db, world.business_id, &call).await.unwrap().unwrap();
        assert_eq!(body["stats"], record.stats.unwrap());
        assert!(body["stats"]["frames"]["sent"].as_u64().unwrap() > 0);
        let lead = body["lead_id"].as_str().unwrap();
        let shown =
            operator.gets(&format!("/api/leads/{lead}?business={}", world.business.slug)).await;
        assert_eq!((&shown["phone"], &shown["last_call_sid"]), (&json!(number(1)), &json!(call)));
        world.close().await;
    });
}
