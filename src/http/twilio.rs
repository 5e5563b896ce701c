//! Twilio's listener: webhooks, status callbacks and the media socket.
//!
//! Every request below `/twilio/` must carry Twilio's signature (OPS-6). Every answer to a call is
//! TwiML, whatever failed (CALL-1).

mod answering_machine;
mod connect;
mod directory;
mod door_transfers;
mod ending;
mod hop;
mod lookup;
mod media;
mod refusal;
mod resume;
mod span;
mod state;
mod status;
mod takeover;
mod unanswerable;
mod voice;
mod whatsapp;

use std::sync::Arc;

use actors::trace;
use http::{Method, StatusCode};
use protocol::twilio::forms::{Form, StreamStatusForm, VoiceForm};
use protocol::twilio::twiml::Twiml;
use tracing::Instrument as _;
use warp::reply::{Reply, Response};

use super::health::health;
use super::request::Request;
use super::response::empty;

pub use directory::Directory;
pub use door_transfers::DoorTransfers;
use span::{name_business, webhook_span};
pub use state::{MAX_UNSTARTED, TwilioState};

/// How much of a refused path is logged, in bytes.
const MAX_LOGGED: usize = 512;

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
    let url = format!("{}{}", state.public_url, request.target());
    if !is_signed(&state, &request, &url, &form) {
        refuse(&state, &request);
        return empty(StatusCode::FORBIDDEN);
    }
    let span = webhook_span(form.get("CallSid").unwrap_or_default());
    answer(&state, &request, &form).instrument(span).await
}

async fn answer(state: &TwilioState, request: &Request, form: &Form) -> Response {
    name_known_business(state, form).await;
    let call = form.get("CallSid").unwrap_or_default();
    trace::point(call, "webhook", format_args!("{} {:?}", request.path, form.pairs()));
    match (&request.method, request.path.as_str()) {
        (&Method::POST, "/twilio/voice") => {
            twiml(call, &voice::answer(state, form, request.query.as_deref()).await)
        }
        (&Method::POST, "/twilio/voice/resume") => twiml(call, &resume::resume(state, form).await),
        (&Method::POST, "/twilio/voice/transfer") => {
            twiml(call, &resume::on_transfer_ended(state, form).await)
        }
        (&Method::POST, unanswerable::TRANSFER_ENDED) => {
            twiml(call, &unanswerable::on_transfer_ended(state, form).await)
        }
        (&Method::POST, "/twilio/status") => {
            status::on_status(state, form).await;
            empty(StatusCode::NO_CONTENT)
        }
        (&Method::POST, "/twilio/stream-status") => on_stream_status(form),
        (&Method::POST, "/twilio/whatsapp") => whatsapp::on_message(state, form).await,
        (&Method::POST, "/twilio/message-status") => {
            whatsapp::on_delivery(state, request, form).await
        }
        _ => empty(StatusCode::NOT_FOUND),
    }
}

/// By its number if the form has one, else by the call. The callbacks of a stream name the call only.
async fn name_known_business(state: &TwilioState, form: &Form) {
    if let Ok(form) = VoiceForm::read(form) {
        let listed = form.business_number().and_then(|number| state.directory.find(number));
        if let Some(listed) = listed {
            name_business(&listed.settings.slug);
        }
    } else if let Ok(call) = form.required("CallSid")
        && let Some(handle) = state.calls.find(call).await
    {
        name_business(&handle.parts().setup.settings.slug);
    }
}

/// The signature is of the address that Twilio was given: a wrong `public_url` shows here.
/// Its query is left out: with GET it holds people's numbers.
fn refuse(state: &TwilioState, request: &Request) {
    let path = request.path.get(..MAX_LOGGED).unwrap_or(&request.path);
    let query = if request.query.is_some() { "?…" } else { "" };
    tracing::warn!(
        signed_url = format!("{}{path}{query}", state.public_url),
        public_url = %state.public_url,
        "a request whose signature is not Twilio's for this URL was refused"
    );
}

fn is_signed(state: &TwilioState, request: &Request, url: &str, form: &Form) -> bool {
    let Some(signatures) = &state.signatures else { return true };
    let header = request.header("x-twilio-signature");
    let verdict = if request.method == Method::POST {
        signatures.verify_form(url, form.pairs(), header)
    } else {
        signatures.verify_get(url, header)
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
