//! Sending a written message: its length, the form, the classes of answers and of delivery errors, and the
//! list of messages. Twilio takes no idempotency key: after a lost answer its list shows whether the
//! message was sent (WA-2).

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;
use thiserror::Error;

use super::RestError;
use crate::ids::{MessageSid, PhoneNumber};
use crate::texting::{LONGEST_MESSAGE, units};

/// "The concatenated message body exceeds the 1600 character limit", and a parameter that is too long.
const TOO_LONG: [u32; 2] = [21617, 21658];
/// "Attempt to send to unsubscribed recipient".
const OPTED_OUT: u32 = 21610;
/// Free text outside the 24-hour window, nobody of that number on WhatsApp, a sandbox that was not joined, an
/// invalid recipient, a message that WhatsApp held back, a person who can't be reached or has blocked us.
const FOR_A_PERSON: [u32; 14] = [
    63016, 63003, 63013, 63015, 63024, 63032, 63049, 63051, 21211, 21214, 21408, 21608, 21612,
    21614,
];
/// Too many requests, at Twilio or at WhatsApp; a queue that is full; a sender that is out of order for a
/// while.
const TEMPORARY: [u32; 5] = [20429, 30001, 63018, 63017, 14107];

/// The text of one message: not blank, and short enough to be sent whole. It is never cut or split.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageBody(String);

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyFlaw {
    /// There is nothing to be seen in it.
    #[error("the message is empty: write a text")]
    Blank,
    /// It has this many UTF-16 units.
    #[error("the message has {0} characters, and {LONGEST_MESSAGE} are the most: shorten it")]
    TooLong(usize),
}

impl MessageBody {
    /// Takes the text without white space around it.
    ///
    /// # Errors
    /// [`BodyFlaw`] if it is blank or too long.
    pub fn new(text: &str) -> Result<Self, BodyFlaw> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BodyFlaw::Blank);
        }
        let length = units(text);
        if length > LONGEST_MESSAGE {
            return Err(BodyFlaw::TooLong(length));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Debug output ends up in logs, which hold no words.
impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageBody({} units)", units(&self.0))
    }
}

/// A WhatsApp message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The business's number.
    pub from: PhoneNumber,
    /// The person's number.
    pub to: PhoneNumber,
    /// The text.
    pub body: MessageBody,
    /// URL of the callback that tells how the delivery goes.
    pub status_callback: String,
}

impl NewMessage {
    /// The form fields of `POST /Messages.json`.
    #[must_use]
    pub fn form(&self) -> [(&'static str, String); 4] {
        [
            ("From", whatsapp(&self.from)),
            ("To", whatsapp(&self.to)),
            ("Body", self.body.as_str().to_owned()),
            ("StatusCallback", self.status_callback.clone()),
        ]
    }

    /// The query of `GET /Messages.json` for the newest messages between the two.
    #[must_use]
    pub fn query(&self) -> [(&'static str, String); 3] {
        [
            ("To", whatsapp(&self.to)),
            ("From", whatsapp(&self.from)),
            ("PageSize", PAGE_SIZE.to_string()),
        ]
    }

    /// Whether Twilio's message is this one, sent at `since` or later.
    #[must_use]
    pub fn is(&self, message: &MessageResource, since: Timestamp) -> bool {
        message.body.trim() == self.body.as_str()
            && message.created_at.is_some_and(|created| created >= since)
    }
}

/// How many of the newest messages are looked through.
const PAGE_SIZE: u32 = 20;

/// A number as an address of WhatsApp's.
#[must_use]
pub fn whatsapp(number: &PhoneNumber) -> String {
    format!("whatsapp:{number}")
}

/// A message that Twilio has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    /// `sid`.
    pub sid: MessageSid,
    /// `status`: Twilio's word, mostly `queued`. It is never called back.
    #[serde(default)]
    pub status: String,
}

/// The result of a request to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Twilio has it.
    Accepted(Accepted),
    /// Not processed (HTTP 429): send it again, with backoff.
    NotProcessed(RestError),
    /// It may have been sent: look into Twilio's list.
    Unknown(RestError),
    /// Permanent.
    Refused(RestError, DeliveryFault),
}

/// Why a message does not reach a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryFault {
    /// 21610: the person has opted out. Never tried again (WA-6).
    OptedOut,
    /// The text is too long. A shorter one may be sent.
    TooLong,
    /// Free text is not let through to this person now: 63016 and its kin. A person must look after it.
    ForAPerson,
    /// For a while. The same message may go through later.
    Temporary,
    /// Anything else: the credentials, the sender, the account. A person must look after it.
    Other,
}

impl DeliveryFault {
    /// The class of one of Twilio's error codes, in an answer or in a delivery status.
    #[must_use]
    pub fn of(code: Option<u32>) -> Self {
        match code {
            Some(OPTED_OUT) => Self::OptedOut,
            Some(code) if TOO_LONG.contains(&code) => Self::TooLong,
            Some(code) if FOR_A_PERSON.contains(&code) => Self::ForAPerson,
            Some(code) if TEMPORARY.contains(&code) => Self::Temporary,
            Some(_) | None => Self::Other,
        }
    }
}

/// Classifies the answer to a request to send a message.
#[must_use]
pub fn send_outcome(http_status: u16, body: &str) -> SendOutcome {
    let error = || RestError::read(http_status, body);
    match http_status {
        200..=299 => match serde_json::from_str(body) {
            Ok(accepted) => SendOutcome::Accepted(accepted),
            Err(_) => SendOutcome::Unknown(error()),
        },
        429 => SendOutcome::NotProcessed(error()),
        408 | 500..=599 => SendOutcome::Unknown(error()),
        _ => {
            let error = error();
            let fault = DeliveryFault::of(error.code);
            if fault == DeliveryFault::Temporary {
                SendOutcome::NotProcessed(error)
            } else {
                SendOutcome::Refused(error, fault)
            }
        }
    }
}

/// A message in the REST API, with the fields used here.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageResource {
    /// `sid`.
    pub sid: MessageSid,
    /// `status`: Twilio's word.
    pub status: String,
    /// `body`.
    pub body: String,
    /// `date_created`, in whole seconds.
    pub created_at: Option<Timestamp>,
    /// `error_code`, once it has failed.
    pub error_code: Option<u32>,
}

/// Debug output ends up in logs, which hold no words.
impl fmt::Debug for MessageResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sid, status, created_at, error_code, body: _ } = self;
        f.debug_struct("MessageResource")
            .field("sid", sid)
            .field("status", status)
            .field("created_at", created_at)
            .field("error_code", error_code)
            .finish_non_exhaustive()
    }
}

/// Reads `GET /Messages/{sid}.json`; `None` if the body is not a message.
#[must_use]
pub fn read_message(body: &str) -> Option<MessageResource> {
    serde_json::from_str::<Resource>(body).ok().map(Into::into)
}

/// Reads a page of `GET /Messages.json`, newest first; `None` if the body is not such a page. A message
/// that can't be read is left out.
#[must_use]
pub fn read_messages(body: &str) -> Option<Vec<MessageResource>> {
    #[derive(Deserialize)]
    struct Page {
        messages: Vec<serde_json::Value>,
    }
    let page: Page = serde_json::from_str(body).ok()?;
    let read = |message| serde_json::from_value::<Resource>(message).ok();
    Some(page.messages.into_iter().filter_map(read).map(Into::into).collect())
}

#[derive(Deserialize)]
struct Resource {
    sid: MessageSid,
    status: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    date_created: Option<String>,
    #[serde(default)]
    error_code: Option<u32>,
}

impl From<Resource> for MessageResource {
    fn from(resource: Resource) -> Self {
        let created = resource.date_created.as_deref();
        Self {
            sid: resource.sid,
            status: resource.status,
            body: resource.body.unwrap_or_default(),
            created_at: created.and_then(|at| DateTimeParser::new().parse_timestamp(at).ok()),
            error_code: resource.error_code,
        }
    }
}

#[cfg(test)]
mod tests;
