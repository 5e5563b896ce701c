//! Written messages: each is sent once, whatever becomes of the answers.

use std::collections::BTreeSet;

use protocol::ids::{MessageSid, PhoneNumber};
use protocol::twilio::rest::messaging::{DeliveryFault, MessageBody, NewMessage};

use super::*;
use crate::dialer::{Dialer, Dialing};
use crate::twilio_rest::{SendFault, Sending};

const ACCEPTED: &str = r#"{"sid":"SM00000000000000000000000000000001","status":"queued"}"#;
const NONE: &str = r#"{"messages":[]}"#;
/// One of the same text before, and this one.
const LISTED: &str = r#"{"messages":[
    {"sid":"SM00000000000000000000000000000001","status":"sent","body":"on our way",
     "date_created":"Sat, 21 Nov 2026 06:00:00 +0000"},
    {"sid":"SM00000000000000000000000000000000","status":"read","body":"on our way",
     "date_created":"Sat, 21 Nov 2026 05:00:00 +0000"}]}"#;

fn sid(number: u8) -> MessageSid {
    MessageSid::parse(&format!("SM{number:032x}")).unwrap()
}

fn sending() -> Sending {
    Sending {
        message: NewMessage {
            from: PhoneNumber::parse("+97231234567").unwrap(),
            to: PhoneNumber::parse("+972501234567").unwrap(),
            body: MessageBody::new("on our way").unwrap(),
            status_callback: "https://voice.example.net/twilio/whatsapp/status".to_owned(),
        },
        since: "2026-11-21T06:00:00.9Z".parse().unwrap(),
        known: BTreeSet::new(),
    }
}

/// The methods of the requests: each `post` is a message that Twilio may have taken.
fn methods(twilio: &Twilio) -> Vec<String> {
    let requests = twilio.requests();
    requests.iter().map(|request| request.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn wa_2_a_message_is_sent_with_both_addresses_and_its_callback() {
    let twilio = Twilio::answering(vec![(201, ACCEPTED)]).await;
    let accepted = twilio.client().send_message(&sending(), || true).await.unwrap();
    assert_eq!((accepted.sid, accepted.status.as_str()), (sid(1), "queued"));
    let [request] = twilio.requests().try_into().unwrap();
    assert!(request.contains("/messages.json http/1.1"), "{request}");
    let body = "From=whatsapp%3A%2B97231234567&To=whatsapp%3A%2B972501234567&Body=on+our+way&\
                StatusCallback=https%3A%2F%2Fvoice.example.net%2Ftwilio%2Fwhatsapp%2Fstatus";
    assert!(request.ends_with(body), "{request}");
}

#[tokio::test]
async fn wa_2_a_send_whose_answer_was_lost_is_looked_up_before_it_is_repeated() {
    // Twilio had taken it.
    let twilio = Twilio::answering(vec![(503, "<html>"), (200, LISTED)]).await;
    assert_eq!(twilio.client().send_message(&sending(), || true).await.unwrap().sid, sid(1));
    assert_eq!(methods(&twilio), ["post", "get"]);
    let query = "to=whatsapp%3a%2b972501234567&from=whatsapp%3a%2b97231234567&pagesize=20";
    assert!(twilio.requests()[1].contains(query), "{}", twilio.requests()[1]);
    // It had not, and the list fails at first.
    let script = vec![(201, "<html>"), (500, ""), (200, NONE), (201, ACCEPTED)];
    let twilio = Twilio::answering(script).await;
    assert_eq!(twilio.client().send_message(&sending(), || true).await.unwrap().sid, sid(1));
    assert_eq!(methods(&twilio), ["post", "get", "get", "post"]);
}

#[tokio::test]
async fn wa_2_an_earlier_message_of_the_same_text_is_another_one() {
    let known = Sending { known: BTreeSet::from([sid(1)]), ..sending() };
    let twilio = Twilio::answering(vec![(200, LISTED)]).await;
    assert_eq!(twilio.client().find_message(&known).await, Ok(None));
    let later = Sending { since: "2026-11-21T06:00:05Z".parse().unwrap(), ..sending() };
    assert_eq!(twilio.client().find_message(&later).await, Ok(None));
    let found = twilio.client().find_message(&sending()).await.unwrap().unwrap();
    assert_eq!((found.sid, found.status.as_str()), (sid(1), "sent"));
}

#[tokio::test]
async fn wa_2_a_busy_twilio_is_asked_again_and_has_taken_nothing() {
    let script = vec![(429, r#"{"code":20429}"#), (400, r#"{"code":63018}"#), (201, ACCEPTED)];
    let twilio = Twilio::answering(script).await;
    assert!(twilio.client().send_message(&sending(), || true).await.is_ok());
    assert_eq!(methods(&twilio), ["post"; 3]);
}

#[tokio::test]
async fn wa_2_a_refusal_is_final_and_says_for_whom_it_is() {
    for (status, body, expected) in [
        (400, r#"{"code":21610}"#, DeliveryFault::OptedOut),
        (400, r#"{"code":63016}"#, DeliveryFault::ForAPerson),
        (400, r#"{"code":21617}"#, DeliveryFault::TooLong),
        (401, r#"{"code":20003}"#, DeliveryFault::Other),
    ] {
        let twilio = Twilio::answering(vec![(status, body)]).await;
        let fault = twilio.client().send_message(&sending(), || true).await.unwrap_err();
        assert_eq!(fault, SendFault::Refused(RestError::read(status, body), expected));
        assert_eq!(methods(&twilio), ["post"]);
    }
}

/// Nobody listens there.
struct Closed;

impl Dialer for Closed {
    fn dial(&self, _: http::Uri) -> Dialing {
        Box::pin(async { Err(std::io::ErrorKind::ConnectionRefused.into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn wa_2_a_twilio_that_nobody_reaches_has_not_taken_the_message_and_a_silent_one_may_have() {
    for (dialer, is_unknown) in [
        (Arc::new(Closed) as Arc<dyn Dialer>, false),
        (Arc::new(crate::testing::Unreachable), true),
    ] {
        let account = AccountSid::parse("AC0000000000000000000000000000000a").unwrap();
        let (chance, closed) = (Chance::seeded(1), Connections::Closed);
        let client = TwilioRest::new(dialer, closed, "http://twilio", account, "t".into(), chance);
        let fault = client.send_message(&sending(), || true).await.unwrap_err();
        assert_eq!(matches!(fault, SendFault::Unknown(_)), is_unknown, "{fault:?}");
        assert_eq!(matches!(fault, SendFault::NotSent(_)), !is_unknown, "{fault:?}");
    }
}
