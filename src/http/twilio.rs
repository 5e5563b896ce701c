//! What Twilio asks: voice, resume, transfer, status, stream status, and the media socket. Nothing under
//! `/twilio/` is looked at before its signature was (OPS-6), and every answer to a call is TwiML,
//! whatever went wrong (CALL-1).

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actors::call_parts::Services;
use actors::supervisor::Calls;
use http::{Method, StatusCode};
use protocol::twilio::forms::{Form, StreamStatusForm};
use protocol::twilio::signature::Signatures;
use protocol::twilio::token::StreamTokens;
use protocol::twilio::twiml::Twiml;
use tokio_util::task::TaskTracker;
use warp::reply::{Reply, Response};

use super::Request;
use super::health::health;
use super::request::answer;
use crate::app::Readiness;
use crate::config::{Patience, PublicUrl};

/// What the Twilio side works with.
pub struct TwilioSide {
    /// How Twilio reaches us.
    pub public_url: PublicUrl,
    /// Who may ask; `None` if signatures are not looked at.
    pub signatures: Option<Signatures>,
    /// Who may open a stream.
    pub tokens: StreamTokens,
    /// The tree of calls.
    pub calls: Calls,
    /// The daemon around it.
    pub services: Services,
    /// How long a session may be missing (RES-3).
    pub upstream_patience: Duration,
    /// How long a media socket is waited for.
    pub patience: Patience,
    /// Media handshakes so far: their order tells which of several streams is the newest.
    pub handshakes: AtomicU64,
    /// Tasks that a stop waits for.
    pub tasks: TaskTracker,
    /// Whether new calls are taken.
    pub readiness: Readiness,
}

/// Answers one request on Twilio's listener.
pub async fn serve(side: Arc<TwilioSide>, request: Request) -> Response {
    if let Some(answer) = health(&request, &side.readiness) {
        return answer;
    }
    if !request.path.starts_with("/twilio/") {
        return answer(StatusCode::NOT_FOUND);
    }
    if request.method == Method::GET && request.path == "/twilio/media" {
        return super::media::open(&side, request);
    }
    let Ok(form) = Form::parse(&request.body) else {
        return answer(StatusCode::FORBIDDEN);
    };
    if !side.is_signed(&request, &form) {
        tracing::warn!(path = request.path, "a request without Twilio's signature was refused");
        return answer(StatusCode::FORBIDDEN);
    }
    match (&request.method, request.path.as_str()) {
        (&Method::POST, "/twilio/voice") => twiml(&super::voice::voice(&side, &form).await),
        (&Method::POST, "/twilio/voice/resume") => twiml(&super::voice::resume(&side, &form).await),
        (&Method::POST, "/twilio/voice/transfer") => {
            twiml(&super::voice::transfer(&side, &form).await)
        }
        (&Method::POST, "/twilio/status") => {
            super::status::on_status(&side, &form).await;
            answer(StatusCode::NO_CONTENT)
        }
        (&Method::POST, "/twilio/stream-status") => on_stream_status(&form),
        _ => answer(StatusCode::NOT_FOUND),
    }
}

impl TwilioSide {
    fn is_signed(&self, request: &Request, form: &Form) -> bool {
        let Some(signatures) = &self.signatures else { return true };
        let url = format!("{}{}", self.public_url, request.target());
        let header = request.header("x-twilio-signature");
        let verdict = if request.method == Method::POST {
            signatures.verify_form(&url, form.pairs(), header)
        } else {
            signatures.verify_get(&url, header)
        };
        verdict.is_ok()
    }
}

fn on_stream_status(form: &Form) -> Response {
    match StreamStatusForm::read(form) {
        Ok(status) => match &status.error {
            Some(error) => tracing::warn!(call = %status.call_sid, error, "stream error at Twilio"),
            None => tracing::debug!(call = %status.call_sid, event = %status.event, "stream"),
        },
        Err(error) => tracing::warn!(%error, "a stream status callback could not be read"),
    }
    answer(StatusCode::NO_CONTENT)
}

fn twiml(document: &Twiml) -> Response {
    let body = document.to_xml().unwrap_or_else(|error| {
        tracing::error!(%error, "a document could not be written");
        // What Twilio understands in any case.
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Hangup/></Response>".to_owned()
    });
    warp::reply::with_header(body, "content-type", "text/xml; charset=utf-8").into_response()
}
