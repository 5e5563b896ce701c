//! WhatsApp messages in and out.

use super::daemon::Daemon;
use super::rest::{get, post};
use super::{BUSINESS, CALLER, TOKEN, carrier, carrier_with, within};
use crate::twilio::form::{Form, form};
use crate::twilio::signature::sign;
use crate::twilio::{Attached, CallbackDelivery, MessageStatus};

fn message(daemon: &Daemon, body: &str) -> Form {
    form([
        ("To", &format!("whatsapp:{CALLER}")),
        ("From", &format!("whatsapp:{BUSINESS}")),
        ("Body", body),
        ("StatusCallback", &daemon.url("/message-status")),
    ])
}

#[tokio::test]
async fn wa_1_a_message_within_the_window_is_sent_and_delivered() {
    let daemon = Daemon::start().await;
    daemon.twiml("/whatsapp", "");
    let carrier = carrier(&daemon).await;
    let incoming = carrier.message(CALLER, BUSINESS, "שלום");
    let answer = within(carrier.receive_message(&incoming)).await.unwrap();
    assert_eq!(answer.body, "<Response></Response>");
    let came = &daemon.requests("/whatsapp")[0];
    assert_eq!(came.value("From"), format!("whatsapp:{CALLER}"));
    assert_eq!((came.value("Body"), came.value("WaId")), ("שלום", &CALLER[1..]));
    assert_eq!(came.signature(), sign(TOKEN, &daemon.url("/whatsapp"), &came.form));
    let (status, body) = post(&carrier, "/Messages.json", &message(&daemon, "היי")).await;
    assert_eq!((status, &body["status"]), (201, &"queued".into()));
    let told = daemon.wait_for("/message-status", 2).await;
    let told: Vec<_> = told.iter().map(|request| request.value("MessageStatus")).collect();
    assert_eq!(told, ["sent", "delivered"]);
    let path = format!("/Messages/{}.json", body["sid"].as_str().unwrap());
    assert_eq!(get(&carrier, &path).await.1["status"], "delivered");
}

#[tokio::test]
async fn wa_1_free_text_outside_the_window_is_accepted_and_fails_with_63016() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    assert_eq!(post(&carrier, "/Messages.json", &message(&daemon, "היי")).await.0, 201);
    let told = daemon.wait_for("/message-status", 1).await;
    assert_eq!(told[0].value("MessageStatus"), "failed");
    assert_eq!(told[0].value("ErrorCode"), "63016");
    assert_eq!(carrier.sent_messages().borrow()[0].status, MessageStatus::Failed);
}

#[tokio::test]
async fn wa_1_a_body_of_more_than_1600_characters_is_refused_with_21617() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    for (length, code) in [(1600, None), (1601, Some(21617))] {
        let request = message(&daemon, &"א".repeat(length));
        let (_, body) = post(&carrier, "/Messages.json", &request).await;
        assert_eq!(body["code"].as_u64(), code);
    }
    let empty = form([("To", CALLER), ("From", BUSINESS)]);
    assert_eq!(post(&carrier, "/Messages.json", &empty).await.1["code"].as_u64(), Some(21619));
    assert_eq!(carrier.sent_messages().borrow().len(), 1);
}

async fn open_window(carrier: &crate::twilio::Carrier) {
    let incoming = carrier.message(CALLER, BUSINESS, "שלום");
    within(carrier.receive_message(&incoming)).await.unwrap();
}

async fn statuses(daemon: &Daemon, number: usize) -> Vec<String> {
    let told = daemon.wait_for("/message-status", number).await;
    told.iter().map(|request| request.value("MessageStatus").to_owned()).collect()
}

#[tokio::test]
async fn wa_4_statuses_come_doubled_and_out_of_order_on_demand() {
    for (delivery, expected) in [
        (
            CallbackDelivery::Duplicated(1),
            vec!["sent", "sent", "delivered", "delivered", "read", "read"],
        ),
        (CallbackDelivery::Swapped, vec!["delivered", "sent", "read"]),
    ] {
        let daemon = Daemon::start().await;
        daemon.twiml("/whatsapp", "");
        let carrier = carrier_with(&daemon, |settings| settings.persons_read = true).await;
        open_window(&carrier).await;
        carrier.set_delivery(delivery);
        post(&carrier, "/Messages.json", &message(&daemon, "היי")).await;
        assert_eq!(statuses(&daemon, expected.len()).await, expected);
        assert_eq!(carrier.sent_messages().borrow()[0].status, MessageStatus::Read);
    }
}

#[tokio::test]
async fn wa_6_nothing_may_be_sent_to_a_person_who_has_opted_out() {
    let daemon = Daemon::start().await;
    daemon.twiml("/whatsapp", "");
    let carrier = carrier_with(&daemon, |settings| settings.handles_stop = true).await;
    for (text, code) in [("stop", Some(21610)), ("start", None)] {
        let incoming = carrier.message(CALLER, BUSINESS, text);
        within(carrier.receive_message(&incoming)).await.unwrap();
        let (_, body) = post(&carrier, "/Messages.json", &message(&daemon, "היי")).await;
        assert_eq!(body["code"].as_u64(), code, "{text}");
    }
    carrier.set_opted_out(CALLER, true);
    let (_, body) = post(&carrier, "/Messages.json", &message(&daemon, "היי")).await;
    assert_eq!(body["code"].as_u64(), Some(21610));
}

#[tokio::test]
async fn wa_2_a_delivery_that_fails_later_says_why() {
    let daemon = Daemon::start().await;
    daemon.twiml("/whatsapp", "");
    let carrier = carrier(&daemon).await;
    open_window(&carrier).await;
    carrier.fail_next_delivery(63024);
    assert_eq!(post(&carrier, "/Messages.json", &message(&daemon, "היי")).await.0, 201);
    assert_eq!(statuses(&daemon, 2).await, ["sent", "undelivered"]);
    assert_eq!(daemon.requests("/message-status")[1].value("ErrorCode"), "63024");
}

#[tokio::test]
async fn wa_6_voice_notes_pictures_places_and_contacts_come_as_twilio_sends_them() {
    let daemon = Daemon::start().await;
    daemon.twiml("/whatsapp", "");
    let carrier = carrier(&daemon).await;
    let place = Attached::Location("32.08".into(), "34.78".into(), "דיזנגוף 100".into());
    for (attached, kind, media) in [
        (Attached::Media("audio/ogg".into()), "audio", "1"),
        (Attached::Media("image/jpeg".into()), "image", "1"),
        (Attached::Contact, "contacts", "1"),
        (place, "location", "0"),
    ] {
        let incoming = carrier.message(CALLER, BUSINESS, "").with(attached);
        within(carrier.receive_message(&incoming)).await.unwrap();
        let requests = daemon.requests("/whatsapp");
        let came = requests.last().unwrap();
        assert_eq!((came.value("MessageType"), came.value("NumMedia")), (kind, media));
        let prefix = if media == "1" { "MM" } else { "SM" };
        assert!(came.value("MessageSid").starts_with(prefix), "{kind}");
        assert_eq!(came.value("MediaUrl0").is_empty(), media == "0");
        assert_eq!(came.value("Latitude").is_empty(), kind != "location");
    }
}

#[tokio::test]
async fn wa_2_a_message_that_was_accepted_stands_in_the_list() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    for number in 0..3 {
        post(&carrier, "/Messages.json", &message(&daemon, &format!("היי {number}"))).await;
    }
    let path = format!("/Messages.json?To=whatsapp%3A{}&PageSize=2", CALLER.replace('+', "%2B"));
    let (_, listed) = get(&carrier, &path).await;
    let bodies: Vec<_> =
        listed["messages"].as_array().unwrap().iter().map(|m| m["body"].clone()).collect();
    assert_eq!(bodies, ["היי 2", "היי 1"]);
}
