//! Twilio's listener: webhooks, status callbacks and the media socket.
//!
//! Every request below `/twilio/` must carry Twilio's signature (OPS-6). Every answer to a call is
//! TwiML, whatever failed (CALL-1).

mod answering_machine;
mod connect;
mod directory;
mod lookup;
mod media;
mod refusal;
mod resume;
mod state;
mod status;
mod voice;

use std::sync::Arc;

use actors::trace;
use http::{Method, StatusCode};
use protocol::twilio::forms::{Form, StreamStatusForm};
use protocol::twilio::twiml::Twiml;
use warp::reply::{Reply, Response};

use super::health::health;
use super::request::Request;
use super::response::empty;

pub use directory::Directory;
pub use state::TwilioState;

/// Answers one request on Twilio's listener.
pub async fn serve(state: Arc<TwilioState>, request: Request) -> Response {
    if let Some(response) = health(&request, &state.readiness).await {
        return response;
    }
    if !request.path.starts_with("/twilio/") {
        return empty(StatusCode::NOT_FOUND);
    }
    if request.method == Method::GET && request.path == "/twilio/media" {
        return media::open(&state, request);
    }
    let Ok(form) = Form::parse(&request.body) else {
        return empty(StatusCode::FORBIDDEN);
    };
    if !is_signed(&state, &request, &form) {
        tracing::warn!(path = request.path, "a request without Twilio's signature was refused");
        return empty(StatusCode::FORBIDDEN);
    }
    let call = form.get("CallSid").unwrap_or_default();
    trace::point(call, "webhook", format_args!("{} {:?}", request.path, form.pairs()));
    match (&request.method, request.path.as_str()) {
        (&Method::POST, "/twilio/voice") => twiml(call, &voice::answer(&state, &form).await),
        (&Method::POST, "/twilio/voice/resume") => {
            twiml(call, &resume::resume(&state, &form).await)
        }
        (&Method::POST, "/twilio/voice/transfer") => {
            twiml(call, &resume::on_transfer_ended(&state, &form).await)
        }
        (&Method::POST, "/twilio/status") => {
            status::on_status(&state, &form).await;
            empty(StatusCode::NO_CONTENT)
        }
        (&Method::POST, "/twilio/stream-status") => on_stream_status(&form),
        _ => empty(StatusCode::NOT_FOUND),
    }
}

fn is_signed(state: &TwilioState, request: &Request, form: &Form) -> bool {
    let Some(signatures) = &state.signatures else { return true };
    let url = format!("{}{}", state.public_url, request.target());
    let header = request.header("x-twilio-signature");
    let verdict = if request.method == Method::POST {
        signatures.verify_form(&url, form.pairs(), header)
    } else {
        signatures.verify_get(&url, header)
    };
    verdict.is_ok()
}

fn on_stream_status(form: &Form) -> Response {
    match StreamStatusForm::read(form) {
        Ok(status) => match &status.error {
            Some(error) => tracing::warn!(call = %status.call_sid, error, "stream error at Twilio"),
            None => tracing::debug!(call = %status.call_sid, event = %status.event, "stream"),
        },
        Err(error) => tracing::warn!(%error, "a stream status callback could not be read"),
    }
    empty(StatusCode::NO_CONTENT)
}

fn twiml(call: &str, document: &Twiml) -> Response {
    let body = document.to_xml().unwrap_or_else(|error| {
        tracing::error!(%error, "a TwiML document could not be written");
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>".to_owned()
    });
    trace::point(call, "webhook", format_args!("answers {}", trace::Text(&body)));
    warp::reply::with_header(body, "content-type", "text/xml; charset=utf-8").into_response()
}
