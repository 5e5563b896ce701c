//! The routes of the REST API.

use http::Method;

use super::log::RestKind;
use crate::twilio::form::value;

/// A request, routed.
pub(super) struct ApiRequest {
    pub(super) kind: RestKind,
    /// The SID in the path. For an unknown route the path itself.
    pub(super) sid: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

/// Finds out what a request asks for.
pub(super) fn route(
    account: &str,
    method: &Method,
    path: &str,
    parameters: Vec<(String, String)>,
) -> ApiRequest {
    let unknown = || (RestKind::Unknown, Some(path.to_owned()));
    // Of another host at Twilio's, and of no account's path.
    if *method == Method::GET && path == "/v2/Channels/Senders" {
        return ApiRequest { kind: RestKind::ListSenders, sid: None, parameters };
    }
    let rest = path
        .strip_prefix("/2010-04-01/Accounts/")
        .and_then(|rest| rest.strip_prefix(account))
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.strip_suffix(".json"));
    let parts: Vec<_> = rest.unwrap_or_default().split('/').collect();
    let sid = parts.get(1).map(|sid| (*sid).to_owned());
    let (kind, sid) = match (method, parts.as_slice()) {
        (&Method::POST, ["Calls", _]) if value(&parameters, "Status").is_some() => {
            (RestKind::HangUp, sid)
        }
        (&Method::POST, ["Calls", _])
            if ["Url", "Twiml"].iter().any(|name| value(&parameters, name).is_some()) =>
        {
            (RestKind::Redirect, sid)
        }
        (&Method::POST, ["Calls", _]) => (RestKind::UpdateCall, sid),
        (&Method::GET, ["Calls", _]) => (RestKind::ReadCall, sid),
        (&Method::POST, ["Calls"]) => (RestKind::CreateCall, None),
        (&Method::GET, ["Calls"]) => (RestKind::ListCalls, None),
        (&Method::POST, ["Messages"]) => (RestKind::CreateMessage, None),
        (&Method::GET, ["Messages"]) => (RestKind::ListMessages, None),
        (&Method::GET, ["Messages", _]) => (RestKind::ReadMessage, sid),
        (&Method::GET, ["IncomingPhoneNumbers"]) => (RestKind::ListNumbers, None),
        _ => unknown(),
    };
    ApiRequest { kind, sid, parameters }
}
