//! The facts of a call that are known when its webhook is answered and never change.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lead::LeadFacts;
use super::renewal::SessionAges;
use super::snapshot::{SnapshotError, read};
use crate::business::{BusinessSettings, Lines, OpeningLine};
use crate::ids::{BusinessId, CallSid, PhoneNumber};
use crate::twilio::forms::{Direction, Party};
use crate::twilio::twiml::Dial;

/// What the voice webhook and its one database read give (CALL-1). Written as JSON with the first
/// snapshot: a resumed call has the settings and the prompt that it began with (RES-4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallSetup {
    /// Twilio's id.
    pub call_sid: CallSid,
    /// The tenant. Every query takes it.
    pub business: BusinessId,
    /// The tenant's settings, as they were at the webhook.
    pub settings: Arc<BusinessSettings>,
    /// The tenant's scripted lines, in its language.
    pub lines: Arc<Lines>,
    /// What the caller hears first (GREET-1).
    pub opening: OpeningLine,
    /// Whether the person called the business, or the business the person (CALL-3).
    pub direction: Direction,
    /// The number of the person at the other end; it may be withheld.
    pub person: Party,
    /// The business's number in this call.
    pub business_number: PhoneNumber,
    /// The version of the business's prompt, for the record.
    pub prompt_version: i32,
    /// The system prompt (PROMPT-1).
    pub instructions: Arc<str>,
    /// What the database knew of the person.
    pub lead: LeadFacts,
    /// Transfer target. `None` if not configured (CALL-10).
    pub transfer: Option<Dial>,
    /// How long a session, or the answer to an ask that failed, may be missing. Then the caller is put
    /// through, or hears the apology (RES-3, PIPE-10).
    pub upstream_patience: Duration,
    /// How long the stream may take to open (CALL-2), or to come back (CALL-5).
    pub stream_patience: Duration,
    /// How old a session may become (RES-3).
    pub session_ages: SessionAges,
    /// A call from a page of the console (CON-5): nothing is to come of it but its record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_test: bool,
}

impl CallSetup {
    /// Reads what [`Self::to_json`] has written.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`] says where, and what is wrong there.
    pub fn from_json(json: &str) -> Result<Self, SnapshotError> {
        read(json)
    }

    /// The facts as JSON.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`] if they can't be written: no facts of a call are such.
    pub fn to_json(&self) -> Result<String, SnapshotError> {
        serde_json::to_string(self)
            .map_err(|error| SnapshotError::Unreadable { why: error.to_string() })
    }
}
