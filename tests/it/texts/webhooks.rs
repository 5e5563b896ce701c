//! What comes by Twilio's webhooks.

use std::time::Duration;

use entities::{DatabaseFault, FaultExtent};
use frontdesk::world::World;
use http::StatusCode;
use practice::twilio::{Attached, RestFault, RestKind};

use super::{ANSWER, Person, questions};
use crate::support::{brief_in_writing, http_client, post_as_twilio, virtually, world};

/// The form of a message, as Twilio writes it.
fn form(person: &Person<'_>, sid: &str, body: &str) -> Vec<(String, String)> {
    let (from, to) = (format!("whatsapp:{}", person.number), format!("whatsapp:{}", person.to));
    [
        ("MessageSid", sid),
        ("AccountSid", frontdesk::config::Twilio::PRACTICE_ACCOUNT),
        ("From", &from),
        ("To", &to),
        ("Body", body),
        ("NumMedia", "0"),
        ("SmsStatus", "received"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn lose_the_database(world: &World) {
    let faults = world.app.services().database.faults().unwrap();
    faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
}

#[test]
fn wa_2_a_message_that_twilio_has_not_signed_is_refused_and_leaves_nothing() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        let form = form(&person, "SM00000000000000000000000000000001", "שלום");
        let url = format!("http://{}/twilio/whatsapp", world.app.twilio_address());
        for signature in ["bm90IHRoZSBzaWduYXR1cmU=", ""] {
            let http = http_client(&world);
            let request = http.post(&url).form(&form).header("x-twilio-signature", signature);
            assert_eq!(request.send().await.unwrap().status, StatusCode::FORBIDDEN);
        }
        let unsigned = http_client(&world);
        assert_eq!(unsigned.post(&url).form(&form).send().await.unwrap().status, 403);
        tokio::time::sleep(ANSWER).await;
        assert!(person.rows().await.is_empty() && person.got().is_empty());
        let signed = post_as_twilio(&world, "/twilio/whatsapp", &form).await;
        assert_eq!(signed.status, StatusCode::OK);
        assert_eq!(person.gets(1).await, ["שלום"]);
        world.close().await;
    });
}

#[test]
fn wa_2_five_deliveries_at_once_are_stored_and_answered_once() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        let message = person.message("מתי אתם פתוחים?");
        let deliveries = (0..5).map(|_| person.delivers(&message));
        for answer in futures_util::future::join_all(deliveries).await {
            let answer = answer.unwrap();
            assert!(answer.body.ends_with("<Response/>"), "{}", answer.body);
            assert!(answer.content_type.starts_with("text/xml"));
        }
        assert_eq!(person.gets(1).await, ["מתי אתם פתוחים?"]);
        // Twilio asks once more, an hour later.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        person.delivers(&message).await.unwrap();
        person.gets(1).await;
        assert_eq!((person.rows().await.len(), questions(&world).len()), (2, 1));
        world.close().await;
    });
}

#[test]
fn wa_2_a_database_that_is_away_for_a_moment_costs_a_moment() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        lose_the_database(&world);
        let (message, faults) =
            (person.message("שלום"), world.app.services().database.faults().unwrap());
        let back = async {
            tokio::time::sleep(Duration::from_secs(6)).await;
            faults.clear();
        };
        let (answer, ()) = tokio::join!(person.delivers(&message), back);
        assert!(answer.unwrap().body.ends_with("<Response/>"));
        assert_eq!(person.gets(1).await, ["שלום"]);
        world.close().await;
    });
}

#[test]
fn wa_2_a_database_that_stays_away_is_told_to_twilio_in_time_and_its_second_request_is_answered() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        lose_the_database(&world);
        let sid = "SM00000000000000000000000000000001";
        let form = form(&person, sid, "שלום");
        let clock = world.app.services().clock;
        let asked = clock.now();
        let first = post_as_twilio(&world, "/twilio/whatsapp", &form).await;
        assert_eq!(first.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(clock.now() - asked < Duration::from_secs(15), "Twilio waits no longer");
        world.app.services().database.faults().unwrap().clear();
        // The sender's fallback address is the same.
        let second = post_as_twilio(&world, "/twilio/whatsapp", &form).await;
        assert_eq!(second.status, StatusCode::OK);
        assert_eq!(person.gets(1).await, ["שלום"]);
        assert_eq!(person.rows().await[0].provider_sid.as_deref(), Some(sid));
        world.close().await;
    });
}

#[test]
fn wa_2_a_database_that_goes_while_a_text_is_answered_costs_no_text_and_no_second_message() {
    // From settling to the status callbacks, in steps of a quarter of a second.
    for quarters in 1..16_u64 {
        virtually(async {
            let world = world(brief_in_writing).await;
            let person = Person::of(&world, 1);
            person.writes("שלום").await;
            tokio::time::sleep(Duration::from_millis(250 * quarters)).await;
            lose_the_database(&world);
            tokio::time::sleep(Duration::from_secs(20)).await;
            world.app.services().database.faults().unwrap().clear();
            // A claim that could not be given back lasts for a minute more.
            tokio::time::sleep(Duration::from_secs(150)).await;
            assert_eq!(person.got(), ["שלום"], "gone after {quarters} quarters");
            assert!(person.rows().await.iter().all(|row| row.handled));
            world.close().await;
        });
    }
}

#[test]
fn wa_2_a_send_without_an_answer_is_found_in_twilios_list() {
    virtually(async {
        let world = world(brief_in_writing).await;
        world.carrier.plan_fault(RestKind::CreateMessage, RestFault::AcceptedThenSilence, 1);
        let person = Person::of(&world, 1);
        // No status callback tells of it either.
        world.carrier.set_delivery(practice::twilio::CallbackDelivery::Lost);
        person.writes("שלום").await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(person.got(), ["שלום"]);
        assert_eq!(world.carrier.rest_count(RestKind::CreateMessage), 1);
        assert!(world.carrier.rest_count(RestKind::ListMessages) > 0);
        let sid = world.carrier.sent_messages().borrow()[0].sid.clone();
        assert_eq!(person.rows().await[1].provider_sid, Some(sid));
        world.close().await;
    });
}

#[test]
fn wa_5_texts_settle_for_two_seconds_and_for_ten_at_most() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        // Each comes 1.5 s after the one before.
        for n in 0..10 {
            person.writes(&format!("חלק {n}")).await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        person.gets(2).await;
        let told: Vec<usize> =
            questions(&world).iter().map(|body| body["input"].as_array().unwrap().len()).collect();
        // The first ten seconds hold seven texts. The others are answered with the next message.
        assert_eq!(told, [7, 11]);
        world.close().await;
    });
}

#[test]
fn wa_6_a_voice_note_gets_a_line_and_stop_gets_nothing() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        person.sends("", Attached::Media("audio/ogg".to_owned())).await;
        let line = world.business.lines().media;
        assert_eq!(person.gets(1).await, [line]);
        assert!(questions(&world).is_empty(), "the model has nothing to read");
        person.writes("STOP").await;
        tokio::time::sleep(ANSWER).await;
        assert_eq!(person.got().len(), 1);
        assert!(person.conversation().await.opted_out && questions(&world).is_empty());
        // What they write is answered all the same.
        person.writes("מתי אתם פתוחים?").await;
        person.gets(2).await;
        assert!(person.conversation().await.opted_out);
        person.writes("START").await;
        person.gets(3).await;
        assert!(!person.conversation().await.opted_out);
        person.writes("הסר").await;
        tokio::time::sleep(ANSWER).await;
        assert!(person.conversation().await.opted_out && person.got().len() == 3);
        world.close().await;
    });
}

#[test]
fn wa_1_what_whatsapp_does_not_deliver_is_for_a_person() {
    for code in [63_016, 63_024, 63_049, 30_008] {
        virtually(async {
            let world = world(brief_in_writing).await;
            let person = Person::of(&world, 1);
            world.carrier.fail_next_delivery(code);
            person.writes("שלום").await;
            person.gets(1).await;
            tokio::time::sleep(Duration::from_secs(3600)).await;
            assert_eq!(person.got().len(), 1, "nothing is repeated");
            assert_eq!(person.conversation().await.needs_person.as_deref(), Some("undelivered"));
            let rows = person.rows().await;
            assert_eq!(rows[1].error_code, Some(code));
            assert!(rows[1].status.is_failure());
            world.close().await;
        });
    }
}

#[test]
fn wa_6_an_opt_out_at_twilio_is_final_and_a_start_ends_it() {
    virtually(async {
        let world = world(brief_in_writing).await;
        let person = Person::of(&world, 1);
        world.carrier.set_opted_out(person.number.as_str(), true);
        person.writes("שלום").await;
        tokio::time::sleep(Duration::from_secs(8 * 3600)).await;
        assert!(person.got().is_empty());
        assert_eq!(world.carrier.rest_count(RestKind::CreateMessage), 1, "21610 is final");
        let conversation = person.conversation().await;
        assert!(conversation.opted_out);
        assert_eq!(conversation.needs_person.as_deref(), Some("refused"));
        assert_eq!(person.rows().await[1].error_code, Some(21_610));
        world.carrier.set_opted_out(person.number.as_str(), false);
        person.writes("START").await;
        person.gets(1).await;
        assert!(!person.conversation().await.opted_out);
        world.close().await;
    });
}
