//! Calls that the REST API places.

use std::time::Duration;

use super::daemon::Daemon;
use super::rest::post;
use super::{BUSINESS, CALLER, carrier, within};
use crate::twilio::form::{Form, form};
use crate::twilio::{CallStatus, Callee, EndedBy, Pickup};

fn create(daemon: &Daemon) -> Form {
    form([
        ("To", CALLER),
        ("From", BUSINESS),
        ("Url", &daemon.url("/voice")),
        ("StatusCallback", &daemon.url("/progress")),
        ("StatusCallbackEvent", "initiated"),
        ("StatusCallbackEvent", "ringing"),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ])
}

#[tokio::test]
async fn call_7_a_placed_call_is_queued_rings_is_answered_and_tells_each_step() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let (status, body) = post(&carrier, "/Calls.json", &create(&daemon)).await;
    assert_eq!((status, &body["status"]), (201, &"queued".into()));
    let callee = within(carrier.callee(CALLER, "he")).await;
    assert_eq!(body["sid"], callee.call_sid().as_str());
    daemon.socket().await.started().await.close().await;
    assert_eq!(within(callee.ended()).await.ended_by, EndedBy::DocumentEnd);
    let voice = &daemon.requests("/voice")[0];
    assert_eq!(voice.value("Direction"), "outbound-api");
    assert_eq!(voice.value("CallStatus"), "in-progress");
    let told = daemon.requests("/progress");
    let told: Vec<_> = told.iter().map(|request| request.value("CallStatus")).collect();
    assert_eq!(told, ["initiated", "ringing", "in-progress", "completed"]);
}

#[tokio::test]
async fn call_7_a_callee_who_does_not_answer_ends_the_call_with_the_status_that_says_so() {
    for (then, status) in [
        (Pickup::Busy, CallStatus::Busy),
        (Pickup::Unreachable, CallStatus::Failed),
        (Pickup::NoAnswer, CallStatus::NoAnswer),
    ] {
        let daemon = Daemon::start().await;
        let carrier = carrier(&daemon).await;
        carrier.set_callee(CALLER, Callee { rings: Duration::from_millis(10), then });
        let mut create = create(&daemon);
        create.push(("Timeout".to_owned(), "1".to_owned()));
        post(&carrier, "/Calls.json", &create).await;
        let outcome = within(within(carrier.callee(CALLER, "he")).await.ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::NotAnswered);
        assert_eq!((outcome.view.status, outcome.duration), (status, None));
        let told = daemon.requests("/progress");
        assert_eq!(told.last().unwrap().value("CallStatus"), status.as_str());
        assert!(daemon.requests("/voice").is_empty());
    }
}

#[tokio::test]
async fn call_7_machine_detection_is_told_to_the_document_or_by_its_own_callback() {
    for (asynchronous, path, asked, told) in [
        (false, "/voice", "Enable", "machine_start"),
        (true, "/machine", "Enable", "machine_start"),
        (false, "/voice", "DetectMessageEnd", "machine_end_beep"),
    ] {
        let daemon = Daemon::start().await;
        daemon.twiml("/voice", "<Hangup/>");
        let carrier = carrier(&daemon).await;
        let rings = Duration::from_millis(10);
        carrier.set_callee(CALLER, Callee { rings, then: Pickup::Machine });
        let mut create = create(&daemon);
        create.extend(form([
            ("MachineDetection", asked),
            ("AsyncAmd", if asynchronous { "true" } else { "false" }),
            ("AsyncAmdStatusCallback", &daemon.url("/machine")),
        ]));
        post(&carrier, "/Calls.json", &create).await;
        within(within(carrier.callee(CALLER, "he")).await.ended()).await;
        assert_eq!(daemon.requests(path)[0].value("AnsweredBy"), told);
    }
}

#[tokio::test]
async fn a_create_without_a_usable_number_or_address_is_refused() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    for (request, code) in [
        (form([("From", BUSINESS), ("Url", "http://h/")]), 21201),
        (form([("To", "tel"), ("From", BUSINESS), ("Url", "http://h/")]), 21211),
        (form([("To", CALLER), ("From", "x"), ("Url", "http://h/")]), 21212),
        (form([("To", CALLER), ("From", BUSINESS), ("Url", "nowhere")]), 21205),
        (form([("To", CALLER), ("From", BUSINESS), ("Unused", "")]), 21205),
    ] {
        let (status, body) = post(&carrier, "/Calls.json", &request).await;
        assert_eq!((status, body["code"].as_u64()), (400, Some(code)));
    }
    assert_eq!(carrier.calls_made(), 0);
}
