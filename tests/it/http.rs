//! The two listeners: authentication, and the answers to webhooks (CALL-1, CALL-9, OPS-6).

use actors::introspection::ActorKind;
use http::StatusCode;
use practice::twilio::{Dial, Done, EndedBy, RejectReason};

use crate::api::operator::TOKEN;
use crate::support::{
    brief, call_form, http_client, number, one_call_at_once, post_as_twilio, signature, virtually,
    within, world,
};

const CALL: &str = "CA00000000000000000000000000000007";

#[test]
fn ops_6_unsigned_requests_are_forbidden_on_known_and_unknown_paths() {
    virtually(async {
        let world = world(brief).await;
        let form = call_form(&world, CALL, "ringing");
        let http = http_client(&world);
        let paths = ["voice", "voice/resume", "status", "stream-status", "media", "nothing-here"];
        for path in paths.map(|path| format!("/twilio/{path}")) {
            let url = format!("http://{}{path}", world.app.twilio_address());
            let unsigned = http.post(&url).form(&form).send().await.unwrap();
            assert_eq!(unsigned.status, StatusCode::FORBIDDEN, "{path}");
            let other = signature(&format!("{url}?x=1"), &form);
            let forged = http.post(&url).form(&form).header("x-twilio-signature", &other);
            assert_eq!(forged.send().await.unwrap().status, StatusCode::FORBIDDEN, "{path}");
        }
        let unknown = post_as_twilio(&world, "/twilio/nothing-here", &form).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(world.calls().await.unwrap().is_empty(), "nobody was let in");
        world.close().await;
    });
}

#[test]
fn call_1_a_signed_webhook_is_answered_with_the_stream_and_its_resume() {
    virtually(async {
        let world = world(brief).await;
        let form = call_form(&world, CALL, "ringing");
        let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
        assert_eq!(answer.status, StatusCode::OK);
        let kind = answer.headers["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/xml"), "{kind}");
        let twiml = answer.text();
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
    });
}

#[test]
fn call_1_an_unknown_number_is_rejected() {
    virtually(async {
        let world = world(brief).await;
        let caller = world.carrier.dial(&Dial::new(number(1).as_str(), "+97239999999"));
        let outcome = within("the rejection", caller.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::Rejected(RejectReason::Rejected));
        assert_eq!(outcome.view.violations, []);
        world.close().await;
    });
}

#[test]
fn res_7_past_max_calls_a_caller_hears_an_apology_in_the_business_s_language() {
    virtually(async {
        let world = world(one_call_at_once).await;
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
    });
}

#[test]
fn call_1_a_sixth_resume_within_a_minute_gets_the_apology() {
    virtually(async {
        let world = world(brief).await;
        let form = call_form(&world, CALL, "in-progress");
        let unknown = post_as_twilio(&world, "/twilio/voice/resume", &form).await.text();
        assert!(unknown.contains("<Hangup/>") && !unknown.contains("<Connect>"), "{unknown}");
        post_as_twilio(&world, "/twilio/voice", &call_form(&world, CALL, "ringing")).await;
        for _ in 0..5 {
            let answer = post_as_twilio(&world, "/twilio/voice/resume", &form).await;
            assert!(answer.text().contains("<Connect>"));
        }
        let sixth = post_as_twilio(&world, "/twilio/voice/resume", &form).await.text();
        assert!(!sixth.contains("<Connect>"), "{sixth}");
        assert!(sixth.contains(&world.business.lines().apology), "{sixth}");
        assert!(sixth.contains("<Hangup/>"), "{sixth}");
        world.close().await;
    });
}

#[test]
fn ops_6_a_body_over_the_limit_is_refused_unread() {
    virtually(async {
        let world = world(brief).await;
        let mut form = call_form(&world, CALL, "ringing");
        form.push(("Padding".to_owned(), "x".repeat(64 * 1024)));
        let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        world.close().await;
    });
}

#[test]
fn ops_3_both_listeners_answer_health_checks() {
    virtually(async {
        let world = world(brief).await;
        for address in [world.app.twilio_address(), world.app.admin_address().unwrap()] {
            for path in ["healthz", "readyz"] {
                let answer = http_client(&world)
                    .get(&format!("http://{address}/{path}"))
                    .send()
                    .await
                    .unwrap();
                assert_eq!(answer.status, StatusCode::OK, "{path} at {address}");
            }
        }
        world.close().await;
    });
}

#[test]
fn ops_3_head_is_answered_where_get_is_and_without_a_body() {
    virtually(async {
        let world = world(brief).await;
        let (twilio, admin) = (world.app.twilio_address(), world.app.admin_address().unwrap());
        let http = http_client(&world);
        for (address, path, status) in [
            (twilio, "healthz", 200),
            (twilio, "readyz", 200),
            (twilio, "nothing", 404),
            (admin, "healthz", 200),
            (admin, "readyz", 200),
            (admin, "introspect/actors", 200),
            (admin, "introspect/events", 200),
            (admin, "api/businesses", 200),
            (admin, "api/businesses/nobody", 404),
        ] {
            let request = http.request(http::Method::HEAD, &format!("http://{address}/{path}"));
            let answer = request.bearer_auth(TOKEN).send().await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text()), (status, String::new()), "{path}");
        }
        world.close().await;
    });
}

#[test]
fn ops_6_the_admin_listener_requires_the_token() {
    virtually(async {
        let world = world(brief).await;
        let admin = format!("http://{}", world.app.admin_address().unwrap());
        let http = http_client(&world);
        for path in ["introspect/actors", "introspect/calls", "introspect/events", "nothing-here"] {
            let url = format!("{admin}/{path}");
            let without = http.get(&url).send().await.unwrap();
            assert_eq!(without.status, StatusCode::UNAUTHORIZED, "{path}");
            let wrong =
                http.get(&url).bearer_auth("practice-world-admin-tokem").send().await.unwrap();
            assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_eq!(world.post("nothing-here").await.unwrap(), 404, "the token is right");
        world.close().await;
    });
}

#[test]
fn ops_1_only_a_call_s_own_actors_can_be_made_to_crash() {
    virtually(async {
        let world = world(brief).await;
        for actor in world.actors().await.unwrap() {
            let path = format!("introspect/actors/{}/kill", actor.id);
            assert_eq!(world.post(&path).await.unwrap(), 409, "{}", actor.name);
        }
        assert_eq!(world.post("introspect/actors/4711/kill").await.unwrap(), 404);
        assert_eq!(world.post("introspect/actors/x/kill").await.unwrap(), 400);
        world.close().await;
    });
}

#[test]
fn ops_1_no_actor_can_be_made_to_crash_unless_the_configuration_allows_it() {
    virtually(async {
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
    });
}
