//! WhatsApp messages: those that come in, those that the daemon sends, and what becomes of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::clock::{now, wall};
use super::debugger::Trouble;
use super::form::{Form, form};
use super::network::{Network, locked, sid};
use super::twiml::{Method, Target};

/// A message that the daemon sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its SID.
    pub sid: String,
    /// The sender, if one was named.
    pub from: Option<String>,
    /// The messaging service, if one was named.
    pub service: Option<String>,
    /// The recipient.
    pub to: String,
    /// The text; none of a template.
    pub body: Option<String>,
    /// What became of it so far.
    pub status: MessageStatus,
    /// Why it failed.
    pub error_code: Option<u32>,
    /// When it was accepted.
    pub made_at: Timestamp,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageStatus {
    /// Accepted for a service to send.
    Accepted,
    /// Accepted.
    Queued,
    /// On its way.
    Sent,
    /// It arrived.
    Delivered,
    /// It was not taken.
    Failed,
}

impl MessageStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// A message to the business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingMessage {
    /// Its SID; the same one twice is a duplicate delivery.
    pub sid: String,
    /// The person, E.164 without `whatsapp:`.
    pub from: String,
    /// The business's number, E.164 without `whatsapp:`.
    pub to: String,
    /// The text.
    pub body: String,
    /// The person's profile name.
    pub profile_name: String,
}

impl IncomingMessage {
    /// A text with a fresh SID.
    #[must_use]
    pub fn new(from: &str, to: &str, body: &str) -> Self {
        Self {
            sid: sid("SM"),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            profile_name: "Practice".to_owned(),
        }
    }
}

/// What the daemon answered to an incoming message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAnswer {
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// How long it took, wall time.
    pub took: Duration,
}

/// The messages of a carrier.
#[derive(Debug, Default)]
pub(super) struct Mailroom {
    sent: watch::Sender<Vec<SentMessage>>,
    /// Who has written within the last 24 hours: (person, business), each with `whatsapp:`.
    windows: Mutex<HashSet<(String, String)>>,
}

impl Mailroom {
    /// Every message sent so far, and as more are sent.
    pub(super) fn sent(&self) -> watch::Receiver<Vec<SentMessage>> {
        self.sent.subscribe()
    }

    /// Lets 24 hours go by for everybody.
    pub(super) fn close_windows(&self) {
        locked(&self.windows).clear();
    }

    fn is_open(&self, person: &str, business: &str) -> bool {
        locked(&self.windows).contains(&(person.to_owned(), business.to_owned()))
    }

    fn become_status(&self, sid: &str, status: MessageStatus, error_code: Option<u32>) {
        self.sent.send_modify(|sent| {
            if let Some(message) = sent.iter_mut().find(|message| message.sid == sid) {
                message.status = status;
                message.error_code = error_code;
            }
        });
    }
}

/// Delivers a message to the business's webhook.
pub(super) async fn receive(
    network: &Network,
    message: &IncomingMessage,
) -> Result<MessageAnswer, Trouble> {
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
    locked(&network.mailroom.windows).insert((person, business));
    let url = network.settings.message_url.as_deref();
    let url = url.ok_or_else(|| Trouble::Http("no address for messages".to_owned()))?;
    let started = now();
    let answer = network.fetcher.fetch(url, Method::Post, &form).await.result?;
    Ok(MessageAnswer {
        content_type: answer.content_type,
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        took: now().saturating_duration_since(started),
    })
}

/// Takes a message to be sent, and tells `callback` what becomes of it. Free text outside the
/// 24-hour window is accepted and fails afterwards, with 63016.
pub(super) fn send(network: &Arc<Network>, message: SentMessage, callback: Option<Target>) {
    let free_text = message.body.is_some() && message.to.starts_with("whatsapp:");
    let from = message.from.clone().unwrap_or_default();
    let fails = free_text && !network.mailroom.is_open(&message.to, &from);
    network.mailroom.sent.send_modify(|sent| sent.push(message.clone()));
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
        network.mailroom.become_status(&message.sid, *status, *error_code);
        if let Some(target) = &callback {
            let form = status_form(&network, &message, *status, *error_code);
            let told = network.fetcher.fetch(&target.url, target.method, &form).await;
            if let Err(trouble) = told.result {
                tracing::debug!(%trouble, "practice carrier: a message's status");
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

/// A message as it is accepted.
pub(super) fn accepted(
    to: &str,
    from: Option<&str>,
    service: Option<&str>,
    body: Option<&str>,
) -> SentMessage {
    SentMessage {
        sid: sid("SM"),
        from: from.map(str::to_owned),
        service: service.map(str::to_owned),
        to: to.to_owned(),
        body: body.map(str::to_owned),
        status: if service.is_some() { MessageStatus::Accepted } else { MessageStatus::Queued },
        error_code: None,
        made_at: wall(),
    }
}
