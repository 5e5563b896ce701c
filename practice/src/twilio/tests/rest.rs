//! The REST API: authentication, refusals and planned faults.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::daemon::Daemon;
use super::{ACCOUNT, BUSINESS, CALLER, TOKEN, carrier, dial, within};
use crate::http_client::{Client, HttpError, Request, Response, Timeouts};
use crate::transport::TcpDialer;
use crate::twilio::form::{encode, form};
use crate::twilio::{Carrier, RestFault, RestKind};

/// Posts a form to a resource of the account. Returns the status and the JSON.
pub(super) async fn post(carrier: &Carrier, path: &str, form: &[(String, String)]) -> (u16, Value) {
    answer(send(create(carrier, path, form)).await.unwrap())
}

/// Reads a resource of the account.
pub(super) async fn get(carrier: &Carrier, path: &str) -> (u16, Value) {
    answer(send(authorized(carrier, Method::GET, path, TOKEN)).await.unwrap())
}

fn create(carrier: &Carrier, path: &str, form: &[(String, String)]) -> Request {
    let request = authorized(carrier, Method::POST, path, TOKEN);
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").unwrap().body(encode(form))
}

fn authorized(carrier: &Carrier, method: Method, path: &str, token: &str) -> Request {
    let url = format!("{}/2010-04-01/Accounts/{ACCOUNT}{path}", carrier.api_url());
    Request::new(method, &url).unwrap().basic_auth(ACCOUNT, token).unwrap()
}

async fn send(request: Request) -> Result<Response, HttpError> {
    send_within(request, Duration::from_secs(10)).await
}

async fn send_within(request: Request, total: Duration) -> Result<Response, HttpError> {
    Client::new(Arc::new(TcpDialer))
        .send(request, Timeouts { connect: Duration::from_secs(10), total })
        .await
}

fn answer(response: Response) -> (u16, Value) {
    (response.status.as_u16(), serde_json::from_slice(&response.body).unwrap())
}

fn refusal((status, body): (u16, Value)) -> (u16, u64) {
    assert_eq!(body["status"].as_u64(), Some(u64::from(status)));
    assert!(body["more_info"].as_str().unwrap().ends_with(&body["code"].to_string()));
    (status, body["code"].as_u64().unwrap())
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_20003() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    let request = authorized(&carrier, Method::GET, "/Calls.json", "wrong");
    assert_eq!(refusal(answer(send(request).await.unwrap())), (401, 20003));
}

#[tokio::test]
async fn what_does_not_exist_is_20404() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    let missing = "/Calls/CA00000000000000000000000000000009.json";
    let hang_up = form([("Status", "completed")]);
    assert_eq!(refusal(post(&carrier, missing, &hang_up).await), (404, 20404));
    assert_eq!(refusal(get(&carrier, "/Conferences.json").await), (404, 20404));
    assert_eq!(carrier.rest_count(RestKind::HangUp), 1);
}

#[tokio::test]
async fn a_call_can_be_read_and_listed_and_a_ringing_one_cannot_be_redirected() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Pause length=\"60\"/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let path = format!("/Calls/{}.json", caller.call_sid());
    let redirect = form([("Url", &daemon.url("/other"))]);
    assert_eq!(refusal(post(&carrier, &path, &redirect).await), (400, 21220));
    within(caller.until(|view| view.answered_at.is_some())).await.unwrap();
    let (_, call) = get(&carrier, &path).await;
    assert_eq!(call["status"], "in-progress");
    assert_eq!((&call["from"], &call["direction"]), (&CALLER.into(), &"inbound".into()));
    let (_, list) = get(&carrier, "/Calls.json?Status=in-progress").await;
    assert_eq!(list["calls"][0]["sid"], caller.call_sid().as_str());
    let (_, list) = get(&carrier, "/Calls.json?Status=completed").await;
    assert_eq!(list["calls"], serde_json::json!([]));
    daemon.twiml("/other", "<Hangup/>");
    assert_eq!(post(&carrier, &path, &redirect).await.0, 200);
    within(caller.ended()).await;
    assert_eq!(daemon.requests("/other").len(), 1);
}

#[tokio::test]
async fn url_and_twiml_exclude_each_other_and_that_is_a_violation() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Pause length=\"60\"/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    within(caller.until(|view| view.answered_at.is_some())).await.unwrap();
    let path = format!("/Calls/{}.json", caller.call_sid());
    let both = form([("Url", "http://127.0.0.1/x"), ("Twiml", "<Response/>")]);
    assert_eq!(post(&carrier, &path, &both).await.0, 400);
    let invalid = form([("Url", "not a url")]);
    assert_eq!(refusal(post(&carrier, &path, &invalid).await), (400, 21205));
    assert_eq!(caller.view().borrow().violations.len(), 2);
}

#[tokio::test]
async fn call_6_planned_faults_come_first_and_every_request_is_counted() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Pause length=\"60\"/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    within(caller.until(|view| view.answered_at.is_some())).await.unwrap();
    carrier.plan_fault(RestKind::HangUp, RestFault::TooManyRequests, 1);
    carrier.plan_fault(RestKind::HangUp, RestFault::ServerError, 1);
    let path = format!("/Calls/{}.json", caller.call_sid());
    let hang_up = form([("Status", "completed")]);
    assert_eq!(refusal(post(&carrier, &path, &hang_up).await), (429, 20429));
    assert_eq!(post(&carrier, &path, &hang_up).await.0, 500);
    assert_eq!(caller.view().borrow().ended, None);
    assert_eq!(post(&carrier, &path, &hang_up).await.0, 200);
    within(caller.ended()).await;
    assert_eq!(carrier.rest_count(RestKind::HangUp), 3);
    let statuses: Vec<_> =
        carrier.rest_log().borrow().iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(429), Some(500), Some(200)]);
}

async fn open_requests(carrier: &Carrier, wanted: usize) {
    while carrier.open_requests() != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn call_7_a_create_that_times_out_after_acceptance_has_placed_the_call() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", "<Pause length=\"60\"/>");
    let carrier = carrier(&daemon).await;
    carrier.plan_fault(RestKind::CreateCall, RestFault::AcceptedThenSilence, 1);
    let call = form([("To", CALLER), ("From", BUSINESS), ("Url", &daemon.url("/voice"))]);
    let request = create(&carrier, "/Calls.json", &call);
    let asking = tokio::spawn(send_within(request, Duration::from_millis(300)));
    within(open_requests(&carrier, 1)).await;
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, HttpError::Timeout(_)), "{error}");
    within(open_requests(&carrier, 0)).await;
    assert_eq!(carrier.calls_made(), 1);
    let (_, list) = get(&carrier, &format!("/Calls.json?To={}", CALLER.replace('+', "%2B"))).await;
    assert_eq!(list["calls"].as_array().unwrap().len(), 1);
    assert_eq!(carrier.rest_log().borrow()[0].status, None);
}

#[tokio::test]
async fn ops_5_the_accounts_numbers_show_how_they_are_configured() {
    let daemon = Daemon::start().await;
    let carrier = carrier(&daemon).await;
    let (_, page) = get(&carrier, "/IncomingPhoneNumbers.json").await;
    let number = &page["incoming_phone_numbers"][0];
    assert_eq!(number["phone_number"], BUSINESS);
    assert_eq!(number["voice_url"], daemon.url("/voice"));
    assert_eq!(number["status_callback"], daemon.url("/status"));
}
