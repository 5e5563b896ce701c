//! WhatsApp messages: delivered to the daemon, and sent by it.

use std::sync::Arc;
use std::time::Duration;

use super::debugger::TwilioError;
use super::form::{Form, form};
use super::message_store::{MessageStatus, SentMessage};
use super::network::Network;
use super::target::{Method, Target};
use crate::clock::now;

/// A message to the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    /// The same SID twice is a duplicate delivery.
    pub sid: String,
    /// The person's number, E.164 without `whatsapp:`.
    pub from: String,
    /// The business's number, E.164 without `whatsapp:`.
    pub to: String,
    pub body: String,
    pub profile_name: String,
}

impl IncomingMessage {
    pub(super) fn new(sid: String, from: &str, to: &str, body: &str) -> Self {
        Self {
            sid,
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            profile_name: "Practice".to_owned(),
        }
    }
}

/// The daemon's answer to an incoming message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAnswer {
    pub content_type: String,
    pub body: String,
    /// Wall time.
    pub took: Duration,
}

/// Delivers a message to the business's webhook.
pub(super) async fn receive(
    network: &Network,
    message: &IncomingMessage,
) -> Result<MessageAnswer, TwilioError> {
    let person = format!("whatsapp:{}", message.from);
    let business = format!("whatsapp:{}", message.to);
    let segments = message.body.chars().count().div_ceil(SEGMENT).max(1).to_string();
    let form = form([
        ("MessageSid", &message.sid),
        ("SmsSid", &message.sid),
        ("SmsMessageSid", &message.sid),
        ("AccountSid", network.settings.account_sid.as_str()),
        ("From", &person),
        ("To", &business),
        ("Body", &message.body),
        ("NumMedia", "0"),
        ("NumSegments", &segments),
        ("SmsStatus", "received"),
        ("ApiVersion", "2010-04-01"),
        ("ProfileName", &message.profile_name),
        ("WaId", message.from.trim_start_matches('+')),
        ("ReferralNumMedia", "0"),
        ("MessageType", "text"),
    ]);
    network.messages.open_window(person, business);
    let url = network.settings.message_url.as_deref();
    let url = url.ok_or_else(|| TwilioError::Http("no address for messages".to_owned()))?;
    let started = now();
    let answer = network.fetcher.fetch(url, Method::Post, &form).await.result?;
    Ok(MessageAnswer {
        content_type: answer.content_type,
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        took: now().saturating_duration_since(started),
    })
}

/// Accepts a message and reports its progress to `callback`. Free text outside the 24-hour window
/// is accepted first and fails later, with 63016.
pub(super) fn send(network: &Arc<Network>, message: SentMessage, callback: Option<Target>) {
    let free_text = message.body.is_some() && message.to.starts_with("whatsapp:");
    let from = message.from.clone().unwrap_or_default();
    let fails = free_text && !network.messages.is_window_open(&message.to, &from);
    network.messages.add(message.clone());
    let steps: &[_] = if fails {
        &[(MessageStatus::Failed, Some(63016))]
    } else {
        &[(MessageStatus::Sent, None), (MessageStatus::Delivered, None)]
    };
    network.spawn(deliver(Arc::clone(network), message, callback, steps));
}

async fn deliver(
    network: Arc<Network>,
    message: SentMessage,
    callback: Option<Target>,
    steps: &[(MessageStatus, Option<u32>)],
) {
    for (status, error_code) in steps {
        network.messages.set_status(&message.sid, *status, *error_code);
        if let Some(target) = &callback {
            let form = status_form(&network, &message, *status, *error_code);
            let told = network.fetcher.fetch(&target.url, target.method, &form).await;
            if let Err(error) = told.result {
                tracing::debug!(%error, "practice carrier: a message's status callback failed");
            }
        }
    }
}

/// Characters in one segment.
const SEGMENT: usize = 160;

fn status_form(
    network: &Network,
    message: &SentMessage,
    status: MessageStatus,
    error_code: Option<u32>,
) -> Form {
    let mut form = form([
        ("MessageSid", &message.sid),
        ("SmsSid", &message.sid),
        ("MessageStatus", status.as_str()),
        ("SmsStatus", status.as_str()),
        ("From", message.from.as_deref().unwrap_or_default()),
        ("To", &message.to),
        ("AccountSid", network.settings.account_sid.as_str()),
        ("ApiVersion", "2010-04-01"),
        ("ChannelPrefix", "whatsapp"),
    ]);
    if let Some(code) = error_code {
        form.push(("ErrorCode".to_owned(), code.to_string()));
    }
    form
}
