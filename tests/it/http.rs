//! The two listeners: who is let in, and what callers are answered (CALL-1, CALL-9, OPS-6).

use std::time::Duration;

use actors::supervision::introspection::ActorKind;
use frontdesk::config::{Patience, Twilio};
use frontdesk::practice::twilio::{CallView, Dial, Done, EndedBy, RejectReason};
use frontdesk::practice::world::World;
use futures_util::{SinkExt as _, StreamExt as _};
use jiff::SignedDuration;
use protocol::ids::{BusinessId, CallSid};
use protocol::twilio::forms::Direction;
use protocol::twilio::token::StreamTokens;
use reqwest::StatusCode;
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::support::{
    brief, call_form, nothing_left, number, post_as_twilio, practice, signature, within, world,
};

const CALL: &str = "CA00000000000000000000000000000007";

#[tokio::test]
async fn ops_6_what_is_not_signed_is_forbidden_whether_its_path_is_known_or_not() {
    let world = world(brief).await;
    let form = call_form(&world, CALL, "ringing");
    let http = reqwest::Client::new();
    let paths = ["voice", "voice/resume", "status", "stream-status", "media", "nothing-here"];
    for path in paths.map(|path| format!("/twilio/{path}")) {
        let url = format!("http://{}{path}", world.app.twilio_address());
        let unsigned = http.post(&url).form(&form).send().await.unwrap();
        assert_eq!(unsigned.status(), StatusCode::FORBIDDEN, "{path}");
        let other = signature(&format!("{url}?x=1"), &form);
        let forged = http.post(&url).form(&form).header("x-twilio-signature", other);
        assert_eq!(forged.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{path}");
    }
    let unknown = post_as_twilio(&world, "/twilio/nothing-here", &form).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert!(world.calls().await.unwrap().is_empty(), "nobody was let in");
    world.close().await;
}

#[tokio::test]
async fn call_1_a_signed_webhook_is_answered_with_the_stream_and_its_resume() {
    let world = world(brief).await;
    let form = call_form(&world, CALL, "ringing");
    let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/xml"), "{kind}");
    let twiml = answer.text().await.unwrap();
    let address = world.app.twilio_address();
    let parts = [
        "<Connect><Stream ".to_owned(),
        format!("url=\"ws://{address}/twilio/media\""),
        format!("name=\"business_id\" value=\"{}\"", world.business_id),
        "name=\"direction\" value=\"inbound\"".to_owned(),
        "name=\"token\" value=\"".to_owned(),
        "</Connect><Redirect".to_owned(),
        format!(">http://{address}/twilio/voice/resume#rc=5&amp;rp=all&amp;ct=3000</Redirect>"),
    ];
    let places = parts.each_ref().map(|part| twiml.find(part.as_str()));
    assert!(places.iter().all(Option::is_some), "{twiml}");
    assert!(places.is_sorted(), "{twiml}");
    world.close().await;
}

#[tokio::test]
async fn call_1_an_unknown_number_is_rejected() {
    let world = world(brief).await;
    let caller = world.carrier.dial(&Dial::new(number(1).as_str(), "+97239999999"));
    let outcome = within("the rejection", caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rejected(RejectReason::Rejected));
    assert_eq!(outcome.view.violations, []);
    world.close().await;
}

#[tokio::test]
async fn res_7_past_max_calls_a_caller_hears_an_apology_in_the_business_s_language() {
    let world = world(|plan| {
        brief(plan);
        plan.config.server.max_calls = 1.try_into().unwrap();
    })
    .await;
    let first = world.dial(&number(1));
    within("the first stream", first.stream_opened()).await.unwrap();
    let second = within("the end", world.dial(&number(2)).ended()).await;
    assert_eq!(second.ended_by, EndedBy::HangupVerb);
    assert_eq!(second.view.violations, []);
    let [said, hung_up] = &second.view.verbs[..] else { panic!("{:?}", second.view.verbs) };
    let Done::Said { text, voice, language } = &said.what else { panic!("{said:?}") };
    assert_eq!(*text, world.business.lines().apology);
    assert!(voice.is_some());
    assert_eq!(language.as_deref(), Some("he-IL"));
    assert_eq!(hung_up.what, Done::HungUp);
    assert_eq!(first.view().borrow().ended, None);
    world.close().await;
}

#[tokio::test]
async fn call_1_a_sixth_resume_within_a_minute_gets_the_apology() {
    let world = world(brief).await;
    let form = call_form(&world, CALL, "in-progress");
    let unknown = post_as_twilio(&world, "/twilio/voice/resume", &form).await.text().await.unwrap();
    assert!(unknown.contains("<Hangup/>") && !unknown.contains("<Connect>"), "{unknown}");
    post_as_twilio(&world, "/twilio/voice", &call_form(&world, CALL, "ringing")).await;
    for _ in 0..5 {
        let answer = post_as_twilio(&world, "/twilio/voice/resume", &form).await;
        assert!(answer.text().await.unwrap().contains("<Connect>"));
    }
    let sixth = post_as_twilio(&world, "/twilio/voice/resume", &form).await.text().await.unwrap();
    assert!(!sixth.contains("<Connect>"), "{sixth}");
    assert!(sixth.contains(&world.business.lines().apology), "{sixth}");
    assert!(sixth.contains("<Hangup/>"), "{sixth}");
    world.close().await;
}

#[tokio::test]
async fn ops_6_a_body_over_the_limit_is_refused_unread() {
    let world = world(brief).await;
    let mut form = call_form(&world, CALL, "ringing");
    form.push(("Padding".to_owned(), "x".repeat(64 * 1024)));
    let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    world.close().await;
}

#[tokio::test]
async fn ops_3_both_listeners_say_that_the_daemon_is_well() {
    let world = world(brief).await;
    for address in [world.app.twilio_address(), world.app.admin_address().unwrap()] {
        for path in ["healthz", "readyz"] {
            let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path} at {address}");
        }
    }
    world.close().await;
}

#[tokio::test]
async fn ops_6_the_operator_s_side_answers_nobody_without_the_token() {
    let world = world(brief).await;
    let admin = format!("http://{}", world.app.admin_address().unwrap());
    let http = reqwest::Client::new();
    for path in ["introspect/actors", "introspect/calls", "introspect/events", "nothing-here"] {
        let url = format!("{admin}/{path}");
        let without = http.get(&url).send().await.unwrap();
        assert_eq!(without.status(), StatusCode::UNAUTHORIZED, "{path}");
        let wrong = http.get(&url).bearer_auth("practice-world-admin-tokem").send().await.unwrap();
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(world.post("nothing-here").await.unwrap(), 404, "the token is right");
    world.close().await;
}

#[tokio::test]
async fn ops_1_only_a_call_s_own_actors_can_be_made_to_crash() {
    let world = world(brief).await;
    for actor in world.actors().await.unwrap() {
        let path = format!("introspect/actors/{}/kill", actor.id);
        assert_eq!(world.post(&path).await.unwrap(), 409, "{}", actor.name);
    }
    assert_eq!(world.post("introspect/actors/4711/kill").await.unwrap(), 404);
    assert_eq!(world.post("introspect/actors/x/kill").await.unwrap(), 400);
    world.close().await;
}

#[tokio::test]
async fn ops_1_nobody_is_made_to_crash_where_that_is_not_allowed() {
    let world = world(|plan| {
        brief(plan);
        plan.config.admin.allow_actor_kill = false;
    })
    .await;
    let caller = world.dial(&number(1));
    within("the stream", caller.stream_opened()).await.unwrap();
    let actors = world.actors().await.unwrap();
    let call = actors.iter().find(|actor| actor.kind == ActorKind::Call).unwrap();
    let path = format!("introspect/actors/{}/kill", call.id);
    assert_eq!(world.post(&path).await.unwrap(), 403);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_9_a_hundred_webhooks_and_five_sockets_make_one_tree_and_one_session() {
    let world = world(brief).await;
    let caller = world.dial(&number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    for answer in within("the answers", caller.replay_webhook(100)).await {
        let body = answer.unwrap();
        assert!(std::str::from_utf8(&body).unwrap().contains("<Connect>"));
    }
    let mut newest = None;
    for _ in 0..5 {
        newest = Some(within("a further stream", caller.open_second_stream()).await.unwrap());
    }
    let one_is_left = |view: &CallView| {
        let (last, others) = view.streams.split_last().unwrap();
        last.ended.is_none() && others.iter().all(|stream| stream.ended.is_some())
    };
    within("the end of the older ones", caller.until(one_is_left)).await.unwrap();
    assert_eq!(world.calls().await.unwrap().len(), 1);
    assert_eq!(world.actors().await.unwrap().len(), 4 + 5);

    within("the sentence", caller.say("בתל אביב")).await.unwrap();
    within("the answer", caller.hears("בתל אביב")).await.unwrap();
    let view = caller.view().borrow().clone();
    let last = view.streams.last().unwrap();
    assert_eq!(Some(&last.stream_sid), newest.as_ref());
    assert!(last.bytes_received > 0, "the newest stream has the voice");
    caller.hang_up();
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.streams.len(), 6);
    assert_eq!(outcome.view.violations, []);
    nothing_left(&world).await;
    let record = practice(&world).log().record();
    assert_eq!(record.sessions, 1);
    assert_eq!(record.said_texts(), ["שלום", "בתל אביב"]);
    assert_eq!(record.faults().count(), 0, "{:?}", record.violations);
    world.close().await;
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A media socket with this signature, as Twilio opens it.
async fn media_socket(world: &World, signed: Option<&str>) -> Result<Socket, Error> {
    let url = format!("ws://{}/twilio/media", world.app.twilio_address());
    let mut request = url.into_client_request().unwrap();
    if let Some(signature) = signed {
        request.headers_mut().insert("x-twilio-signature", signature.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn signed_media_socket(world: &World) -> Socket {
    let url = format!("ws://{}/twilio/media", world.app.twilio_address());
    media_socket(world, Some(&signature(&url, &[]))).await.unwrap()
}

/// Presents a stream of [`CALL`] with these parameters.
async fn present(socket: &mut Socket, parameters: serde_json::Value) {
    let sid = "MZ00000000000000000000000000000001";
    let connected = json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" });
    let start = json!({
        "event": "start", "sequenceNumber": "1", "streamSid": sid,
        "start": {
            "accountSid": Twilio::PRACTICE_ACCOUNT, "streamSid": sid, "callSid": CALL,
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": parameters,
        },
    });
    for message in [connected, start] {
        socket.send(Message::text(message.to_string())).await.unwrap();
    }
}

/// Waits until the daemon has closed the socket.
async fn closed(what: &str, socket: &mut Socket) {
    let end = async { while let Some(Ok(_)) = socket.next().await {} };
    within(what, end).await;
}

#[tokio::test]
async fn ops_6_a_media_handshake_that_is_not_signed_is_forbidden() {
    let world = world(brief).await;
    let wrong = signature("ws://127.0.0.1/twilio/other", &[]);
    for signed in [None, Some(wrong.as_str())] {
        match media_socket(&world, signed).await {
            Err(Error::Http(refusal)) => assert_eq!(refusal.status(), 403),
            other => panic!("{other:?}"),
        }
    }
    world.close().await;
}

#[tokio::test]
async fn call_1_a_stream_is_opened_by_a_token_of_its_call_and_business_and_by_no_other() {
    let world = world(brief).await;
    post_as_twilio(&world, "/twilio/voice", &call_form(&world, CALL, "ringing")).await;
    let (ours, call) = (StreamTokens::new(Twilio::PRACTICE_TOKEN), CallSid::parse(CALL).unwrap());
    let other_call = CallSid::parse("CA00000000000000000000000000000008").unwrap();
    let other_business = BusinessId(world.app.services().clock.new_id());
    let now = world.app.services().clock.wall();
    let long_ago = now - SignedDuration::from_hours(2);
    let inbound = Direction::Inbound;
    let good = ours.issue(&call, world.business_id, inbound, now);
    let forger = StreamTokens::new("another-auth-token");
    let refused = [
        ("no token", json!({})),
        ("a malformed token", json!({ "token": "CA.x" })),
        (
            "a forged token",
            json!({ "token": forger.issue(&call, world.business_id, inbound, now) }),
        ),
        ("an altered token", json!({ "token": good.replacen("inbound", "outbound", 1) })),
        (
            "an old token",
            json!({ "token": ours.issue(&call, world.business_id, inbound, long_ago) }),
        ),
        (
            "another call's token",
            json!({ "token": ours.issue(&other_call, world.business_id, inbound, now) }),
        ),
        (
            "another business's token",
            json!({ "token": ours.issue(&call, other_business, inbound, now) }),
        ),
    ];
    for (what, parameters) in refused {
        let mut socket = signed_media_socket(&world).await;
        present(&mut socket, parameters).await;
        closed(what, &mut socket).await;
        assert_eq!(world.calls().await.unwrap()[0].call.stream, "awaited", "{what}");
    }
    let mut socket = signed_media_socket(&world).await;
    present(&mut socket, json!({ "token": good })).await;
    let first = within("the greeting's audio", socket.next()).await.unwrap().unwrap();
    assert!(first.to_text().unwrap().contains("\"media\""), "{first}");
    assert_eq!(world.calls().await.unwrap()[0].call.stream, "open");
    world.close().await;
}

#[tokio::test]
async fn ops_6_a_media_socket_that_says_nothing_is_closed_when_patience_ends() {
    let patience = Patience::default();
    assert_eq!((patience.start.as_secs(), patience.stream.as_secs()), (10, 15));
    let world = world(|plan| {
        brief(plan);
        plan.config.server.patience.start = Duration::from_millis(200);
    })
    .await;
    let mut socket = signed_media_socket(&world).await;
    closed("the end of patience", &mut socket).await;
    world.close().await;
}
