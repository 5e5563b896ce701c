//! Twilio's door: what a voice webhook is answered when its call has ended already, when the recording
//! can't be played, and when our own transfer has caused it (CALL-11, CALL-12, CALL-13).

use std::time::Duration;

use entities::calls::{self, CallRecord, CallStatus, EndOfCall};
use entities::{DatabaseFault, FaultExtent};
use frontdesk::network::Network;
use frontdesk::network::memory::Conditions;
use frontdesk::world::{Plan, World};
use practice::twilio::{
    CallView, Callee, Dial, Done, EndedBy, Pickup, RejectReason, TwilioError, Webhook,
};
use protocol::business::GreetingMode;
use protocol::ids::CallSid;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{
    brief, call_form, ended_record, nothing_left, number, one_call_at_once, post_as_twilio,
    practice, recorded, virtually, within, world,
};
use crate::transfer::{PERSON, asks_for_the_person, is_rung, with_person};

const CALL: &str = "CA00000000000000000000000000000007";
const RECORDING: &str = "https://example.com/hello.mp3";
const HANGUP: &str = "<Response><Hangup/></Response>";

fn sid() -> CallSid {
    CallSid::parse(CALL).unwrap()
}

/// What Twilio is answered on this path for the call.
async fn asks(world: &World, path: &str, status: &str, more: &[(&str, &str)]) -> String {
    let mut form = call_form(world, CALL, status);
    form.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    post_as_twilio(world, path, &form).await.text()
}

async fn voice(world: &World, more: &[(&str, &str)]) -> String {
    asks(world, "/twilio/voice", "ringing", more).await
}

async fn has_ended(world: &World, status: &str) {
    asks(world, "/twilio/status", status, &[("CallDuration", "0")]).await;
}

fn sessions(world: &World) -> usize {
    practice(world).log().look(|record| record.connections as usize)
}

fn is_whole(record: &CallRecord) -> bool {
    record.ended_at.is_some() && record.lead_id.is_some()
}

#[test]
fn call_11_a_terminal_status_before_the_webhook_wins_and_no_session_is_opened() {
    virtually(async {
        for (status, stored, reason) in [
            ("completed", CallStatus::Completed, "caller_hung_up"),
            ("no-answer", CallStatus::NoAnswer, "not_connected"),
            ("canceled", CallStatus::Canceled, "not_connected"),
        ] {
            let world = world(brief).await;
            has_ended(&world, status).await;
            sleep(Duration::from_millis(200)).await;
            let answer = voice(&world, &[]).await;
            assert!(answer.ends_with(HANGUP), "{answer}");
            let record = recorded(&world, &sid(), is_whole).await;
            assert_eq!((record.status, record.end_reason.as_deref()), (stored, Some(reason)));
            assert_eq!(record.duration, Some(Duration::ZERO));
            assert!(record.ended_at.unwrap() >= record.started_at);

            // An earlier status that comes later, and the webhook once more, change nothing.
            asks(&world, "/twilio/status", "in-progress", &[]).await;
            assert!(voice(&world, &[]).await.ends_with(HANGUP));
            sleep(Duration::from_secs(20)).await;
            assert_eq!(recorded(&world, &sid(), is_whole).await, record);
            assert_eq!(sessions(&world), 0);
            nothing_left(&world).await;
            world.close().await;
        }
    });
}

#[test]
fn call_11_an_early_status_that_another_node_was_told_is_read_with_the_business() {
    virtually(async {
        let world = world(brief).await;
        let services = world.app.services();
        let end = EndOfCall {
            ended_at: services.clock.wall(),
            end_reason: "not_connected".to_owned(),
            ended_by: "caller".to_owned(),
            status: Some(CallStatus::Canceled),
            duration: None,
            stats: None,
        };
        calls::report_end(&services.database, world.business_id, &sid(), end).await.unwrap();
        assert!(voice(&world, &[]).await.ends_with(HANGUP));
        let record = recorded(&world, &sid(), is_whole).await;
        assert_eq!(record.status, CallStatus::Canceled);
        assert_eq!(sessions(&world), 0);
        world.close().await;
    });
}

#[test]
fn call_11_a_terminal_status_during_the_webhook_wins() {
    virtually(async {
        let world = world(brief).await;
        let faults = world.app.services().database.faults().unwrap();
        let slow = DatabaseFault::Slow(Duration::from_secs(1));
        faults.set(slow, FaultExtent::Lasting);
        let status = async {
            sleep(Duration::from_millis(300)).await;
            has_ended(&world, "completed").await;
        };
        let (answer, ()) = tokio::join!(voice(&world, &[]), status);
        assert!(answer.ends_with(HANGUP), "{answer}");
        faults.end(slow);
        recorded(&world, &sid(), is_whole).await;
        assert_eq!(sessions(&world), 0);
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn call_11_the_webhook_of_a_call_that_has_ended_starts_nothing_and_reopens_nothing() {
    virtually(async {
        let world = world(brief).await;
        let caller = world.dial(&number(1));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        // At once, while the actors stop, and later.
        caller.replay_webhook(2).await;
        let record = ended_record(&world, &caller).await;
        nothing_left(&world).await;
        caller.replay_webhook(2).await;
        sleep(Duration::from_secs(20)).await;
        assert_eq!(ended_record(&world, &caller).await, record);
        assert_eq!(sessions(&world), 1);
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn call_11_a_call_that_is_refused_at_the_door_leaves_a_record_and_a_lead() {
    virtually(async {
        let world = world(one_call_at_once).await;
        let first = world.dial(&number(1));
        within("the first stream", first.stream_opened()).await.unwrap();
        let apology = world.business.lines().apology;
        assert!(voice(&world, &[]).await.contains(&apology));
        let refused = recorded(&world, &sid(), is_whole).await;
        assert_eq!(refused.end_reason.as_deref(), Some("refused"));
        assert_eq!(refused.stats, Some(json!({ "refused": "full" })));
        assert_eq!(refused.from_number, Some(number(99)));
        assert!(voice(&world, &[]).await.contains(&apology), "the first may not have arrived");
        has_ended(&world, "completed").await;
        let ended = recorded(&world, &sid(), |record| record.status.is_terminal()).await;
        assert_eq!(ended.end_reason, refused.end_reason);

        first.hang_up();
        within("the end", first.ended()).await;
        nothing_left(&world).await;
        world.app.calls().drain();
        let late = within("the apology", world.dial(&number(2)).ended()).await;
        assert_eq!(late.ended_by, EndedBy::HangupVerb);
        world.close().await;
    });
}

#[test]
fn call_7_a_placed_call_that_is_busy_before_twilio_answers_the_request_is_recorded() {
    virtually(async {
        let world = world(brief).await;
        world.carrier.set_callee(
            number(7).as_str(),
            Callee { rings: Duration::from_millis(10), then: Pickup::Busy },
        );
        let Network::Memory(network) = world.network() else { panic!("a virtual test") };
        let route = network.route(world.carrier.api_address());
        let late = Conditions { delay: Duration::from_secs(2), ..Conditions::default() };
        route.set_new(late);
        let body = json!({ "business": world.business.slug.as_str(), "to": number(7).as_str() });
        let (status, placed) =
            within("the answer", world.post_json("api/calls", &body)).await.unwrap();
        assert_eq!(status, 201, "{placed}");
        let call = CallSid::parse(placed["call_sid"].as_str().unwrap()).unwrap();
        let record = recorded(&world, &call, |record| record.ended_at.is_some()).await;
        assert_eq!(record.status, CallStatus::Busy);
        assert_eq!(record.end_reason.as_deref(), Some("not_connected"));
        world.close().await;
    });
}

fn with_a_recording(plan: &mut Plan) {
    brief(plan);
    plan.business.greeting.mode = GreetingMode::Play;
    plan.business.greeting.audio_url = Some(RECORDING.to_owned());
}

#[test]
fn call_12_until_a_stream_has_opened_every_webhook_gets_the_recording() {
    virtually(async {
        let world = world(with_a_recording).await;
        let play = format!("<Play>{RECORDING}</Play><Connect>");
        let lost = format!("http://{}/twilio/voice", world.app.twilio_address());
        for more in [&[][..], &[("ErrorCode", "11200"), ("ErrorUrl", lost.as_str())], &[]] {
            let answer = voice(&world, more).await;
            assert!(answer.contains(&play), "{answer}");
        }
        assert_eq!(sessions(&world), 0, "the session opens when the stream does");
        world.close().await;
    });
}

#[test]
fn call_12_a_recording_that_can_t_be_played_is_spoken_by_the_agent() {
    virtually(async {
        for known_before in [true, false] {
            let world = world(with_a_recording).await;
            if known_before {
                assert!(voice(&world, &[]).await.contains("<Play>"));
            }
            let broken = [("ErrorCode", "11200"), ("ErrorUrl", RECORDING)];
            let answer = voice(&world, &broken).await;
            assert!(answer.contains("<Connect>") && !answer.contains("<Play>"), "{answer}");
            let greets = practice(&world).log().wait_for(|record| record.said.len() == 1);
            within("the greeting", greets).await;
            let answer = voice(&world, &[]).await;
            assert!(answer.contains("<Connect>") && !answer.contains("<Play>"), "{answer}");
            assert_eq!(sessions(&world), 1);
            has_ended(&world, "completed").await;
            nothing_left(&world).await;
            world.close().await;
        }
    });
}

/// Whether Twilio could play nothing at this address, and asked the fallback with this code.
fn fell_back(view: &CallView, file: &str, code: u32) -> bool {
    let played = Done::Played { url: file.to_owned(), bytes: None };
    view.verbs[0].what == played
        && view.errors.iter().map(TwilioError::code).eq([code])
        && view.requests.iter().any(|request| request.what == Webhook::Fallback)
}

#[test]
fn call_12_twilio_asks_the_fallback_about_a_broken_recording_and_the_caller_is_greeted_by_the_agent()
 {
    virtually(async {
        let host = world(brief).await;
        let at = |path: &str| format!("http://{}/{path}", host.app.twilio_address());
        for (file, code) in
            [(at("gone.mp3"), 11200), (RECORDING.to_owned(), 11205), (at("healthz"), 12300)]
        {
            let world = world(|plan| {
                with_a_recording(plan);
                plan.business.greeting.audio_url = Some(file.clone());
            })
            .await;
            let inbound = world.dial(&number(1));
            let body = json!({ "business": world.business.slug, "to": number(7).as_str() });
            let (status, _) =
                within("the call", world.post_json("api/calls", &body)).await.unwrap();
            assert_eq!(status, 201);
            let placed = within("the callee", world.carrier.callee(number(7).as_str(), "he")).await;
            for call in [inbound, placed] {
                let greeting = &world.business.lines().greeting;
                within("the greeting", call.hears(greeting)).await.unwrap();
                within("the words", call.say("בתל אביב")).await.unwrap();
                within("the answer", call.hears("בתל אביב")).await.unwrap();
                call.hang_up();
                let view = within("the end", call.ended()).await.view;
                assert!(fell_back(&view, &file, code), "{code}: {view:?}");
                assert_eq!(view.violations, []);
                let record = ended_record(&world, &call).await;
                assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
            }
            nothing_left(&world).await;
            world.close().await;
        }
        host.close().await;
    });
}

#[test]
fn call_13_a_transfer_that_comes_back_is_busy_and_other_callers_are_not() {
    virtually(async {
        let world = world(with_person).await;
        let caller = asks_for_the_person(&world, Pickup::NoAnswer).await;
        is_rung(&caller).await;
        let to = world.business.phone_numbers[0].to_string();
        let dial = async |from: &str, field: &str, by: &str| {
            let mut dial = Dial::new(from, &to);
            dial.extra = vec![(field.to_owned(), by.to_owned())];
            world.carrier.dial(&dial)
        };
        let ours = number(1).to_string();
        for (from, field) in [
            (&*ours, "ForwardedFrom"),
            (&ours, "CalledVia"),
            (&to, "ForwardedFrom"),
            (PERSON, "CalledVia"),
        ] {
            let back = dial(from, field, PERSON).await;
            let outcome = within("the rejection", back.ended()).await;
            assert_eq!(outcome.ended_by, EndedBy::Rejected(RejectReason::Busy), "{from} {field}");
        }
        // Another caller whom the same person has passed on, and the same caller by another number.
        let others = [
            dial(number(2).as_str(), "ForwardedFrom", PERSON).await,
            dial(&ours, "ForwardedFrom", "+972509999999").await,
            dial("anonymous", "ForwardedFrom", PERSON).await,
        ];
        for other in &others {
            within("the stream", other.stream_opened()).await.unwrap();
            other.hang_up();
        }
        sleep(Duration::from_secs(25)).await;
        let later = dial(&ours, "ForwardedFrom", PERSON).await;
        within("the stream", later.stream_opened()).await.unwrap();
        later.hang_up();
        caller.hang_up();
        within("the end", caller.ended()).await;
        nothing_left(&world).await;
        world.close().await;
    });
}

#[test]
fn call_1_a_webhook_that_cannot_be_read_gets_the_apology_of_the_business_that_it_names() {
    virtually(async {
        let world = world(|plan| {
            brief(plan);
            plan.business.apology.text = Some("Sorry, please call later".to_owned());
        })
        .await;
        let read = call_form(&world, "CA00000000000000000000000000000008", "ringing");
        let spoiled = |changes: &[(&str, &str)]| {
            let mut form = read.clone();
            for (name, value) in &mut form {
                if let Some((_, other)) = changes.iter().find(|(changed, _)| changed == name) {
                    *value = (*other).to_owned();
                }
            }
            form
        };
        let ours = world.business.phone_numbers[0].as_str();
        for path in [
            "/twilio/voice",
            "/twilio/voice/resume",
            "/twilio/voice/transfer",
            "/twilio/voice/unanswerable",
        ] {
            for form in [
                spoiled(&[("CallSid", "CA1")]),
                spoiled(&[("CallSid", ""), ("Direction", "trunking-terminating")]),
                spoiled(&[
                    ("CallSid", "x"),
                    ("Direction", "outbound-api"),
                    ("From", ours),
                    ("To", "+972501234567"),
                ]),
                spoiled(&[
                    ("CallSid", "x"),
                    ("Direction", ""),
                    ("From", ours),
                    ("To", "client:dana"),
                ]),
            ] {
                let answer = post_as_twilio(&world, path, &form).await.text();
                assert!(answer.contains("Sorry, please call later"), "{path} {form:?} {answer}");
            }
        }
        for form in [spoiled(&[("Direction", "sideways")]), spoiled(&[("Direction", "")])] {
            let answer = post_as_twilio(&world, "/twilio/voice", &form).await.text();
            assert!(answer.contains("Sorry, please call later"), "{form:?} {answer}");
        }
        // Who has talked to the person hears nothing more.
        let mut form = spoiled(&[("CallSid", "CA1")]);
        form.push(("DialCallStatus".to_owned(), "completed".to_owned()));
        for path in ["/twilio/voice/transfer", "/twilio/voice/unanswerable"] {
            let answer = post_as_twilio(&world, path, &form).await.text();
            assert!(answer.ends_with("<Response><Hangup/></Response>"), "{path} {answer}");
        }
        world.close().await;
    });
}
