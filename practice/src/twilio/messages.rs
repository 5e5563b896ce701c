//! WhatsApp messages: delivered to the daemon, and sent by it.

use std::sync::Arc;
use std::time::Duration;

use super::debugger::TwilioError;
use super::fetch::Answer;
use super::form::{Form, form};
use super::message_store::{MessageStatus, SentMessage};
use super::network::Network;
use super::settings::CallbackDelivery;
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
    /// The text, or a picture's caption.
    pub body: String,
    pub profile_name: String,
    pub attached: Attached,
}

/// What a message has beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attached {
    #[default]
    Nothing,
    /// A file of this content type. Voice notes are `audio/ogg`.
    Media(String),
    /// A place: latitude, longitude and a label.
    Location(String, String, String),
    /// A contact, as a file.
    Contact,
}

impl IncomingMessage {
    pub(super) fn new(sid: String, from: &str, to: &str, body: &str) -> Self {
        Self {
            sid,
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            profile_name: "Practice".to_owned(),
            attached: Attached::Nothing,
        }
    }

    /// The same with something beside its text. A message of media has a SID that begins with `MM`.
    #[must_use]
    pub fn with(self, attached: Attached) -> Self {
        let is_file = matches!(attached, Attached::Media(_) | Attached::Contact);
        let sid = if is_file { self.sid.replacen("SM", "MM", 1) } else { self.sid };
        Self { sid, attached, ..self }
    }

    /// The webhook's form.
    fn form(&self, account: &str) -> Form {
        let person = whatsapp(&self.from);
        let business = whatsapp(&self.to);
        let segments = self.body.chars().count().div_ceil(SEGMENT).max(1).to_string();
        let (kind, file) = match &self.attached {
            Attached::Nothing => ("text", None),
            Attached::Media(kind) => {
                (kind.split('/').next().unwrap_or("document"), Some(kind.as_str()))
            }
            Attached::Location(..) => ("location", None),
            Attached::Contact => ("contacts", Some("text/vcard")),
        };
        let mut form = form([
            ("MessageSid", &self.sid),
            ("SmsSid", &self.sid),
            ("SmsMessageSid", &self.sid),
            ("AccountSid", account),
            ("From", &person),
            ("To", &business),
            ("Body", &self.body),
            ("NumMedia", if file.is_some() { "1" } else { "0" }),
            ("NumSegments", &segments),
            ("SmsStatus", "received"),
            ("ApiVersion", "2010-04-01"),
            ("ProfileName", &self.profile_name),
            ("WaId", self.from.trim_start_matches('+')),
            ("ReferralNumMedia", "0"),
            ("MessageType", kind),
            ("ChannelMetadata", "{\"type\":\"whatsapp\",\"data\":{}}"),
        ]);
        let mut add = |name: &str, value: &str| form.push((name.to_owned(), value.to_owned()));
        if let Some(kind) = file {
            let url = format!(
                "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages/{}",
                self.sid
            );
            add("MediaUrl0", &format!("{url}/Media/ME00000000000000000000000000000001"));
            add("MediaContentType0", kind);
        }
        if let Attached::Location(latitude, longitude, label) = &self.attached {
            add("Latitude", latitude);
            add("Longitude", longitude);
            add("Label", label);
            add("Address", label);
        }
        form
    }
}

fn whatsapp(number: &str) -> String {
    format!("whatsapp:{number}")
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
    let form = message.form(network.settings.account_sid.as_str());
    let (person, business) = (whatsapp(&message.from), whatsapp(&message.to));
    if network.settings.handles_stop {
        match message.body.trim().to_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => {
                network.messages.set_opted_out(&person, true);
            }
            "START" | "YES" | "UNSTOP" => network.messages.set_opted_out(&person, false),
            _ => {}
        }
    }
    network.messages.open_window(person, business, network.settings.wall_clock.now());
    let url = network.settings.message_url.as_deref();
    let url = url.ok_or_else(|| TwilioError::Http("no address for messages".to_owned()))?;
    let started = now();
    let answer = match network.fetcher.fetch(url, Method::Post, &form).await.result {
        Ok(answer) => answer,
        Err(error) => fall_back(network, form, url, error).await?,
    };
    Ok(MessageAnswer {
        content_type: answer.content_type,
        body: String::from_utf8_lossy(&answer.body).into_owned(),
        took: now().saturating_duration_since(started),
    })
}

/// Delivers the same message to the fallback address, if there is one.
async fn fall_back(
    network: &Network,
    mut form: Form,
    failed: &str,
    error: TwilioError,
) -> Result<Answer, TwilioError> {
    let Some(url) = &network.settings.message_fallback_url else { return Err(error) };
    form.push(("ErrorCode".to_owned(), error.code().to_string()));
    form.push(("ErrorUrl".to_owned(), failed.to_owned()));
    network.fetcher.fetch(url, Method::Post, &form).await.result
}

/// Accepts a message and reports its progress to `callback`. Free text outside the 24-hour window
/// is accepted first and fails later, with 63016.
pub(super) fn send(network: &Arc<Network>, message: SentMessage, callback: Option<Target>) {
    let free_text = message.body.is_some() && message.to.starts_with("whatsapp:");
    let from = message.from.clone().unwrap_or_default();
    let now = network.settings.wall_clock.now();
    let is_open = network.messages.is_window_open(&message.to, &from, now);
    let failure = (free_text && !is_open).then_some(63016);
    let failure = failure.or_else(|| network.messages.next_failure());
    network.messages.add(message.clone());
    let mut steps = match failure {
        // The carrier has it by then, and can't deliver it.
        Some(code) if code != 63016 => {
            vec![(MessageStatus::Sent, None), (MessageStatus::Undelivered, Some(code))]
        }
        Some(code) => vec![(MessageStatus::Failed, Some(code))],
        None => vec![(MessageStatus::Sent, None), (MessageStatus::Delivered, None)],
    };
    if failure.is_none() && network.settings.persons_read {
        steps.push((MessageStatus::Read, None));
    }
    network.spawn(deliver(Arc::clone(network), message, callback, steps));
}

async fn deliver(
    network: Arc<Network>,
    message: SentMessage,
    callback: Option<Target>,
    steps: Vec<(MessageStatus, Option<u32>)>,
) {
    let mut held = None;
    for (status, error_code) in steps {
        network.messages.set_status(&message.sid, status, error_code);
        let Some(target) = &callback else { continue };
        let form = status_form(&network, &message, status, error_code);
        let mut copies = 1;
        match network.delivery() {
            CallbackDelivery::Faithful => {}
            CallbackDelivery::Duplicated(more) => copies += more,
            CallbackDelivery::Delayed(by) => tokio::time::sleep(by).await,
            CallbackDelivery::Lost => copies = 0,
            CallbackDelivery::Swapped if held.is_none() => {
                held = Some(form);
                continue;
            }
            CallbackDelivery::Swapped => {}
        }
        for _ in 0..copies {
            tell(&network, target, &form).await;
        }
        if let Some(held) = held.take() {
            tell(&network, target, &held).await;
        }
    }
    if let (Some(held), Some(target)) = (held, &callback) {
        tell(&network, target, &held).await;
    }
}

async fn tell(network: &Network, target: &Target, form: &Form) {
    let told = network.fetcher.fetch(&target.url, target.method, form).await;
    if let Err(error) = told.result {
        tracing::debug!(%error, "practice carrier: a message's status callback failed");
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
        ("ChannelInstallSid", "XE00000000000000000000000000000001"),
        ("EventType", status.as_str()),
    ]);
    if let Some(code) = error_code {
        form.push(("ErrorCode".to_owned(), code.to_string()));
    }
    form
}
