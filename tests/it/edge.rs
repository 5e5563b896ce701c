//! The edge of the process: half-open connections, event streams at the end, and what the log says of a
//! call and of refusals (OPS-6, OPS-8).

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::dialer::ByteStream;
use entities::{DatabaseFault, FaultExtent};
use frontdesk::world::World;
use practice::twilio::CallerHandle;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::sleep;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{
    brief, call_form, http_client, number, post_as_twilio, practice, virtually, within, world,
};

const ADMIN_TOKEN: &str = "practice-world-admin-token";

async fn connected(world: &World, to: std::net::SocketAddr, sent: &str) -> ByteStream {
    let dialer = world.network().plain_dialer(Duration::from_secs(60));
    let mut stream = dialer.dial(format!("http://{to}/").parse().unwrap()).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// What the daemon sends until it closes the connection.
async fn answer(stream: &mut ByteStream) -> String {
    let mut text = Vec::new();
    // A reset is an end too.
    let _ = within("the end of a connection", stream.read_to_end(&mut text)).await;
    String::from_utf8_lossy(&text).into_owned()
}

async fn speaks(caller: &CallerHandle) {
    within("the greeting", caller.hears("שלום")).await.unwrap();
    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
}

#[test]
fn ops_6_connections_that_never_send_their_body_are_closed_while_calls_go_on() {
    virtually(async {
        let world = world(brief).await;
        let clock = world.app.services().clock;
        let before = clock.now();
        let head = "POST /twilio/voice HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nCallSid=";
        let mut half_open = Vec::new();
        for _ in 0..300 {
            half_open.push(connected(&world, world.app.twilio_address(), head).await);
        }
        let caller = world.dial(&number(1));
        speaks(&caller).await;
        for stream in &mut half_open {
            let told = answer(stream).await;
            assert!(told.starts_with("HTTP/1.1 408"), "{told}");
        }
        let took = clock.now() - before;
        assert!(took < Duration::from_secs(12), "{took:?}");
        caller.hang_up();
        within("the end", caller.ended()).await;
        world.close().await;
    });
}

#[test]
fn ops_6_more_half_open_connections_than_there_are_places_take_no_webhooks_place() {
    virtually(async {
        let world = world(brief).await;
        let to = world.app.twilio_address();
        let mut half_open = Vec::new();
        for n in 0..4200 {
            // Without its headers' end, or without its body.
            let end = if n % 2 == 0 { "" } else { "content-length: 9\r\n\r\n" };
            let head = format!("POST /twilio/voice HTTP/1.1\r\nhost: x\r\n{end}");
            half_open.push(connected(&world, to, &head).await);
            if n % 100 == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        }
        let clock = world.app.services().clock;
        let before = clock.now();
        let form = call_form(&world, "CA00000000000000000000000000000007", "ringing");
        let twiml = post_as_twilio(&world, "/twilio/voice", &form).await.text();
        assert!(twiml.contains("<Connect>"), "{twiml}");
        let took = clock.now() - before;
        assert!(took < Duration::from_secs(1), "{took:?}");
        world.close().await;
    });
}

#[test]
fn ops_6_a_daemon_that_is_told_to_stop_waits_for_no_idle_connection_and_no_event_stream() {
    virtually(async {
        let world = world(brief).await;
        let (twilio, admin) = (world.app.twilio_address(), world.app.admin_address().unwrap());
        let events = format!(
            "GET /introspect/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN_TOKEN}\r\n\r\n"
        );
        let mut stream = connected(&world, admin, &events).await;
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        let mut others = vec![connected(&world, admin, "").await];
        others.push(connected(&world, twilio, "POST /twilio/voice HTTP/1.1\r\n").await);
        let body = "POST /twilio/voice HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
        others.push(connected(&world, twilio, body).await);
        let told = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        others.push(connected(&world, twilio, told).await);
        sleep(Duration::from_millis(100)).await;

        let World { app, carrier, .. } = world;
        let clock = app.services().clock;
        let before = clock.now();
        app.serve_until(std::future::ready(()), std::future::pending()).await;
        let took = clock.now() - before;
        assert!(took < Duration::from_secs(1), "{took:?}");
        answer(&mut stream).await;
        carrier.stop().await;
    });
}

#[test]
fn ops_6_every_path_below_twilio_is_forbidden_without_a_signature_whatever_the_method() {
    virtually(async {
        let world = world(brief).await;
        let to = world.app.twilio_address();
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            for path in ["", "voice", "status", "media", "media/", "nothing", "..%2Fvoice", "%00"] {
                let head = format!(
                    "{method} /twilio/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\
                     connection: close\r\n\r\n"
                );
                let told = answer(&mut connected(&world, to, &head).await).await;
                assert!(told.starts_with("HTTP/1.1 403"), "{method} {path}: {told}");
            }
        }
        assert!(world.calls().await.unwrap().is_empty());
        world.close().await;
    });
}

/// The log in JSON, line by line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Collects the lines of the daemon's own crates on this thread.
    fn start(&self) -> tracing::subscriber::DefaultGuard {
        let filter = "off,frontdesk=debug,actors=debug,supervision=debug,entities=debug,\
                      frontdesk::trace=off,frontdesk::http::listener=off";
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(self.clone());
        tracing::subscriber::set_default(builder.json().flatten_event(true).finish())
    }

    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The calls whose spans a line stands in, and the business of each.
fn calls_of(line: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spans = line["spans"].as_array().cloned().unwrap_or_default();
    let of_calls = spans.iter().filter(|span| span["name"] == "call");
    of_calls.map(|span| (text(&span["sid"]), text(&span["business"]))).collect()
}

#[test]
fn ops_8_each_log_line_of_two_concurrent_calls_names_its_call_and_business() {
    virtually(async {
        let log = Log::default();
        let _until_the_end = log.start();
        let world = world(brief).await;
        let started = log.lines().len();
        let callers = [world.dial(&number(1)), world.dial(&number(2))];
        for caller in &callers {
            speaks(caller).await;
            within("a key", caller.press("5#")).await.unwrap();
        }
        crate::support::kill(&world, actors::introspection::ActorKind::Realtime).await;
        let log_of_sessions = practice(&world).log();
        within("a new session", log_of_sessions.wait_for(|record| record.sessions >= 3)).await;
        for caller in &callers {
            caller.hang_up();
            within("the end", caller.ended()).await;
        }
        crate::support::nothing_left(&world).await;
        let lines = log.lines();
        let slug = world.business.slug.to_string();
        let sids = callers.each_ref().map(|caller| caller.call_sid().to_string());
        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        let nameless: Vec<_> =
            lines[started..].iter().filter(|line| calls_of(line).is_empty()).collect();
        assert!(nameless.is_empty(), "lines that name no call: {nameless:#?}");
        for line in &lines[started..] {
            let calls = calls_of(line);
            let Some(((sid, business), rest)) = calls.split_first() else { continue };
            assert!(rest.iter().all(|(other, _)| other == sid), "two calls in one line: {line}");
            // The callbacks of a stream can come when the call is over.
            let is_late = business.is_empty() && line["message"] == "stream";
            let named = *business == slug || *business == world.business_id.to_string();
            assert!(named || is_late, "{line}");
            let at = sids.iter().position(|known| known == sid).unwrap();
            assert!(!line.to_string().contains(&sids[1 - at]), "{line}");
            seen[at].insert(line["message"].as_str().unwrap_or_default().to_owned());
        }
        for said in ["call started", "stream opened", "call ended"] {
            assert!(seen.iter().all(|seen| seen.contains(said)), "{said}: {seen:#?}");
        }
        world.close().await;
    });
}

#[test]
fn ops_8_a_refused_signature_names_the_url_that_was_signed_over_and_an_operator_s_refusal_is_logged()
 {
    virtually(async {
        let log = Log::default();
        let _until_the_end = log.start();
        let world = world(brief).await;
        let daemon = format!("http://{}", world.app.twilio_address());
        let http = http_client(&world);
        let url = format!("{daemon}/twilio/voice?From=%2B972501234567");
        assert_eq!(http.get(&url).send().await.unwrap().status, 403);
        let admin = format!("http://{}/api/calls?x=secret", world.app.admin_address().unwrap());
        assert_eq!(http.get(&admin).bearer_auth("wrong").send().await.unwrap().status, 401);
        let lines = log.lines();
        let refused = lines.iter().find(|line| line["signed_url"].is_string()).unwrap();
        assert_eq!(refused["signed_url"], format!("{daemon}/twilio/voice?…"));
        assert_eq!(refused["public_url"], daemon);
        let operator = lines.iter().find(|line| line["path"] == "/api/calls").unwrap();
        assert_eq!(operator["level"], "WARN");
        let all = format!("{lines:?}");
        assert!(!all.contains("972501234567") && !all.contains("secret") && !all.contains("wrong"));
        world.close().await;
    });
}

#[test]
fn ops_8_a_lead_that_can_t_be_written_is_logged_when_that_begins_once_a_minute_and_at_its_end() {
    virtually(async {
        let log = Log::default();
        let _until_the_end = log.start();
        let world = world(brief).await;
        let database = world.app.services().database.clone();
        let faults = database.faults().unwrap();
        let caller = world.dial(&number(1));
        // The read of the webhook succeeds.
        faults.set(DatabaseFault::Full, FaultExtent::Lasting);
        within("the stream", caller.stream_opened()).await.unwrap();
        let said = |what: &str| {
            let lines = log.lines().into_iter().filter(|line| line["message"] == what);
            lines.map(|line| calls_of(&line).len()).collect::<Vec<_>>()
        };
        sleep(Duration::from_secs(10)).await;
        assert_eq!(said("writing the lead failed; trying again"), [1], "one line, of one call");
        faults.clear();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(said("writing the lead failed; trying again"), [1]);
        assert_eq!(said("the lead is written"), [1]);
        caller.hang_up();
        within("the end", caller.ended()).await;
        world.close().await;
    });
}
