//! The listener of the REST API.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use protocol::ids::CallSid;
use secrecy::ExposeSecret as _;

use super::log::{RestFault, RestKind, RestRequest};
use super::reply::{Reply, RestError};
use super::route::{ApiRequest, route};
use super::{calls, json, messages};
use crate::trace;
use crate::transport::Acceptor;
use crate::twilio::form::decode;
use crate::twilio::network::Network;

/// The largest body taken, in bytes.
const LARGEST: usize = 1 << 20;

/// The pause after a failed accept, mostly for want of file handles.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves the REST API until the carrier stops.
pub(crate) async fn serve(network: Arc<Network>, mut acceptor: Box<dyn Acceptor>) {
    loop {
        let stream = match acceptor.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "practice carrier: accept failed");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        let answering = Arc::clone(&network);
        network.spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&answering), request));
            let connection = hyper::server::conn::http1::Builder::new();
            if let Err(error) = connection.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(%error, "practice carrier: a REST connection ended");
            }
        });
    }
}

async fn answer(
    network: Arc<Network>,
    request: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _open = network.rest.begin();
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Ok(write(&error_reply(&RestError::new(413, 20413, "Body too large")))),
    };
    let form = decode(match head.method {
        Method::POST => std::str::from_utf8(&body).unwrap_or_default(),
        _ => head.uri.query().unwrap_or_default(),
    });
    let account = network.settings.account_sid.as_str();
    let asked = route(account, &head.method, head.uri.path(), form);
    let call_sid = asked.sid.as_deref().and_then(|sid| CallSid::parse(sid).ok());
    count(&network, asked.kind, call_sid.as_ref());
    let fault = network.rest.next_fault(asked.kind);
    let result = match fault {
        _ if !is_authentic(&network, &head.headers) => {
            Err(RestError::new(401, 20003, "Authenticate"))
        }
        Some(RestFault::Forbidden) => Err(RestError::new(403, 20403, "Forbidden")),
        Some(RestFault::TooManyRequests) => Err(RestError::new(429, 20429, "Too Many Requests")),
        Some(RestFault::ServerError) => Err(RestError::new(500, 20500, "Internal Server Error")),
        Some(RestFault::AcceptedThenError) => {
            perform(&network, &asked).and(Err(RestError::new(500, 20500, "Internal Server Error")))
        }
        Some(RestFault::AcceptedThenSilence) | None => perform(&network, &asked),
    };
    let silent = fault == Some(RestFault::AcceptedThenSilence) && result.is_ok();
    let code = result.as_ref().err().map(|error| error.code);
    let reply = result.unwrap_or_else(|error| error_reply(&error));
    trace_answer(call_sid.as_ref(), &asked, reply.status, silent);
    network.rest.record(RestRequest {
        kind: asked.kind,
        call_sid,
        parameters: asked.parameters,
        status: (!silent).then_some(reply.status),
        code,
    });
    if silent {
        std::future::pending::<()>().await;
    }
    Ok(write(&reply))
}

fn trace_answer(call: Option<&CallSid>, asked: &ApiRequest, status: u16, silent: bool) {
    let (call, kind) = (call.map_or("", CallSid::as_str), asked.kind);
    let what = format_args!("{kind:?} {:?}: {status}, silent: {silent}", asked.parameters);
    trace::point(call, "twilio_rest", 0, what);
}

fn perform(network: &Arc<Network>, asked: &ApiRequest) -> Result<Reply, RestError> {
    let sid = asked.sid.as_deref().unwrap_or_default();
    let form = &asked.parameters;
    match asked.kind {
        RestKind::HangUp | RestKind::Redirect | RestKind::UpdateCall => {
            calls::update(network, sid, form)
        }
        RestKind::CreateCall => calls::create(network, form),
        RestKind::ReadCall => calls::read(network, sid),
        RestKind::ListCalls => Ok(calls::list(network, form)),
        RestKind::CreateMessage => messages::create(network, form),
        RestKind::ReadMessage => messages::read(network, sid),
        RestKind::ListMessages => Ok(messages::list(network, form)),
        RestKind::ListNumbers => Ok(json::numbers(network, form)),
        RestKind::ListSenders => Ok(json::senders(network, form)),
        RestKind::Unknown => Err(RestError::not_found(sid)),
    }
}

/// Counts hang-ups and redirects in their call's view, whatever the answer.
fn count(network: &Network, kind: RestKind, call_sid: Option<&CallSid>) {
    let Some(line) = call_sid.and_then(|sid| network.call(sid)) else { return };
    let at = line.clock.elapsed();
    line.update(|view| match kind {
        RestKind::HangUp => {
            view.hang_up_requests += 1;
            if view.hang_up_asked_at.is_none() {
                view.hang_up_asked_at = Some(at);
                view.unplayed_at_hang_up = view.buffered;
            }
        }
        RestKind::Redirect => view.redirect_requests += 1,
        RestKind::UpdateCall
        | RestKind::CreateCall
        | RestKind::ReadCall
        | RestKind::ListCalls
        | RestKind::CreateMessage
        | RestKind::ReadMessage
        | RestKind::ListMessages
        | RestKind::ListNumbers
        | RestKind::ListSenders
        | RestKind::Unknown => {}
    });
}

fn is_authentic(network: &Network, headers: &HeaderMap) -> bool {
    let account = network.settings.account_sid.as_str();
    let token = network.settings.auth_token.expose_secret();
    let expected = format!("Basic {}", STANDARD.encode(format!("{account}:{token}")));
    headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == expected.as_bytes())
}

fn error_reply(error: &RestError) -> Reply {
    let RestError { status, code, message } = error;
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = serde_json::json!({"code": code, "message": message, "more_info": more_info, "status": status});
    Reply { status: *status, body }
}

fn write(reply: &Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(reply.body.to_string()));
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::OK);
    let json = http::HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
