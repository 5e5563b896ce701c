//! Calls in virtual time, and a collector that reads what it is sent.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use practice::openai::{Brain, Rule, ToolCall};
use practice::transport::Acceptor;
use prost::Message as _;
use protocol::ids::PhoneNumber;
use serde_json::json;

use crate::config::{DatabaseUrl, HttpUrl};
use crate::virtual_time;
use crate::world::{Plan, World};

const CALLER: &str = "+972501234567";
const CITY: &str = "חיפה";

/// What a collector has taken.
#[derive(Clone, Default)]
struct Collector {
    taken: Arc<Mutex<Vec<Bytes>>>,
    /// It refuses what comes.
    is_full: Arc<Mutex<bool>>,
}

impl Collector {
    fn serve(&self, mut acceptor: Box<dyn Acceptor>) {
        let collector = self.clone();
        tokio::spawn(async move {
            while let Ok(stream) = acceptor.accept().await {
                let collector = collector.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
                        let collector = collector.clone();
                        async move {
                            assert_eq!(request.uri().path(), "/v1/traces");
                            assert_eq!(request.headers()["content-type"], "application/x-protobuf");
                            let body = request.into_body().collect().await.unwrap().to_bytes();
                            Ok::<_, Infallible>(collector.take(body))
                        }
                    });
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
    }

    fn take(&self, body: Bytes) -> Response<Full<Bytes>> {
        let mut answer = Response::new(Full::default());
        if *self.is_full.lock().unwrap() {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        } else {
            self.taken.lock().unwrap().push(body);
        }
        answer
    }

    fn spans(&self) -> Vec<Span> {
        let taken = self.taken.lock().unwrap();
        let read =
            taken.iter().map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let scopes = read.flat_map(|it| it.resource_spans).flat_map(|it| it.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// A locksmith whose model notes the city, and says goodbye to a goodbye.
fn plan() -> Plan {
    let mut plan = Plan::locksmith().unwrap();
    plan.config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    plan.business.greeting.text = Some("שלום".to_owned());
    let call = |name: &str, arguments| vec![ToolCall { name: name.to_owned(), arguments }];
    let city = json!({ "fields": { "city": CITY } });
    let end = json!({ "should_end_call": true, "end_reason": "user_goodbye" });
    let heard = |word: &str| Rule { heard: vec![word.to_owned()], ..Rule::default() };
    let after_tool = Some("update_lead_details".to_owned());
    plan.openai.brain = Brain::Scripted(vec![
        Rule { after_tool, say: Some("רשמתי".to_owned()), ..Rule::default() },
        Rule { calls: call("update_lead_details", city), ..heard(CITY) },
        Rule { calls: call("call_control", end), ..heard("להתראות") },
        Rule { say: Some("כן".to_owned()), ..Rule::default() },
    ]);
    plan
}

/// A world whose daemon sends its traces to the collector, while it plays.
fn with_collector(play: impl AsyncFnOnce(World, Collector)) {
    virtual_time::run(1, virtual_time::begins(), async |platform| {
        let collector = Collector::default();
        let acceptor = platform.network.practice_acceptor().await.unwrap();
        let url = format!("http://{}/v1/traces", acceptor.address());
        collector.serve(acceptor);
        let mut plan = plan();
        plan.platform = platform;
        plan.config.telemetry.otlp_url = Some(HttpUrl::parse(&url).unwrap());
        let world = World::open(plan).await.unwrap();
        play(world, collector).await;
    });
}

/// A call that the agent ends.
async fn call(world: &World) {
    let caller = world.dial(&PhoneNumber::parse(CALLER).unwrap());
    caller.hears("שלום").await.unwrap();
    caller.say(CITY).await.unwrap();
    caller.hears("רשמתי").await.unwrap();
    caller.say("תודה, להתראות").await.unwrap();
    caller.ended().await;
}

fn counted(world: &World) -> (u64, u64) {
    let of = |result| world.app.services().metrics.traces.of(result).unwrap().get();
    (of("exported"), of("dropped"))
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key == key)?;
    let value = found.value.clone()?.value?;
    let Value::StringValue(text) = value else { panic!("{key}: {value:?}") };
    Some(text)
}

#[test]
fn ops_3_a_call_is_one_trace_with_its_session_turns_tools_and_ending() {
    with_collector(async |world, collector| {
        call(&world).await;
        seconds(5).await;
        let spans = collector.spans();
        let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
        let [root] = *named("call") else { panic!("{spans:?}") };
        assert!(root.parent_span_id.is_empty());
        assert_eq!(attribute(root, "call.business").unwrap(), "tel-aviv-locks");
        assert_eq!(attribute(root, "call.direction").unwrap(), "inbound");
        assert_eq!(attribute(root, "call.end_reason").unwrap(), "user_goodbye");
        assert_eq!((named("session").len(), named("ending").len()), (1, 1));
        assert!(!named("turn").is_empty());
        let tools: Vec<_> =
            named("tool").into_iter().filter_map(|it| attribute(it, "tool.name")).collect();
        assert_eq!(tools[0], "update_lead_details");
        assert_eq!(attribute(named("ending")[0], "ending.reason").unwrap(), "user_goodbye");
        let mut ids: Vec<_> = spans.iter().map(|span| span.span_id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), spans.len(), "each span has an id of its own");
        for span in spans.iter().filter(|span| span.name != "call") {
            assert_eq!((&span.trace_id, &span.parent_span_id), (&root.trace_id, &root.span_id));
            let is_within = root.start_time_unix_nano <= span.start_time_unix_nano
                && span.start_time_unix_nano <= span.end_time_unix_nano
                && span.end_time_unix_nano <= root.end_time_unix_nano;
            assert!(is_within, "{}: {span:?}", span.name);
        }
        assert_eq!(counted(&world), (1, 0));
        world.close().await;
    });
}

#[test]
fn ops_3_no_number_and_no_word_of_the_caller_is_in_a_trace() {
    with_collector(async |world, collector| {
        call(&world).await;
        seconds(5).await;
        let taken = collector.taken.lock().unwrap().concat();
        let text = String::from_utf8_lossy(&taken);
        assert!(text.contains("update_lead_details"), "the trace is there");
        for secret in [CALLER.trim_start_matches("+972"), CITY, "רשמתי", "תודה"] {
            assert!(!text.contains(secret), "{secret}");
        }
        world.close().await;
    });
}

#[test]
fn ops_3_a_collector_that_takes_nothing_costs_its_traces_and_no_call() {
    with_collector(async |world, collector| {
        *collector.is_full.lock().unwrap() = true;
        call(&world).await;
        seconds(10).await;
        assert_eq!(counted(&world), (0, 1), "tried twice, and dropped");
        *collector.is_full.lock().unwrap() = false;
        call(&world).await;
        seconds(10).await;
        assert_eq!(counted(&world), (1, 1));
        let calls = collector.spans().into_iter().filter(|span| span.name == "call");
        assert_eq!(calls.count(), 1);
        world.close().await;
    });
}

#[test]
fn ops_3_calls_end_beside_a_collector_that_does_not_answer() {
    virtual_time::run(1, virtual_time::begins(), async |platform| {
        // It takes connections, and says nothing.
        let acceptor = platform.network.practice_acceptor().await.unwrap();
        let mut plan = plan();
        let url = format!("http://{}/v1/traces", acceptor.address());
        plan.config.telemetry.otlp_url = Some(HttpUrl::parse(&url).unwrap());
        plan.platform = platform;
        let world = World::open(plan).await.unwrap();
        for _ in 0..3 {
            call(&world).await;
        }
        seconds(60).await;
        assert_eq!(counted(&world), (0, 3));
        world.close().await;
        drop(acceptor);
    });
}

#[test]
fn ops_3_the_trace_of_a_call_that_ends_as_the_daemon_stops_is_sent() {
    with_collector(async |world, collector| {
        let caller = world.dial(&PhoneNumber::parse(CALLER).unwrap());
        caller.hears("שלום").await.unwrap();
        world.close().await;
        let spans = collector.spans();
        assert!(spans.iter().any(|span| span.name == "call"), "{spans:?}");
    });
}
