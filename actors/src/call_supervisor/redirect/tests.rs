//! The request and the webhook, in whatever order they come.

use std::pin::pin;

use super::*;

/// The webhook asks while the request is under way.
async fn meanwhile(then: impl FnOnce(&Redirect)) -> bool {
    let redirect = Redirect::default();
    assert!(redirect.begin());
    let mut asks = pin!(redirect.give());
    assert!(futures_util::poll!(&mut asks).is_pending(), "it waits for Twilio");
    then(&redirect);
    asks.await
}

#[tokio::test(start_paused = true)]
async fn res_3_the_document_is_given_by_the_request_or_by_the_webhook_and_never_by_both() {
    let first = Redirect::default();
    assert!(first.give().await);
    assert!(!first.begin(), "the webhook was first");
    assert!(first.give().await, "Twilio asks again if the answer was lost");

    let second = Redirect::default();
    assert!(second.begin());
    second.succeed();
    assert!(!second.give().await, "the request was first");

    assert!(!meanwhile(Redirect::succeed).await);
    assert!(meanwhile(|redirect| assert!(!redirect.fail(), "not the call's concern")).await);
}

#[tokio::test(start_paused = true)]
async fn res_3_a_webhook_does_not_wait_for_ever_and_stops_the_request() {
    let redirect = Redirect::default();
    assert!(redirect.begin());
    let mut given = pin!(redirect.is_settled());
    assert!(futures_util::poll!(&mut given).is_pending());
    assert!(redirect.give().await);
    given.await;
    assert!(!redirect.fail());
}

#[tokio::test(start_paused = true)]
async fn res_3_a_failed_request_is_followed_by_the_webhook_or_by_another_request() {
    let redirect = Redirect::default();
    assert!(redirect.begin());
    assert!(redirect.fail());
    assert!(redirect.begin());
    assert!(redirect.fail());
    assert!(redirect.give().await);
    assert!(!redirect.begin(), "the webhook has given it");
}

#[tokio::test(start_paused = true)]
async fn res_3_a_request_is_dropped_once_twilio_has_left_the_stream_for_it() {
    let redirect = Redirect::default();
    redirect.stream_stopped();
    assert!(redirect.begin(), "that was not for the request");
    redirect.stream_stopped();
    redirect.is_settled().await;
    assert!(!redirect.fail(), "it was taken, whatever its answer");
    assert!(redirect.give().await, "it was not: Twilio asks");
}

#[tokio::test(start_paused = true)]
async fn call_5_nothing_is_asked_for_or_given_after_the_terminal_status() {
    let redirect = Redirect::default();
    assert!(redirect.begin());
    redirect.end();
    redirect.is_settled().await;
    redirect.over().await;
    redirect.succeed();
    redirect.give_next();
    assert!(redirect.is_over() && !redirect.begin() && !redirect.fail());
    assert!(!redirect.give().await);
}

#[tokio::test(start_paused = true)]
async fn call_10_a_second_transfer_is_a_request_of_its_own() {
    let redirect = Redirect::default();
    assert!(redirect.give().await);
    redirect.reset();
    assert!(redirect.begin());
    redirect.reset();
    redirect.succeed();
    assert!(!redirect.give().await);
}
