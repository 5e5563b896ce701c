//! WhatsApp messages in and out.

use super::daemon::Daemon;
use super::rest::{get, post};
use super::{BUSINESS, CALLER, TOKEN, carrier, within};
use crate::twilio::MessageStatus;
use crate::twilio::form::{Form, form};
use crate::twilio::signature::sign;

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
