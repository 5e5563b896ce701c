//! The REST API's calls: create, read, list, end, redirect.

use std::sync::Arc;
use std::time::Duration;

use protocol::ids::{CallSid, PhoneNumber};
use url::Url;

use super::json;
use super::reply::{Reply, RestError};
use crate::twilio::call::{Detection, Placing, Until};
use crate::twilio::callbacks::CallEvent;
use crate::twilio::debugger::Violation;
use crate::twilio::form::{value, values};
use crate::twilio::line::{Interrupt, Line, Source};
use crate::twilio::network::Network;
use crate::twilio::place::{Outbound, place};
use crate::twilio::target::{Method, Target};
use crate::twilio::view::CallStatus;

/// The longest document in a request, in characters.
const LONGEST_TWIML: usize = 4000;

/// `POST /Calls/{sid}.json`.
pub(super) fn update(
    network: &Network,
    sid: &str,
    form: &[(String, String)],
) -> Result<Reply, RestError> {
    let line = find(network, sid)?;
    let update = Update::read(form).inspect_err(|error| {
        line.violation(Violation::Rest { code: error.code, message: error.message.clone() });
    })?;
    let answered = line.view.borrow().status == CallStatus::InProgress;
    let gone = || Err(RestError::new(400, 21220, "Call is not in-progress. Cannot redirect."));
    if line.is_over() {
        return gone();
    }
    let accepted = match update {
        Update::End { only_unanswered: true } if answered => return gone(),
        Update::End { .. } => line.set_over() && line.interrupt(Interrupt::Completed),
        Update::Redirect(_) if !answered => return gone(),
        Update::Redirect(source) => line.interrupt(Interrupt::Replaced(source)),
        Update::TimeLimit(limit) => line.interrupt(Interrupt::TimeLimit(limit)),
        Update::Nothing => true,
    };
    if accepted { Ok(Reply { status: 200, body: json::call(&line) }) } else { gone() }
}

/// `POST /Calls.json`.
pub(super) fn create(
    network: &Arc<Network>,
    form: &[(String, String)],
) -> Result<Reply, RestError> {
    let to = number(form, "To", 21201, 21211)?;
    let from = number(form, "From", 21213, 21212)?;
    let first = document(form)?;
    let first = first.ok_or_else(|| RestError::new(400, 21205, "Url parameter is required"))?;
    let fallback = target(form, "FallbackUrl", "FallbackMethod")?.map(|target| target.url);
    let status_callback = target(form, "StatusCallback", "StatusCallbackMethod")?;
    let mut events = Vec::new();
    for name in values(form, "StatusCallbackEvent").iter().flat_map(|names| names.split(' ')) {
        let event = name.parse::<CallEvent>();
        events.push(event.map_err(|_| bad(&format!("StatusCallbackEvent {name:?}")))?);
    }
    if events.is_empty() {
        events.push(CallEvent::Completed);
    }
    let result_to = target(form, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod")?;
    let until = match value(form, "MachineDetection") {
        None => None,
        Some("Enable") => Some(Until::Recognised),
        Some("DetectMessageEnd") => Some(Until::GreetingEnds),
        Some(other) => return Err(bad(&format!("MachineDetection {other:?}"))),
    };
    let detection = match (until, value(form, "AsyncAmd")) {
        (None, _) => Detection::None,
        (Some(until), Some("true")) => Detection::Async(until, result_to),
        (Some(until), _) => Detection::Sync(until),
    };
    let timeout = seconds(form, "Timeout")?.unwrap_or(Duration::from_secs(60));
    let limit = seconds(form, "TimeLimit")?;
    let placing = Placing { first, timeout, detection };
    let outbound = Outbound { to, from, fallback, status_callback, events, placing };
    let line = place(network, outbound);
    if let Some(limit) = limit {
        line.interrupt(Interrupt::TimeLimit(limit));
    }
    Ok(Reply { status: 201, body: json::call(&line) })
}

/// `GET /Calls/{sid}.json`.
pub(super) fn read(network: &Network, sid: &str) -> Result<Reply, RestError> {
    Ok(Reply { status: 200, body: json::call(&*find(network, sid)?) })
}

/// `GET /Calls.json`, filtered by `To`, `From` and `Status`. Filters by time are ignored: every call
/// was made today.
pub(super) fn list(network: &Network, form: &[(String, String)]) -> Reply {
    let is_wanted = |line: &&Arc<Line>| {
        let view = line.view.borrow();
        let filters =
            [("To", view.to.as_str()), ("From", &view.from), ("Status", view.status.as_str())];
        filters.iter().all(|(name, is)| value(form, name).is_none_or(|wanted| wanted == *is))
    };
    let calls = network.calls();
    let calls = calls.borrow();
    // Newest first.
    let items = calls.iter().rev().filter(is_wanted).map(|line| json::call(line));
    json::page("calls", items.collect())
}

enum Update {
    End { only_unanswered: bool },
    Redirect(Source),
    TimeLimit(Duration),
    Nothing,
}

impl Update {
    fn read(form: &[(String, String)]) -> Result<Self, RestError> {
        let source = document(form)?;
        match (value(form, "Status"), source) {
            (Some(_), Some(_)) => Err(bad("Status with Url or Twiml")),
            (Some("completed"), None) => Ok(Self::End { only_unanswered: false }),
            (Some("canceled"), None) => Ok(Self::End { only_unanswered: true }),
            (Some(other), None) => Err(bad(&format!("Status {other:?}"))),
            (None, Some(source)) => Ok(Self::Redirect(source)),
            (None, None) => Ok(seconds(form, "TimeLimit")?.map_or(Self::Nothing, Self::TimeLimit)),
        }
    }
}

fn document(form: &[(String, String)]) -> Result<Option<Source>, RestError> {
    let url = target(form, "Url", "Method")?;
    match (url, value(form, "Twiml")) {
        (Some(_), Some(_)) => Err(bad("Url and Twiml exclude each other")),
        (Some(target), None) => Ok(Some(Source::Webhook(target))),
        (None, Some(twiml)) if twiml.chars().count() > LONGEST_TWIML => {
            Err(bad("Twiml is too long"))
        }
        (None, Some(twiml)) => Ok(Some(Source::Inline(twiml.to_owned()))),
        (None, None) => Ok(None),
    }
}

fn target(form: &[(String, String)], url: &str, method: &str) -> Result<Option<Target>, RestError> {
    let Some(text) = value(form, url) else { return Ok(None) };
    let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    if parsed.is_none() {
        return Err(RestError::new(400, 21205, &format!("{url} is not a valid URL: {text}")));
    }
    let method = match value(form, method) {
        None => Method::Post,
        Some(name) => name.parse().map_err(|_| bad(&format!("method {name:?}")))?,
    };
    Ok(Some(Target { url: text.to_owned(), method }))
}

fn number(
    form: &[(String, String)],
    name: &str,
    missing: u32,
    invalid: u32,
) -> Result<String, RestError> {
    let Some(text) = value(form, name) else {
        return Err(RestError::new(400, missing, &format!("No '{name}' number is specified")));
    };
    if PhoneNumber::parse(text).is_err() {
        let message = format!("The phone number you are attempting to call, {text}, is not valid.");
        return Err(RestError::new(400, invalid, &message));
    }
    Ok(text.to_owned())
}

fn seconds(form: &[(String, String)], name: &str) -> Result<Option<Duration>, RestError> {
    let Some(text) = value(form, name) else { return Ok(None) };
    let seconds: u64 = text.parse().map_err(|_| bad(&format!("{name} {text:?}")))?;
    Ok(Some(Duration::from_secs(seconds)))
}

fn find(network: &Network, sid: &str) -> Result<Arc<Line>, RestError> {
    let line = CallSid::parse(sid).ok().and_then(|sid| network.call(&sid));
    line.ok_or_else(|| RestError::not_found(&format!("/Calls/{sid}.json")))
}

fn bad(message: &str) -> RestError {
    RestError::new(400, 20001, message)
}
