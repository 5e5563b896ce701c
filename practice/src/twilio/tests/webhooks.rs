//! Webhooks and documents: requests, retries and verbs.

use std::time::Duration;

use tokio::net::TcpListener;

use super::daemon::Daemon;
use super::{BUSINESS, CALLER, TOKEN, call_with, carrier, dial, settings, within};
use crate::twilio::signature::sign;
use crate::twilio::{
    CallStatus, CallView, Callee, Carrier, CarrierSettings, Done, EndedBy, Pickup, RejectReason,
    TwilioError, Violation, Webhook,
};

#[tokio::test]
async fn call_1_the_voice_webhook_is_a_signed_form_with_the_calls_parameters() {
    let daemon = Daemon::start().await;
    let outcome = call_with(&daemon, "<Hangup/>").await;
    let voice = &daemon.requests("/voice")[0];
    for (name, value) in [
        ("CallSid", outcome.view.call_sid.as_str()),
        ("AccountSid", super::ACCOUNT),
        ("From", CALLER),
        ("Caller", CALLER),
        ("To", BUSINESS),
        ("Called", BUSINESS),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
    ] {
        assert_eq!(voice.value(name), value, "{name}");
    }
    assert_eq!(voice.signature(), sign(TOKEN, &daemon.url("/voice"), &voice.form));
    assert!(voice.headers.contains_key("i-twilio-idempotency-token"));
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    assert_eq!(outcome.view.violations, []);
}

#[tokio::test]
async fn call_1_a_rejected_call_is_never_answered() {
    let daemon = Daemon::start().await;
    let outcome = call_with(&daemon, "<Reject/>").await;
    assert_eq!(outcome.ended_by, EndedBy::Rejected(RejectReason::Rejected));
    assert_eq!((outcome.view.status, outcome.duration), (CallStatus::NoAnswer, None));
    let status = &daemon.requests("/status")[0];
    assert_eq!((status.value("CallStatus"), status.value("CallDuration")), ("no-answer", "0"));
}

#[tokio::test]
async fn verbs_run_in_order_and_are_logged() {
    let daemon = Daemon::start().await;
    daemon.answer("/welcome.ulaw", 200, "audio/basic", "0123456789abcdef");
    daemon.twiml("/next", "<Pause length=\"0\"/><Play digits=\"1\"/>");
    let outcome = call_with(
        &daemon,
        "<Say voice=\"Polly.A\" language=\"he-IL\">a</Say><Play>/welcome.ulaw</Play>\
         <Redirect>/next</Redirect>",
    )
    .await;
    let done: Vec<_> = outcome.view.verbs.into_iter().map(|run| run.what).collect();
    let said = Done::Said {
        text: "a".to_owned(),
        voice: Some("Polly.A".to_owned()),
        language: Some("he-IL".to_owned()),
    };
    let played = Done::Played { url: daemon.url("/welcome.ulaw"), bytes: Some(16) };
    let redirected = Done::Redirected(daemon.url("/next"));
    let digits = Done::PlayedDigits("1".to_owned());
    assert_eq!(done, [said, played, redirected, Done::Paused(Duration::ZERO), digits]);
    assert_eq!(outcome.ended_by, EndedBy::DocumentEnd);
    let play = &daemon.requests("/welcome.ulaw")[0];
    assert_eq!(play.signature(), sign(TOKEN, &daemon.url("/welcome.ulaw"), &[]));
}

#[tokio::test]
async fn an_error_answer_is_not_retried_and_the_fallback_gets_code_and_address() {
    let daemon = Daemon::start().await;
    daemon.answer("/voice", 500, "text/plain", "broken");
    daemon.twiml("/fallback", "<Hangup/>");
    let fallback_url = Some(daemon.url("/fallback"));
    let carrier =
        Carrier::start(CarrierSettings { fallback_url, ..settings(&daemon) }).await.unwrap();
    let outcome = within(carrier.dial(&dial()).ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    assert_eq!(daemon.requests("/voice").len(), 1);
    let fallback = &daemon.requests("/fallback")[0];
    assert_eq!(fallback.value("ErrorCode"), "11200");
    assert_eq!(fallback.value("ErrorUrl"), daemon.url("/voice"));
}

#[tokio::test]
async fn a_file_that_can_t_be_played_leads_to_the_fallback_and_in_the_fallback_to_the_end() {
    for (status, kind, code) in [(404, "audio/mpeg", "11200"), (200, "text/html", "12300")] {
        let daemon = Daemon::start().await;
        daemon.twiml("/voice", "<Play>/hello.mp3</Play><Hangup/>");
        for _ in 0..2 {
            daemon.answer("/hello.mp3", status, kind, "no audio");
        }
        daemon.twiml("/fallback", "<Pause length=\"0\"/><Play>/hello.mp3</Play><Hangup/>");
        let fallback_url = Some(daemon.url("/fallback"));
        let settings = CarrierSettings { fallback_url, ..settings(&daemon) };
        let outcome = within(Carrier::start(settings).await.unwrap().dial(&dial()).ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::ApplicationError);
        let asked = daemon.requests("/fallback");
        assert_eq!(asked.len(), 1, "the fallback is no loop");
        assert_eq!(asked[0].value("ErrorCode"), code);
        assert_eq!(asked[0].value("ErrorUrl"), daemon.url("/hello.mp3"));
        assert_eq!(asked[0].value("CallStatus"), "in-progress");
        assert_eq!(outcome.view.violations, []);
    }
}

#[tokio::test]
async fn without_a_fallback_the_caller_hears_the_application_error() {
    let daemon = Daemon::start().await;
    daemon.answer("/voice", 502, "text/html", "<html>bad gateway</html>");
    let outcome = within(carrier(&daemon).await.dial(&dial()).ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::ApplicationError);
    assert_eq!(outcome.view.status, CallStatus::Failed);
    assert!(matches!(outcome.view.errors[..], [TwilioError::Http(_)]));
}

#[tokio::test]
async fn the_fragments_retries_are_made_and_the_fragment_is_not_signed() {
    let daemon = Daemon::start().await;
    daemon.answer("/voice", 503, "text/plain", "");
    daemon.answer("/voice", 503, "text/plain", "");
    daemon.twiml("/voice", "<Hangup/>");
    let voice_url = daemon.url("/voice#rc=5&rp=all&ct=3000");
    let carrier = Carrier::start(CarrierSettings { voice_url, ..settings(&daemon) }).await.unwrap();
    let outcome = within(carrier.dial(&dial()).ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    let requests = daemon.requests("/voice");
    assert_eq!((requests.len(), outcome.view.requests[0].attempts), (3, 3));
    assert_eq!(requests[2].signature(), sign(TOKEN, &daemon.url("/voice"), &requests[2].form));
    let tokens: Vec<_> =
        requests.iter().map(|request| &request.headers["i-twilio-idempotency-token"]).collect();
    assert!(tokens.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_late_answer_is_not_requested_again() {
    let daemon = Daemon::start().await;
    daemon.silence("/voice");
    let voice_url = daemon.url("/voice#rt=100");
    let carrier = Carrier::start(CarrierSettings { voice_url, ..settings(&daemon) }).await.unwrap();
    let outcome = within(carrier.dial(&dial()).ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::ApplicationError);
    assert_eq!(outcome.view.errors[0].code(), 11200);
    assert_eq!(daemon.requests("/voice").len(), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_while_it_rings_cancels_the_call_but_not_the_request() {
    let daemon = Daemon::start().await;
    daemon.silence("/voice");
    let voice_url = daemon.url("/voice#rt=200");
    let carrier = Carrier::start(CarrierSettings { voice_url, ..settings(&daemon) }).await.unwrap();
    let caller = carrier.dial(&dial());
    daemon.wait_for("/voice", 1).await;
    caller.hang_up();
    let outcome = within(caller.ended()).await;
    assert_eq!(outcome.ended_by, EndedBy::CallerHangUp);
    assert_eq!(outcome.view.status, CallStatus::Canceled);
    let is_noted =
        |view: &CallView| view.requests.iter().any(|request| request.what == Webhook::Document);
    within(caller.view().wait_for(is_noted)).await.unwrap();
}

#[tokio::test]
async fn a_refused_connection_is_tried_once_more() {
    let daemon = Daemon::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let voice_url = format!("http://{nobody}/voice");
    let carrier = Carrier::start(CarrierSettings { voice_url, ..settings(&daemon) }).await.unwrap();
    let outcome = within(carrier.dial(&dial()).ended()).await;
    assert_eq!(outcome.view.requests[0].attempts, 2);
    assert_eq!(outcome.view.errors[0].code(), 11205);
}

#[tokio::test]
async fn a_document_without_twiml_cannot_run_and_the_violation_says_why() {
    for (body, content_type, code) in [
        ("<Response><Say>a & b</Say></Response>", "text/xml", 12100),
        ("<Response/>", "application/json", 12300),
    ] {
        let daemon = Daemon::start().await;
        daemon.answer("/voice", 200, content_type, body);
        let outcome = within(carrier(&daemon).await.dial(&dial()).ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::ApplicationError, "{body}");
        assert_eq!(outcome.view.violations[0].code(), code);
    }
}

#[tokio::test]
async fn a_wrong_document_that_can_run_runs_and_is_a_violation() {
    let daemon = Daemon::start().await;
    let outcome = call_with(&daemon, "<Say>x</Say><hangup/><Hangup/>").await;
    assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
    let violations = outcome.view.violations;
    assert_eq!(violations[0], Violation::SayWithoutVoice("x".to_owned()));
    assert_eq!(violations[1].code(), 12200);
}

#[tokio::test]
async fn call_10_the_action_of_dial_gets_the_result_of_the_other_call() {
    for (then, status) in [
        (Pickup::Person { talks: Duration::from_millis(10) }, "completed"),
        (Pickup::Busy, "busy"),
        (Pickup::Unreachable, "failed"),
    ] {
        let daemon = Daemon::start().await;
        daemon.twiml("/voice", "<Dial action=\"/transfer\" timeout=\"20\">+972500000001</Dial>");
        daemon.twiml("/transfer", "<Hangup/>");
        let carrier = carrier(&daemon).await;
        carrier.set_callee("+972500000001", Callee { rings: Duration::from_millis(10), then });
        let outcome = within(carrier.dial(&dial()).ended()).await;
        assert_eq!(outcome.ended_by, EndedBy::HangupVerb);
        assert_eq!(daemon.requests("/transfer")[0].value("DialCallStatus"), status);
    }
}

#[tokio::test]
async fn call_9_a_replayed_webhook_is_the_same_call_again() {
    let daemon = Daemon::start().await;
    daemon.twiml("/voice", &daemon.connect());
    let carrier = carrier(&daemon).await;
    let caller = carrier.dial(&dial());
    let _media = daemon.socket().await.started().await;
    let answers = within(caller.replay_webhook(5)).await;
    assert!(answers.iter().all(Result::is_ok));
    let requests = daemon.requests("/voice");
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|request| request.form == requests[0].form));
}
