//! The REST API's messages: send, read, list.

use std::sync::Arc;

use super::json;
use super::reply::{Reply, RestError};
use crate::twilio::form::value;
use crate::twilio::message_store::accepted;
use crate::twilio::messages::send;
use crate::twilio::network::Network;
use crate::twilio::target::Target;

/// The longest body, in UTF-16 units. Twilio does not say whether it counts those or characters; this
/// is the stricter reading.
const LONGEST_BODY: usize = 1600;

/// `POST /Messages.json`.
pub(super) fn create(
    network: &Arc<Network>,
    form: &[(String, String)],
) -> Result<Reply, RestError> {
    let to = value(form, "To")
        .ok_or_else(|| RestError::new(400, 21604, "A 'To' phone number is required."))?;
    let (from, service) = (value(form, "From"), value(form, "MessagingServiceSid"));
    if from.is_none() && service.is_none() {
        return Err(RestError::new(400, 21603, "A 'From' phone number is required."));
    }
    let body = value(form, "Body");
    let content = value(form, "ContentSid").or(value(form, "MediaUrl"));
    if body.is_none() && content.is_none() {
        return Err(RestError::new(
            400,
            21619,
            "A text message body or media urls must be specified.",
        ));
    }
    if body.is_some_and(|body| body.encode_utf16().count() > LONGEST_BODY) {
        let message = "The concatenated message body exceeds the 1600 character limit.";
        return Err(RestError::new(400, 21617, message));
    }
    if from.is_some_and(|from| from.starts_with("whatsapp:")) != to.starts_with("whatsapp:") {
        let message = "A message's From and To must be of the same channel.";
        return Err(RestError::new(400, 21910, message));
    }
    if !is_number(to) {
        return Err(RestError::new(400, 21211, "The 'To' number is not a valid phone number."));
    }
    if network.messages.is_opted_out(to) {
        return Err(RestError::new(400, 21610, "Attempt to send to unsubscribed recipient"));
    }
    let callback = value(form, "StatusCallback").map(Target::post);
    if callback.as_ref().is_some_and(|target| url::Url::parse(&target.url).is_err()) {
        return Err(RestError::new(400, 21609, "The 'StatusCallback' URL is not a valid URL."));
    }
    let free_text = body.filter(|_| value(form, "ContentSid").is_none());
    let (sid, now) = (network.ids.sid("SM"), network.settings.wall_clock.now());
    let message = accepted(sid, now, to, from, service, free_text);
    let reply = Reply { status: 201, body: json::message(network, &message) };
    send(network, message, callback);
    Ok(reply)
}

/// Whether an address is an E.164 number, of WhatsApp or not.
fn is_number(address: &str) -> bool {
    let digits = address.strip_prefix("whatsapp:").unwrap_or(address).strip_prefix('+');
    digits.is_some_and(|digits| {
        (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `GET /Messages/{sid}.json`.
pub(super) fn read(network: &Network, sid: &str) -> Result<Reply, RestError> {
    let sent = network.messages.sent();
    let sent = sent.borrow();
    match sent.iter().find(|message| message.sid == sid) {
        Some(message) => Ok(Reply { status: 200, body: json::message(network, message) }),
        None => Err(RestError::not_found(&format!("/Messages/{sid}.json"))),
    }
}

/// `GET /Messages.json`, filtered by `To` and `From`: the newest first, a page of them.
pub(super) fn list(network: &Network, form: &[(String, String)]) -> Reply {
    let sent = network.messages.sent();
    let sent = sent.borrow();
    let wanted = sent.iter().rev().filter(|message| {
        value(form, "To").is_none_or(|to| message.to == to)
            && value(form, "From").is_none_or(|from| message.from.as_deref() == Some(from))
    });
    let size = value(form, "PageSize").and_then(|size| size.parse().ok()).unwrap_or(50_usize);
    let page = wanted.take(size.clamp(1, 1_000));
    json::page("messages", page.map(|message| json::message(network, message)).collect())
}
