//! `GET /metrics`: whole calls leave the numbers that their stories imply (OPS-3).

mod page;
mod promtool;
mod scrape;

use std::time::Duration;

use actors::introspection::ActorKind;
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::CallRecord;
use entities::{DatabaseFault, FaultExtent};
use frontdesk::world::{Plan, World};
use http::{Method, StatusCode};
use practice::openai::{Brain, ResponseFault, Rule, ToolCall};
use practice::twilio::CallerHandle;
use serde_json::json;

use crate::support::{
    brief, ended_record, http_client, kill, nothing_left, number, one_call_at_once, pause,
    practice, virtually, within, world,
};
use scrape::scrape;

const JOB: &str = "אני צריך התקנת מנעול חכם לדלת הכניסה בתל אביב";
const ANSWER: &str = "בסדר גמור, רשמתי התקנת מנעול חכם לדלת הכניסה ואני בודק עכשיו מתי אפשר להגיע";
const QUESTION: &str = "רגע, כמה זה עולה";
const PRICE: &str = "ארבע מאות שקלים";

/// A model that writes the job down, speaks at length, and knows the price.
fn writes_the_job_down(plan: &mut Plan) {
    brief(plan);
    let heard = |words: &str| vec![words.to_owned()];
    let arguments = json!({ "service": "התקנת מנעול חכם" });
    let tool = ToolCall { name: "update_lead_details".to_owned(), arguments };
    let after_tool = Some(tool.name.clone());
    plan.openai.brain = Brain::Scripted(vec![
        Rule { after_tool, say: Some(ANSWER.to_owned()), ..Rule::default() },
        Rule {
            heard: heard("כמה זה עולה"), say: Some(PRICE.to_owned()), ..Rule::default()
        },
        Rule { heard: heard("מנעול"), calls: vec![tool], ..Rule::default() },
    ]);
}

/// Greeting, a tool, an interruption, a crash, and the caller hangs up.
async fn eventful_call(world: &World) -> CallerHandle {
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("the job", caller.say(JOB)).await.unwrap();
    within("the answer's first words", caller.hears_audio()).await.unwrap();
    within("the question", caller.say(QUESTION)).await.unwrap();
    within("the price", caller.hears(PRICE)).await.unwrap();
    kill(world, ActorKind::Call).await;
    caller
}

async fn hangs_up(world: &World, caller: &CallerHandle) -> (CallRecord, Vec<TurnRow>) {
    caller.hang_up();
    within("the end", caller.ended()).await;
    nothing_left(world).await;
    let record = ended_record(world, caller).await;
    let (db, business) = (&world.app.services().database, world.business_id);
    (record, call_turns::of_call(db, business, caller.call_sid()).await.unwrap())
}

/// The seconds from the only tool's call to its output, by the rows.
fn tool_seconds(turns: &[TurnRow]) -> f64 {
    let at: Vec<_> =
        turns.iter().filter(|turn| turn.role == TurnRole::Tool).map(|turn| turn.at).collect();
    let [called, returned] = at[..] else { panic!("not one tool: {turns:?}") };
    returned.duration_since(called).as_secs_f64()
}

#[test]
fn ops_3_a_call_with_a_tool_an_interruption_and_a_crash_leaves_what_its_record_says() {
    virtually(async {
        let world = world(writes_the_job_down).await;
        let before = scrape(&world).await;
        let caller = eventful_call(&world).await;
        let during = scrape(&world).await;
        let latencies = world.calls().await.unwrap()[0].call.latencies;
        let (record, turns) = hangs_up(&world, &caller).await;
        let after = scrape(&world).await;

        assert_eq!(during["frontdesk_calls_live"], 1.0);
        assert!(during[r#"frontdesk_frames_total{result="sent"}"#] > 0.0, "of the living call");
        assert_eq!(after["frontdesk_calls_live"], 0.0);
        let ended = after.not_zero("frontdesk_calls_ended_total");
        assert_eq!(ended, [(r#"{reason="caller_hung_up"}"#, 1.0)]);
        let restarts = after.not_zero("frontdesk_actor_restarts_total");
        assert_eq!(restarts, [(r#"{kind="call"}"#, 1.0)]);

        let stats = record.stats.unwrap();
        let stat = |pointer: &str| stats.pointer(pointer).and_then(serde_json::Value::as_f64);
        let milli = |pointer| stat(pointer).unwrap() / 1e3;
        let micro = |pointer| stat(pointer).unwrap() / 1e6;
        after.has_once("frontdesk_call_greeting_seconds", "", milli("/greeting_ms"));
        after.has_once("frontdesk_call_greeting_added_seconds", "", micro("/greeting_added_us"));
        after.has_once("frontdesk_call_barge_in_seconds", "", micro("/barge_in_us"));
        let tool = r#"tool="update_lead_details""#;
        after.has_once("frontdesk_tool_seconds", tool, tool_seconds(&turns));
        assert_eq!(after["frontdesk_call_turn_seconds_count"], 2.0, "the answer and the price");
        assert_eq!(latencies.turns, 2);
        let last = latencies.last_turn_ms.unwrap() as f64 / 1e3;
        assert!(after["frontdesk_call_turn_seconds_sum"] > last, "{last}");

        for result in ["sent", "blocked", "padded"] {
            let series = format!(r#"frontdesk_frames_total{{result="{result}"}}"#);
            assert_eq!(Some(after[&*series]), stat(&format!("/frames/{result}")), "{result}");
        }
        let model = &world.business.agent.model;
        let of_kind = |kind: &str| {
            after[&*format!(r#"frontdesk_openai_tokens_total{{model="{model}",kind="{kind}"}}"#)]
        };
        for (input, cached, all) in [
            ("text_input", "text_input_cached", "/tokens/text_in"),
            ("audio_input", "audio_input_cached", "/tokens/audio_in"),
        ] {
            assert_eq!(Some(of_kind(input) + of_kind(cached)), stat(all));
        }
        assert_eq!(Some(of_kind("text_output")), stat("/tokens/text_out"));
        assert_eq!(Some(of_kind("audio_output")), stat("/tokens/audio_out"));
        assert!(of_kind("audio_output") > 0.0);
        let cost = after.sum("frontdesk_openai_cost_dollars_total");
        assert!((cost - micro("/cost_micro_usd")).abs() < 1e-9, "{cost}: {stats}");
        let transcribed = after.sum("frontdesk_openai_transcribed_seconds_total");
        assert!((transcribed - milli("/transcribed_ms")).abs() < 1e-9, "{transcribed}: {stats}");
        assert!(transcribed > 0.0);

        assert_eq!(after.names(), before.names(), "no label comes from a call");
        assert!(after.text.contains("process_open_fds") && !after.text.contains("CA0"));
        for (earlier, later) in [(&before, &during), (&during, &after)] {
            later.grew_since(earlier);
        }
        world.close().await;
    });
}

#[test]
fn ops_3_waits_are_those_of_the_practice_models_pace() {
    virtually(async {
        let world = world(|plan| {
            writes_the_job_down(plan);
            plan.openai.behaviour.first_audio_after = Duration::from_secs(2);
        })
        .await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        within("the question", caller.say(QUESTION)).await.unwrap();
        within("the price", caller.hears(PRICE)).await.unwrap();
        hangs_up(&world, &caller).await;
        let counted = scrape(&world).await;
        for name in ["frontdesk_call_greeting_seconds", "frontdesk_call_turn_seconds"] {
            let count = |bound: &str| counted[&*format!(r#"{name}_bucket{{le="{bound}"}}"#)];
            assert_eq!((count("1.5"), count("3"), count("+Inf")), (0.0, 1.0, 1.0), "{name}");
        }
        world.close().await;
    });
}

#[test]
fn ops_3_ten_calls_are_ten_ends() {
    virtually(async {
        let world = world(brief).await;
        let callers: Vec<_> = (0..10).map(|n| world.dial(&number(n))).collect();
        for caller in &callers {
            within("the greeting", caller.hears("שלום")).await.unwrap();
        }
        assert_eq!(scrape(&world).await["frontdesk_calls_live"], 10.0);
        for caller in &callers {
            caller.hang_up();
            within("the end", caller.ended()).await;
        }
        nothing_left(&world).await;
        let counted = scrape(&world).await;
        assert_eq!(counted["frontdesk_calls_live"], 0.0);
        assert_eq!(counted.sum("frontdesk_calls_ended_total"), 10.0);
        assert_eq!(counted["frontdesk_call_greeting_seconds_count"], 10.0);
        world.close().await;
    });
}

#[test]
fn ops_3_calls_without_actors_are_counted_too() {
    virtually(async {
        let world = world(one_call_at_once).await;
        let first = world.dial(&number(1));
        within("the greeting", first.hears("שלום")).await.unwrap();
        let second = world.dial(&number(2));
        within("the refusal", second.ended()).await;
        first.hang_up();
        within("the end", first.ended()).await;
        nothing_left(&world).await;
        let fault = ResponseFault::no_quota();
        practice(&world).faults().behave(|model| model.other_responses = fault);
        for n in [3, 4] {
            within("the apology", world.dial(&number(n)).ended()).await;
            nothing_left(&world).await;
        }
        let counted = scrape(&world).await;
        let ends = [
            (r#"{reason="caller_hung_up"}"#, 1.0),
            (r#"{reason="refused"}"#, 1.0),
            (r#"{reason="upstream_failed"}"#, 2.0),
        ];
        assert_eq!(counted.not_zero("frontdesk_calls_ended_total"), ends);
        let open = counted.not_zero("frontdesk_provider_circuits");
        assert_eq!(open, [(r#"{scope="account",state="open"}"#, 1.0)]);
        assert_eq!(counted["frontdesk_provider_faults_total"], 1.0);
        assert_eq!(counted["frontdesk_calls_limit"], 1.0);
        world.close().await;
    });
}

#[test]
fn ops_3_queues_are_seen_while_they_wait() {
    virtually(async {
        let world = world(brief).await;
        let faults = world.app.services().database.faults().unwrap();
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
        caller.hang_up();
        within("the end", caller.ended()).await;
        let waits = async {
            while scrape(&world).await[r#"frontdesk_journal_waiting_records{place="memory"}"#]
                == 0.0
            {
                pause().await;
            }
        };
        within("records that wait", waits).await;
        let waiting = scrape(&world).await;
        assert!(waiting[r#"frontdesk_inbox_events{kind="journal"}"#] > 0.0, "{}", waiting.text);
        faults.clear();
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn ops_3_metrics_need_the_token_and_are_only_read() {
    virtually(async {
        let world = world(brief).await;
        let url = format!("http://{}/metrics", world.app.admin_address().unwrap());
        let http = http_client(&world);
        let refused = http.get(&url).send().await.unwrap();
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
        assert!(!refused.text().contains("frontdesk_"));
        let token = crate::api::operator::TOKEN;
        let read = http.get(&url).bearer_auth(token).send().await.unwrap();
        assert_eq!(read.status, StatusCode::OK);
        assert_eq!(read.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        let head = http.request(Method::HEAD, &url).bearer_auth(token).send().await.unwrap();
        assert_eq!((head.status, head.text()), (StatusCode::OK, String::new()));
        for method in [Method::POST, Method::DELETE] {
            let answer = http.request(method, &url).bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status, StatusCode::NOT_FOUND);
        }
        let twilio = format!("http://{}/metrics", world.app.twilio_address());
        let other = http.get(&twilio).bearer_auth(token).send().await.unwrap();
        assert_eq!(other.status, StatusCode::NOT_FOUND, "not on the listener for Twilio");
        world.close().await;
    });
}
