//! Status callbacks, and how they get lost.

use super::daemon::{Daemon, Request};
use super::{BUSINESS, CALLER, call_with, carrier, dial, settings, within};
use crate::twilio::form::form;
use crate::twilio::tests::rest::post;
use crate::twilio::{CallbackDelivery, Carrier, CarrierSettings};

async fn statuses_of_a_call(delivery: CallbackDelivery) -> Vec<Request> {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Hangup/>");
    let carrier = Carrier::start(CarrierSettings { delivery, ..settings(&daemon) }).await.unwrap();
    within(carrier.dial(&dial()).ended()).await;
    daemon.requests("/status")
}

#[tokio::test]
async fn an_inbound_call_tells_its_end_once_with_all_progress_fields() {
    let daemon = Daemon::start().await;
    let outcome = call_with(&daemon, "<Hangup/>").await;
    let statuses = daemon.requests("/status");
    assert_eq!(statuses.len(), 1);
    assert_eq!(statuses[0].value("CallSid"), outcome.view.call_sid.as_str());
    assert_eq!(statuses[0].value("CallbackSource"), "call-progress-events");
    assert_eq!(statuses[0].value("SequenceNumber"), "0");
    assert!(statuses[0].value("Timestamp").ends_with("+0000"));
}

#[tokio::test]
async fn a_callback_can_be_doubled_or_lost() {
    assert_eq!(statuses_of_a_call(CallbackDelivery::Duplicated(2)).await.len(), 3);
    assert_eq!(statuses_of_a_call(CallbackDelivery::Lost).await.len(), 0);
}

#[tokio::test]
async fn swapped_callbacks_arrive_in_another_order_and_none_is_missing() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Hangup/>");
    let carrier = carrier(&daemon).await;
    carrier.set_delivery(CallbackDelivery::Swapped);
    let mut call = form([
        ("To", CALLER),
        ("From", BUSINESS),
        ("Url", &daemon.url("/voice")),
        ("StatusCallback", &daemon.url("/progress")),
    ]);
    for event in ["initiated", "ringing", "answered", "completed"] {
        call.push(("StatusCallbackEvent".to_owned(), event.to_owned()));
    }
    assert_eq!(post(&carrier, "/Calls.json", &call).await.0, 201);
    within(within(carrier.callee(CALLER, "he")).await.ended()).await;
    let told = daemon.requests("/progress");
    let order: Vec<_> = told.iter().map(|request| request.value("CallStatus")).collect();
    assert_eq!(order, ["ringing", "initiated", "completed", "in-progress"]);
    let numbers: Vec<_> = told.iter().map(|request| request.value("SequenceNumber")).collect();
    assert_eq!(numbers, ["1", "0", "3", "2"]);
}
