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
    let callback = value(form, "StatusCallback").map(Target::post);
    let free_text = body.filter(|_| value(form, "ContentSid").is_none());
    let (sid, now) = (network.ids.sid("SM"), network.settings.wall_clock.now());
    let message = accepted(sid, now, to, from, service, free_text);
    let reply = Reply { status: 201, body: json::message(network, &message) };
    send(network, message, callback);
    Ok(reply)
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

/// `GET /Messages.json`, filtered by `To` and `From`.
pub(super) fn list(network: &Network, form: &[(String, String)]) -> Reply {
    let sent = network.messages.sent();
    let sent = sent.borrow();
    let wanted = sent.iter().rev().filter(|message| {
        value(form, "To").is_none_or(|to| message.to == to)
            && value(form, "From").is_none_or(|from| message.from.as_deref() == Some(from))
    });
    json::page("messages", wanted.map(|message| json::message(network, message)).collect())
}
