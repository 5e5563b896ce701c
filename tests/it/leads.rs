//! The leads that whole calls create and change (LEAD-1, LEAD-2).

use std::collections::BTreeSet;

use actors::call_supervisor::CallStatusView;
use entities::leads::{ChangedBy, LeadFilter, LeadRecord, LeadSource, history};
use entities::{calls, leads};
use frontdesk::world::World;
use practice::openai::{Brain, Rule, ToolCall};
use practice::twilio::{CallerHandle, Dial};
use protocol::business::GreetingMode;
use protocol::ids::CallSid;
use serde_json::{Value, json};

use crate::greeting::recording;
use crate::support::{brief, nothing_left, number, pause, virtually, within, world};

/// Polls the database until the call has a lead.
async fn lead_of(world: &World, call: &CallSid) -> LeadRecord {
    let (db, business) = (&world.app.services().database, world.business_id);
    let linked = async {
        loop {
            let record = calls::get(db, business, call).await.unwrap();
            if let Some(lead) = record.and_then(|record| record.lead_id) {
                return leads::get(db, business, lead).await.unwrap().expect("the lead");
            }
            pause().await;
        }
    };
    within("the call's lead", linked).await
}

/// Calls with a withheld number.
fn dial_withheld(world: &World) -> CallerHandle {
    let mut dial = Dial::new("anonymous", world.business.phone_numbers[0].as_str());
    dial.language = world.business.language.as_str().to_owned();
    world.carrier.dial(&dial)
}

/// Polls the introspection until a call satisfies the condition.
async fn shown(world: &World, what: &str, is_so: impl Fn(&CallStatusView) -> bool) {
    let looking = async { while !world.calls().await.unwrap().iter().any(&is_so) {} };
    within(what, looking).await;
}

async fn hang_up(caller: &CallerHandle) {
    caller.hang_up();
    within("the end", caller.ended()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lead_1_every_call_has_a_lead_before_anybody_has_spoken() {
    let recording = recording().await;
    for mode in [GreetingMode::Realtime, GreetingMode::Play, GreetingMode::None] {
        let world = world(|plan| {
            brief(plan);
            plan.business.greeting.mode = mode;
            plan.business.greeting.audio_url = Some(recording.clone());
        })
        .await;
        let caller = world.dial(&number(1));
        let lead = lead_of(&world, caller.call_sid()).await;
        assert_eq!((lead.phone, lead.source), (Some(number(1)), LeadSource::PhoneCall));
        assert_eq!(lead.last_call_sid.as_ref(), Some(caller.call_sid()));
        hang_up(&caller).await;
        world.close().await;
    }
}

#[test]
fn lead_1_simultaneous_calls_from_one_phone_share_a_lead_and_withheld_numbers_do_not() {
    virtually(async {
        let world = world(brief).await;
        let one_phone = [0; 3].map(|_| world.dial(&number(1)));
        let withheld = [0; 3].map(|_| dial_withheld(&world));
        let mut of_one_phone = BTreeSet::new();
        for caller in &one_phone {
            of_one_phone.insert(lead_of(&world, caller.call_sid()).await.id);
        }
        assert_eq!(of_one_phone.len(), 1);
        let mut of_nobody = BTreeSet::new();
        for caller in &withheld {
            let lead = lead_of(&world, caller.call_sid()).await;
            assert_eq!((lead.phone, lead.last_call_sid.as_ref()), (None, Some(caller.call_sid())));
            of_nobody.insert(lead.id);
        }
        assert_eq!(of_nobody.len(), 3);
        for caller in one_phone.iter().chain(&withheld) {
            hang_up(caller).await;
        }
        nothing_left(&world).await;
        let (db, business) = (&world.app.services().database, world.business_id);
        assert_eq!(
            leads::list(db, business, LeadFilter::default(), None, 99).await.unwrap().items.len(),
            4
        );
        world.close().await;
    });
}

/// A model that uses a tool when it hears a word, and then says "בסדר".
pub(crate) fn uses(told: &[(&str, &str, Value)]) -> Brain {
    let rules = told.iter().flat_map(|(word, tool, arguments)| {
        let call = ToolCall { name: (*tool).to_owned(), arguments: arguments.clone() };
        let (after_tool, say) = (Some(call.name.clone()), Some("בסדר".to_owned()));
        [
            Rule { heard: vec![(*word).to_owned()], calls: vec![call], ..Rule::default() },
            Rule { after_tool, say, ..Rule::default() },
        ]
    });
    Brain::Scripted(rules.collect())
}

#[test]
fn end_3_in_a_second_call_the_person_is_known_and_a_new_job_is_asked_for_and_stored() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.ending.required_lead_fields = vec!["full_name".into(), "city".into()];
            let tool = "update_lead_details";
            plan.openai.brain = uses(&[
                ("חיפה", tool, json!({ "full_name": "דנה", "fields": { "city": "חיפה" } })),
                ("עכו", tool, json!({ "full_name": null, "fields": { "city": "עכו" } })),
            ]);
        })
        .await;
        let mut made = Vec::new();
        for (city, missing) in [("חיפה", ["full_name", "city"].as_slice()), ("עכו", &["city"])]
        {
            let caller = world.dial(&number(1));
            lead_of(&world, caller.call_sid()).await;
            shown(&world, "the lead", |status| {
                status.call.lead.id.is_some() && status.call.missing_fields == missing
            })
            .await;
            within("the greeting", caller.hears("שלום")).await.unwrap();
            within("the city", caller.say(city)).await.unwrap();
            within("an answer", caller.hears("בסדר")).await.unwrap();
            shown(&world, "nothing missing", |status| {
                status.call.missing_fields.is_empty() && status.call.lead.known["city"] == city
            })
            .await;
            hang_up(&caller).await;
            nothing_left(&world).await;
            made.push(caller.call_sid().clone());
        }
        let lead = lead_of(&world, &made[1]).await;
        assert_eq!(
            (lead.full_name.as_deref(), lead.fields.0["city"].as_str()),
            (Some("דנה"), "עכו")
        );
        let db = &world.app.services().database;
        let changes = history(db, world.business_id, lead.id, None, 99).await.unwrap().items;
        let of_call = |call: usize| {
            let by = ChangedBy::Call { call_sid: made[call].clone() };
            let changes = changes.iter().rev().filter(move |change| change.by == by);
            changes.map(|change| (&*change.field, change.old.as_deref())).collect::<Vec<_>>()
        };
        assert_eq!(
            of_call(0),
            [("status", None), ("phone", None), ("full_name", None), ("fields.city", None)]
        );
        assert_eq!(of_call(1), [("fields.city", Some("חיפה"))]);
        world.close().await;
    });
}

#[test]
fn lead_2_a_lead_is_complete_once_nothing_is_missing_then_declined_and_never_in_progress_again() {
    virtually(async {
        let reports = |status: &str| json!({ "should_end_call": false, "lead_status": status, "missing_fields": [] });
        let world = world(|plan| {
            brief(plan);
            plan.business.ending.required_lead_fields = vec!["city".into()];
            plan.openai.brain = uses(&[
                ("אלף", "call_control", reports("complete")),
                ("חיפה", "update_lead_details", json!({ "fields": { "city": "חיפה" } })),
                ("בית", "call_control", reports("complete")),
                ("גימל", "call_control", reports("in_progress")),
                ("דלת", "call_control", reports("declined")),
            ]);
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        for word in ["אלף", "חיפה", "בית", "גימל", "דלת"] {
            within("the word", caller.say(word)).await.unwrap();
            within("an answer", caller.hears("בסדר")).await.unwrap();
        }
        let lead = lead_of(&world, caller.call_sid()).await;
        hang_up(&caller).await;
        nothing_left(&world).await;
        let db = &world.app.services().database;
        let changes = history(db, world.business_id, lead.id, None, 99).await.unwrap().items;
        let changes = changes.iter().rev().map(|change| (&*change.field, &*change.new));
        assert_eq!(
            changes.collect::<Vec<_>>(),
            [
                ("status", "in_progress"),
                ("phone", number(1).as_str()),
                ("fields.city", "חיפה"),
                ("status", "complete"),
                ("status", "declined"),
            ]
        );
        world.close().await;
    });
}
