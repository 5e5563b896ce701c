//! The messages a carrier was given to send, and the 24-hour windows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::lock::locked;

/// A message that the daemon sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    pub sid: String,
    /// The sender, if the request named one.
    pub from: Option<String>,
    /// The messaging service, if the request named one.
    pub service: Option<String>,
    pub to: String,
    /// The text; `None` for a template.
    pub body: Option<String>,
    pub status: MessageStatus,
    /// Why it failed.
    pub error_code: Option<u32>,
    /// When it was accepted.
    pub made_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum MessageStatus {
    /// Accepted for a messaging service.
    Accepted,
    /// Accepted for a sender.
    Queued,
    Sent,
    Delivered,
    /// The person has opened it.
    Read,
    Failed,
    /// The carrier could not deliver it.
    Undelivered,
}

impl MessageStatus {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The messages of a carrier.
#[derive(Debug, Default)]
pub(super) struct MessageStore {
    sent: watch::Sender<Vec<SentMessage>>,
    /// When a person last wrote to a business: (person, business), each with `whatsapp:`.
    windows: Mutex<BTreeMap<(String, String), Timestamp>>,
    /// Persons to whom nothing may be sent.
    opted_out: Mutex<BTreeSet<String>>,
    /// Error codes of the next deliveries.
    failures: Mutex<VecDeque<u32>>,
}

/// How long after a person's last message free text may be sent.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

impl MessageStore {
    pub(super) fn sent(&self) -> watch::Receiver<Vec<SentMessage>> {
        self.sent.subscribe()
    }

    pub(super) fn add(&self, message: SentMessage) {
        self.sent.send_modify(|sent| sent.push(message));
    }

    pub(super) fn open_window(&self, person: String, business: String, now: Timestamp) {
        locked(&self.windows).insert((person, business), now);
    }

    pub(super) fn close_windows(&self) {
        locked(&self.windows).clear();
    }

    pub(super) fn is_window_open(&self, person: &str, business: &str, now: Timestamp) -> bool {
        let last = locked(&self.windows).get(&(person.to_owned(), business.to_owned())).copied();
        last.is_some_and(|last| now.duration_since(last) < WINDOW)
    }

    pub(super) fn set_opted_out(&self, person: &str, out: bool) {
        let mut opted_out = locked(&self.opted_out);
        if out {
            opted_out.insert(person.to_owned());
        } else {
            opted_out.remove(person);
        }
    }

    pub(super) fn is_opted_out(&self, person: &str) -> bool {
        locked(&self.opted_out).contains(person)
    }

    pub(super) fn plan_failure(&self, code: u32) {
        locked(&self.failures).push_back(code);
    }

    pub(super) fn next_failure(&self) -> Option<u32> {
        locked(&self.failures).pop_front()
    }

    pub(super) fn set_status(&self, sid: &str, status: MessageStatus, error_code: Option<u32>) {
        self.sent.send_modify(|sent| {
            if let Some(message) = sent.iter_mut().find(|message| message.sid == sid) {
                message.status = status;
                message.error_code = error_code;
            }
        });
    }
}

/// A message as it is accepted.
pub(super) fn accepted(
    sid: String,
    made_at: Timestamp,
    to: &str,
    from: Option<&str>,
    service: Option<&str>,
    body: Option<&str>,
) -> SentMessage {
    SentMessage {
        sid,
        from: from.map(str::to_owned),
        service: service.map(str::to_owned),
        to: to.to_owned(),
        body: body.map(str::to_owned),
        status: if service.is_some() { MessageStatus::Accepted } else { MessageStatus::Queued },
        error_code: None,
        made_at,
    }
}
