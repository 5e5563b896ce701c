//! Values that PostgreSQL never takes: a request with one is refused, and a record with one is set aside.

use actors::messages::JournalEntry;
use entities::calls::{CallDirection, CallStatus, EndOfCall, NewCall, RefusedCall};
use frontdesk::config::DatabaseUrl;
use frontdesk::world::World;
use protocol::ids::CallSid;
use serde_json::{Value, json};

use crate::api::operator::Operator;
use crate::booking::{Schema, world_on};
use crate::support::{number, plan, recorded};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ops_4_a_range_may_reach_beyond_the_days_that_the_database_knows() {
    let Some(schema) = Schema::new().await else { return };
    let world = world_on(&schema.url).await;
    let (operator, slug) = (Operator::of(&world), &world.business.slug);
    // PostgreSQL's first day is in the year -4712.
    for range in
        ["from=-009000-01-01T00:00:00Z", "to=-009000-01-01T00:00:00Z", "to=9999-12-30T00:00:00Z"]
    {
        let listed = operator.gets(&format!("/api/appointments?business={slug}&{range}")).await;
        assert_eq!(listed["items"], json!([]), "{range}");
    }
    world.close().await;
    schema.drop().await;
}

fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_8_records_that_postgresql_never_takes_are_set_aside_and_the_journal_goes_on() {
    let Some(schema) = Schema::new().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan();
    plan.config.database.url = DatabaseUrl::parse(&schema.url).unwrap();
    plan.state_dir = Some(folder.path().to_owned());
    let world = World::open(plan).await.unwrap();
    let (services, business) = (world.app.services(), world.business_id);
    let now = services.clock.wall();
    let refused = |n: u32, reason: &str, stats: Option<Value>| {
        let end = EndOfCall {
            ended_at: now,
            end_reason: reason.to_owned(),
            ended_by: "server".to_owned(),
            status: None,
            duration: None,
            stats,
        };
        let call = RefusedCall {
            call_sid: call_sid(n),
            direction: CallDirection::Inbound,
            from_number: Some(number(1)),
            to_number: number(2),
            started_at: now,
            end,
        };
        JournalEntry::refused(business, call)
    };
    let started = |n: u32| {
        let call = NewCall {
            call_sid: call_sid(n),
            direction: CallDirection::Outbound,
            status: CallStatus::Queued,
            from_number: Some(number(2)),
            to_number: number(1),
            lead_id: None,
            prompt_version: 1,
            started_at: now,
            is_test: false,
        };
        JournalEntry::placed(business, call)
    };
    let turn = |n: u32, text: &str| -> JournalEntry {
        let row = json!({
            "seq": n, "role": "caller", "item_id": null, "text": text, "heard_ms": null,
            "cut": false, "at": now,
        });
        let entry = json!({ "business": business, "call": call_sid(3), "kind": { "turn": row } });
        serde_json::from_value(entry).unwrap()
    };
    for entry in [
        refused(1, "a\0b", None),
        refused(2, "refused", Some(json!({ "refused": "a\0b" }))),
        started(3),
        turn(0, "a\0b"),
        turn(1, "good"),
        started(4),
    ] {
        services.journal.record(entry);
    }
    recorded(&world, &call_sid(4), |record| record.to_number == number(1)).await;
    let turns = entities::call_turns::of_call(&services.database, business, &call_sid(3)).await;
    let texts: Vec<_> = turns.unwrap().into_iter().map(|turn| turn.text).collect();
    assert_eq!(texts, [Some("good".to_owned())]);
    assert_eq!(services.journal.lost(), 0);
    let aside = std::fs::read_to_string(folder.path().join("frontdesk-refused.jsonl")).unwrap();
    let aside: Vec<Value> = aside.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let calls: Vec<_> = aside.iter().map(|line| &line["entry"]["call"]).collect();
    assert_eq!(calls, [&json!(call_sid(1)), &json!(call_sid(2)), &json!(call_sid(3))]);
    assert_eq!(aside[2]["entry"]["kind"]["turn"]["text"], "a\0b", "kept whole");
    world.close().await;
    schema.drop().await;
}
