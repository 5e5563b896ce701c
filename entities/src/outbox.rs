//! Events for other systems, and lines to the owner (OPS-13).
//!
//! Whoever changes a row writes the event in the same transaction, with `tell`: one statement,
//! which writes nothing if nobody wants the event. Any daemon sends it: a row is claimed by a lease with an
//! end. Events of one series, such as a call, wait for the earlier ones until those are sent or dead.

mod claiming;
mod data;
mod listing;
mod preparing;
mod receiver;
mod writing;

use jiff::Timestamp;
use protocol::ids::BusinessId;
use protocol::webhooks::{EventKind, Target};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::column;
use crate::error::RecordsError;
use crate::tables::outbox::Model;

pub use crate::values::OutboxState;
pub use claiming::{Claimed, Outcome, claim, due, release, release_all, settle};
pub use listing::{Backlog, OutboxFilter, Which, backlog, latest, list, resend};
pub use preparing::prepare;
pub(crate) use receiver::store_subscriptions;
pub use receiver::{ImportOutbox, ImportWebhook, Receiver, has_secret, receiver};
pub(crate) use writing::{CallEnd, NewEvent, tell, tell_end, tell_of_need};

use data::NeedsPersonData;
pub(crate) use data::{AppointmentData, LeadData, MessageData};

/// An event's place in the outbox. Later events have higher ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Number(pub i64);

/// An event, without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRecord {
    pub number: Number,
    /// Receivers know it by this, in `webhook-id`.
    pub id: Uuid,
    pub business_id: BusinessId,
    pub target: Target,
    pub kind: EventKind,
    /// The call that it is of.
    pub call_sid: Option<String>,
    pub state: OutboxState,
    pub created_at: Timestamp,
    /// When it is tried next, if it waits.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    pub first_tried_at: Option<Timestamp>,
    pub sent_at: Option<Timestamp>,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

impl TryFrom<Model> for OutboxRecord {
    type Error = RecordsError;

    fn try_from(row: Model) -> Result<Self, RecordsError> {
        Ok(Self {
            number: Number(row.number),
            id: row.id,
            business_id: BusinessId(row.business_id),
            target: target(&row.target)?,
            kind: kind(&row.event)?,
            call_sid: row.call_sid,
            state: row.state,
            created_at: column::instant("outbox.created_at", row.created_at)?,
            due_at: column::instant("outbox.due_at", row.due_at)?,
            tries: column::number("outbox.tries", row.tries)?,
            first_tried_at: column::optional_instant("outbox.first_tried_at", row.first_tried_at)?,
            sent_at: column::optional_instant("outbox.sent_at", row.sent_at)?,
            last_error: row.last_error,
        })
    }
}

fn kind(name: &str) -> Result<EventKind, RecordsError> {
    EventKind::named(name).ok_or(RecordsError::Corrupt { column: "outbox.event" })
}

fn target(name: &str) -> Result<Target, RecordsError> {
    let found = Target::ALL.into_iter().find(|target| target.as_str() == name);
    found.ok_or(RecordsError::Corrupt { column: "outbox.target" })
}
