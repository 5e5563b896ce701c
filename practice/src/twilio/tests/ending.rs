//! How calls and streams end, and what follows.

use std::time::Duration;

use super::daemon::{Daemon, End, Request};
use super::{TOKEN, carrier, dial, within};
use crate::twilio::form::form;
use crate::twilio::signature::sign;
use crate::twilio::tests::rest::post;
use crate::twilio::{
    CallStatus, CallerHandle, Carrier, Dial, Done, EndedBy, LineQuality, StreamEnd, StreamFault,
    TwilioError,
};

fn events(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(|request| request.value("StreamEvent")).collect()
}

#[tokio::test]
async fn a_caller_who_hangs_up_brings_stop_a_close_without_code_and_the_signed_status() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let media = daemon.socket().await.started().await;
    caller.hang_up();
    let (events_seen, end) = media.end().await;
    assert_eq!(events_seen.last().map(String::as_str), Some("stop"));
    assert_eq!(end, End::Closed(false));
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::CallerHangUp);
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Stopped));
    assert_eq!(outcome.view.violations, []);
    let status = &daemon.requests("/status")[0];
    assert_eq!(status.value("CallStatus"), "completed");
    let seconds = outcome.duration.unwrap().as_secs_f64().ceil();
    assert_eq!(status.value("CallDuration"), seconds.to_string());
    assert_eq!(status.signature(), sign(TOKEN, &daemon.url("/status"), &status.form));
}

#[tokio::test]
async fn res_4_when_the_server_closes_the_document_goes_on_with_its_redirect() {
    let daemon = Daemon::start().await;
    let redirect = "<Redirect>/resume?n=1#rc=5&amp;rp=all&amp;ct=3000</Redirect>";
    daemon.twiml("/voice", &format!("{}{redirect}", daemon.connect()));
    daemon.twiml("/resume", "<Hangup/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    daemon.socket().await.started().await.close().await;
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::ServerClosed));
    assert_eq!(outcome.view.errors, [TwilioError::ServerClosed]);
    assert_eq!(events(&daemon.requests("/stream")), ["stream-started", "stream-stopped"]);
    let resume = &daemon.requests("/resume")[0];
    assert_eq!(resume.query.as_deref(), Some("n=1"));
    assert_eq!(resume.value("CallStatus"), "in-progress");
    assert_eq!(resume.value("CallSid"), caller.call_sid().as_str());
    assert_eq!(resume.signature(), sign(TOKEN, &daemon.url("/resume?n=1"), &resume.form));
}

#[tokio::test]
async fn when_the_daemon_is_cut_off_a_lost_socket_is_followed_by_retries_and_no_status() {
    let daemon = Daemon::start().await;
    let redirect = "<Redirect>/resume#rc=2&amp;rp=all&amp;ct=3000</Redirect>";
    daemon.twiml("/voice", &format!("{}{redirect}", daemon.connect()));
    daemon.twiml("/resume", "<Hangup/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let _media = daemon.socket().await.started().await;
    carrier.set_cut_off(true);
    caller.cut_socket().unwrap();
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::ApplicationError);
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Cut));
    let resume = outcome.view.requests.iter().find(|run| run.url.contains("/resume")).unwrap();
    assert_eq!((resume.attempts, resume.status), (3, None));
    assert_eq!(outcome.view.errors[0].code(), 11205);
    assert_eq!(daemon.requests("/resume").len(), 0);
    assert_eq!(daemon.requests("/status").len(), 0);

    carrier.set_cut_off(false);
    let again = carrier.dial(&dial());
    daemon.socket().await.started().await.close().await;
    assert_eq!(within(again.ended()).await.ended_by, EndedBy::HangupVerb);
}

#[tokio::test]
async fn when_the_server_closes_and_no_verb_is_left_the_call_ends() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    daemon.socket().await.started().await.close().await;
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::DocumentEnd);
    assert_eq!(outcome.view.status, CallStatus::Completed);
    assert!(outcome.duration.is_some());
}

#[tokio::test]
async fn call_6_a_rest_hang_up_stops_the_stream_and_a_second_one_finds_no_call() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &format!("{}<Redirect>/resume</Redirect>", daemon.connect()));
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let media = daemon.socket().await.started().await;
    let path = format!("/Calls/{}.json", caller.call_sid());
    let hang_up = form([("Status", "completed")]);
    assert_eq!(post(&carrier, &path, &hang_up).await.0, 200);
    let (events_seen, _) = media.end().await;
    assert_eq!(events_seen.last().map(String::as_str), Some("stop"));
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::Rest);
    let (status, body) = post(&carrier, &path, &hang_up).await;
    assert_eq!((status, body["code"].as_u64()), (400, Some(21220)));
    assert_eq!(caller.view().borrow().hang_up_requests, 2);
    assert!(daemon.requests("/resume").is_empty());
}

#[tokio::test]
async fn res_3_a_rest_redirect_by_twiml_drops_the_stream_and_runs_the_new_document() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let media = daemon.socket().await.started().await;
    let apology = "<Response><Say voice=\"Polly.A\" language=\"he-IL\">x</Say><Hangup/></Response>";
    let path = format!("/Calls/{}.json", caller.call_sid());
    assert_eq!(post(&carrier, &path, &form([("Twiml", apology)])).await.0, 200);
    let (events_seen, _) = media.end().await;
    assert_eq!(events_seen.last().map(String::as_str), Some("stop"));
    let outcome = within(caller.ended()).await;
    let done: Vec<_> = outcome.view.verbs.iter().map(|run| &run.what).collect();
    assert!(matches!(done[..], [Done::Connected { .. }, Done::Said { .. }, Done::HungUp]));
    assert_eq!(outcome.view.violations, []);
}

#[tokio::test]
async fn a_refused_handshake_is_31920_and_a_stream_error_and_the_next_verb_runs() {
    let daemon = Daemon::start().await;
    // An HTTP server without WebSockets answers with something other than 101.
    let url = daemon.url("/media").replace("http", "ws");
    daemon.twiml(
        "/voice",
        &format!("<Connect><Stream url=\"{url}\" statusCallback=\"/stream\"/></Connect><Hangup/>"),
    );
    let carrier = carrier(&daemon).await;
    let outcome = within(carrier.dial(&dial()).ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    let errors = outcome.view.errors;
    assert_eq!(errors.iter().map(TwilioError::code).collect::<Vec<_>>(), [31920]);
    let told = &daemon.requests("/stream")[0];
    assert_eq!(told.value("StreamEvent"), "stream-error");
    assert!(told.value("StreamError").contains("31920"));
}

#[tokio::test]
async fn a_stream_that_is_not_wss_is_not_dialled() {
    let daemon = Daemon::start().await;
    let verbs = "<Connect><Stream url=\"ws://198.51.100.1/media\"/></Connect>";
    let outcome = super::call_with(&daemon, verbs).await;
    assert_eq!(outcome.view.violations[0].code(), 31922);
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::NotOpened));
}

#[tokio::test]
async fn a_cut_socket_ends_without_stop_or_close_and_the_document_goes_on() {
    let daemon = Daemon::start().await;
    let verbs = format!("{}<Redirect>/resume</Redirect>", daemon.connect());
    daemon.twiml("/voice", &verbs);
    daemon.twiml("/resume", "<Hangup/>");
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let media = daemon.socket().await.started().await;
    caller.cut_socket().unwrap();
    let (events_seen, end) = media.end().await;
    assert_eq!(end, End::Reset);
    assert!(!events_seen.contains(&"stop".to_owned()));
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Cut));
    assert_eq!(daemon.requests("/resume").len(), 1);
    assert!(caller.cut_socket().is_err());
}

/// A call whose first media socket fails after 100 ms. Its document ends with a hang-up.
async fn with_failing_stream(daemon: &Daemon, fault: StreamFault) -> (Carrier, CallerHandle) {
    let verbs = format!("{}<Redirect>/resume</Redirect>", daemon.connect());
    daemon.twiml("/voice", &verbs);
    daemon.twiml("/resume", "<Hangup/>");
    let carrier = carrier(daemon).await;
    let stream_fails = Some((Duration::from_millis(100), fault));
    let line = LineQuality { stream_fails, ..LineQuality::default() };
    let caller = carrier.dial(&Dial { line, ..dial() });
    (carrier, caller)
}

#[tokio::test]
async fn prac_7_a_media_socket_is_lost_at_a_planned_time() {
    let daemon = Daemon::start().await;
    let (_carrier, caller) = with_failing_stream(&daemon, StreamFault::Cut).await;
    let (events_seen, end) = daemon.socket().await.end().await;
    assert_eq!(end, End::Reset);
    assert!(!events_seen.contains(&"stop".to_owned()));
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.view.streams[0].ended, Some(StreamEnd::Cut));
    assert_eq!(daemon.requests("/resume").len(), 1);
}

#[tokio::test]
async fn prac_7_a_media_socket_becomes_a_black_hole_and_stays_open() {
    let daemon = Daemon::start().await;
    let (_carrier, caller) = with_failing_stream(&daemon, StreamFault::BlackHole).await;
    let mut media = daemon.socket().await;
    let quiet = Duration::from_millis(400);
    while let Ok(Some(_)) = tokio::time::timeout(quiet, media.next()).await {}
    media.mark("lost").await;
    within(caller.say("nobody hears this")).await.unwrap();
    let view = caller.view().borrow().clone();
    assert_eq!((view.streams[0].ended, view.streams[0].echoes.len()), (None, 0));
    assert!(view.streams[0].frames_dropped > 0);
    assert_eq!((view.errors, view.violations), (vec![], vec![]));
    caller.hang_up();
    let (events_seen, end) = media.end().await;
    assert_eq!((events_seen, end), (vec![], End::Reset));
    assert_eq!(within(caller.ended()).await.view.streams[0].ended, Some(StreamEnd::Stopped));
}

#[tokio::test]
async fn call_9_a_second_socket_of_the_call_lives_on_when_the_first_is_closed() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let first = daemon.socket().await.started().await;
    let second_sid = within(caller.open_second_stream()).await.unwrap();
    let mut second = daemon.socket().await.started().await;
    assert_eq!(second.sid, second_sid.as_str());
    assert_ne!(first.sid, second.sid);
    first.close().await;
    within(caller.until(|view| view.streams[0].ended.is_some())).await.unwrap();
    second.mark("alive").await;
    assert_eq!(second.event("mark").await["mark"]["name"], "alive");
    assert_eq!(caller.view().borrow().ended, None);
    second.close().await;
    assert_eq!(within(caller.ended()).await.ended_by, EndedBy::DocumentEnd);
}
