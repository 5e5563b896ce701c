//! The database is away or slow while people call (CAL-8, OPS-9).

use std::time::{Duration, Instant};

use entities::{DatabaseFault, DatabaseFaults, FaultExtent};
use frontdesk::config::business_file;
use frontdesk::world::World;
use http::{Method, StatusCode};
use practice::twilio::{Dial, Done};
use protocol::ids::PhoneNumber;
use serde_json::json;
use tokio::time::sleep;

use crate::api::operator::{Operator, Wanted};
use crate::support::{
    brief, call_form, http_client, number, post_as_twilio, recorded, virtually, within, world,
};

const CALL: &str = "CA00000000000000000000000000000007";
/// How long a dead network may say nothing.
const HANGS: Duration = Duration::from_secs(3600);
/// How long somebody waits for the database who does not answer a webhook.
const PATIENCE: Duration = Duration::from_secs(20);
const ZERO: Duration = Duration::ZERO;
/// Longer than the pause between two looks at the businesses.
const REFRESH: Duration = Duration::from_secs(31);

fn faults(world: &World) -> &DatabaseFaults {
    world.app.services().database.faults().unwrap()
}

fn since(world: &World, asked: Instant) -> Duration {
    world.app.services().clock.now() - asked
}

/// What `/readyz` answers.
async fn ready(world: &World, query: &str) -> (StatusCode, String) {
    let url = format!("http://{}/readyz{query}", world.app.twilio_address());
    let answer = http_client(world).get(&url).send().await.unwrap();
    (answer.status, answer.text())
}

#[test]
fn ops_9_readyz_says_what_keeps_calls_from_being_answered_and_webhooks_come_all_the_same() {
    virtually(async {
        let world = world(brief).await;
        assert_eq!(ready(&world, "").await, (StatusCode::OK, r#"{"ready":true}"#.to_owned()));
        let gone = r#"{"ready":false,"why":["database_unreachable"]}"#.to_owned();
        for fault in [DatabaseFault::Gone, DatabaseFault::Slow(Duration::from_secs(60))] {
            faults(&world).set(fault, FaultExtent::Lasting);
            sleep(Duration::from_secs(1)).await;
            let asked = world.app.services().clock.now();
            assert_eq!(ready(&world, "").await, (StatusCode::SERVICE_UNAVAILABLE, gone.clone()));
            assert!(since(&world, asked) <= Duration::from_secs(3), "{fault:?}");
            assert_eq!(ready(&world, "?for=webhooks").await.0, StatusCode::OK, "{fault:?}");
            assert_eq!(ready(&world, "?a=b&for=webhooks").await.0, StatusCode::OK, "{fault:?}");
            faults(&world).clear();
            sleep(Duration::from_secs(1)).await;
            assert_eq!(ready(&world, "").await.0, StatusCode::OK, "{fault:?}");
        }
        // A call is answered, and what comes of it waits: somebody must make room.
        faults(&world).set(DatabaseFault::Full, FaultExtent::Lasting);
        sleep(Duration::from_secs(10)).await;
        let full = r#"{"ready":false,"why":["database_full"]}"#.to_owned();
        assert_eq!(ready(&world, "").await, (StatusCode::SERVICE_UNAVAILABLE, full));
        assert_eq!(ready(&world, "?for=webhooks").await.0, StatusCode::OK);
        // With room again, it is ready again.
        faults(&world).clear();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(ready(&world, "").await.0, StatusCode::OK);
        faults(&world).set(DatabaseFault::Full, FaultExtent::Lasting);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(ready(&world, "").await.0, StatusCode::SERVICE_UNAVAILABLE, "noticed soon");
        world.close().await;
    });
}

#[test]
fn ops_9_somebody_who_writes_for_long_is_told_of_and_somebody_who_writes_shortly_is_not() {
    virtually(async {
        let world = world(brief).await;
        // Others ask at the same time, as several probes do.
        let all_ask = async || {
            let asked = world.app.services().clock.now();
            let answers = futures_util::future::join_all((0..5).map(|_| ready(&world, ""))).await;
            assert!(since(&world, asked) <= Duration::from_secs(3), "{:?}", since(&world, asked));
            assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
            answers[0].clone()
        };
        for _ in 0..2 {
            faults(&world).set(DatabaseFault::Locked, FaultExtent::Lasting);
            let begin = world.app.services().clock.now();
            while all_ask().await.0 == StatusCode::OK {
                sleep(Duration::from_millis(200)).await;
            }
            assert!(since(&world, begin) < Duration::from_secs(6), "{:?}", since(&world, begin));
            let busy = r#"{"ready":false,"why":["database_busy"]}"#.to_owned();
            // Also while the attempts of before fail, and new ones begin.
            for _ in 0..20 {
                assert_eq!(all_ask().await, (StatusCode::SERVICE_UNAVAILABLE, busy.clone()));
                assert_eq!(ready(&world, "?for=webhooks").await.0, StatusCode::OK);
                sleep(Duration::from_millis(700)).await;
            }
            faults(&world).clear();
            sleep(Duration::from_secs(1)).await;
            assert_eq!(ready(&world, "").await.0, StatusCode::OK);
        }
        for _ in 0..40 {
            faults(&world).set(DatabaseFault::Locked, FaultExtent::Lasting);
            let database = world.app.services().database.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(100)).await;
                database.faults().unwrap().clear();
            });
            assert_eq!(all_ask().await.0, StatusCode::OK);
            sleep(Duration::from_millis(130)).await;
        }
        world.close().await;
    });
}

#[test]
fn ops_9_readyz_names_a_schema_that_is_behind() {
    virtually(async {
        let world = world(brief).await;
        let database = &world.app.services().database;
        database.write(move |db| async move { migration::down(&db, Some(1)).await }).await.unwrap();
        let (status, why) = ready(&world, "").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(why.contains(r#"["database_schema"]"#), "{why}");
        world.close().await;
    });
}

#[test]
fn cal_8_a_webhook_waits_three_seconds_for_the_database_and_then_apologises() {
    virtually(async {
        let world = world(brief).await;
        faults(&world).set(DatabaseFault::Slow(Duration::from_secs(60)), FaultExtent::Lasting);
        let asked = world.app.services().clock.now();
        let form = call_form(&world, CALL, "ringing");
        let answer = post_as_twilio(&world, "/twilio/voice", &form).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.text().contains("<Say"), "{}", answer.text());
        assert!(since(&world, asked) <= Duration::from_secs(3), "{:?}", since(&world, asked));
        // Answers to statuses wait no longer.
        let asked = world.app.services().clock.now();
        let mut form = call_form(&world, CALL, "completed");
        form.iter_mut().find(|(name, _)| name == "To").unwrap().1 = "+97239999999".to_owned();
        let answer = post_as_twilio(&world, "/twilio/status", &form).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert!(since(&world, asked) <= Duration::from_secs(3), "{:?}", since(&world, asked));
        world.close().await;
    });
}

#[test]
fn cal_8_the_api_says_after_twenty_seconds_that_a_database_that_hangs_is_busy() {
    virtually(async {
        let world = world(brief).await;
        let (operator, slug) = (Operator::of(&world), world.business.slug.clone());
        let booking =
            json!({ "business": slug, "phone": "0501234567", "slot_start": "2026-12-01" });
        let call = json!({ "business": slug, "to": number(7).as_str() });
        let failed = (503, "database_busy", PATIENCE);
        let requests = [
            (Wanted::get(format!("/api/leads?business={slug}")), failed),
            (Wanted::new(Method::POST, "/api/appointments").with(&booking), failed),
            // As `/readyz` answers.
            (
                Wanted::new(Method::POST, "/api/calls").with(&call),
                (503, "database_unreachable", Duration::from_secs(3)),
            ),
        ];
        for (hung, hangs) in [(DatabaseFault::Slow(HANGS), true), (DatabaseFault::Gone, false)] {
            faults(&world).set(hung, FaultExtent::Lasting);
            for (wanted, (status, expected, patience)) in &requests {
                let asked = world.app.services().clock.now();
                let answer = operator.asks(wanted).await;
                let code = &answer.body["error"]["code"];
                assert_eq!((answer.status.as_u16(), code), (*status, &json!(expected)), "{hung:?}");
                if *expected == "database_busy" {
                    assert_eq!(answer.headers["retry-after"], "1");
                    let message = &answer.body["error"]["message"];
                    assert_eq!(message, "the database is busy, try again");
                }
                let waited = since(&world, asked);
                let waits = if hangs { *patience } else { ZERO };
                let second = Duration::from_secs(1);
                assert!(waited >= waits && waited < waits + second, "{hung:?}: {waited:?}");
            }
            faults(&world).clear();
            assert_eq!(operator.asks(&requests[0].0).await.status, StatusCode::OK, "{hung:?}");
        }
        world.close().await;
    });
}

#[test]
fn cal_8_a_lead_whose_database_work_hangs_is_tried_again_while_the_call_goes_on() {
    virtually(async {
        let world = world(brief).await;
        let asked = world.app.services().clock.now();
        // The webhook's read takes two seconds. What is asked after it hangs, and then no more.
        faults(&world).set(DatabaseFault::Slow(Duration::from_secs(2)), FaultExtent::Lasting);
        let caller = world.dial(&number(1));
        sleep(Duration::from_secs(1)).await;
        faults(&world).set(DatabaseFault::Slow(HANGS), FaultExtent::Lasting);
        within("the stream", caller.stream_opened()).await.unwrap();
        sleep(Duration::from_secs(1)).await;
        faults(&world).clear();
        recorded(&world, caller.call_sid(), |record| record.lead_id.is_some()).await;
        let took = since(&world, asked);
        assert!(took > PATIENCE && took < PATIENCE + Duration::from_secs(5), "{took:?}");
        caller.hang_up();
        within("the end", caller.ended()).await;
        world.close().await;
    });
}

#[test]
fn ops_9_without_the_database_each_business_apologises_in_its_own_words() {
    virtually(async {
        let clinic = include_str!("../../examples/businesses/harbour-clinic.toml");
        let clinic = business_file::parse("clinic.toml".as_ref(), clinic).unwrap();
        let number_of_clinic = clinic.phone_numbers[0].clone();
        let world = world(|plan| {
            brief(plan);
            plan.other_businesses = vec![clinic.clone()];
        })
        .await;
        sleep(REFRESH).await;
        for fault in [DatabaseFault::Gone, DatabaseFault::Slow(Duration::from_secs(60))] {
            faults(&world).set(fault, FaultExtent::Lasting);
            let said = apology(&world, &number_of_clinic).await;
            assert_eq!(said, (clinic.lines().apology, Some("en-US".to_owned())), "{fault:?}");
            let locks = world.business.phone_numbers[0].clone();
            let said = apology(&world, &locks).await;
            assert_eq!(said.0, world.business.lines().apology);
            let nobody = PhoneNumber::parse("+97239999999").unwrap();
            let said = apology(&world, &nobody).await;
            assert_eq!(said.1.as_deref(), Some("he-IL"), "the default");
        }
        world.close().await;
    });
}

/// What a caller to this number hears, and in which language.
async fn apology(world: &World, to: &PhoneNumber) -> (String, Option<String>) {
    let caller = world.carrier.dial(&Dial::new(number(2).as_str(), to.as_str()));
    let outcome = within("the end", caller.ended()).await;
    assert_eq!(outcome.view.violations, []);
    let Done::Said { text, language, .. } = &outcome.view.verbs[0].what else {
        panic!("{:?}", outcome.view.verbs)
    };
    (text.clone(), language.clone())
}
