//! The facts of a call that are known when its webhook is answered and never change.

use std::sync::Arc;
use std::time::Duration;

use super::lead::LeadFacts;
use crate::business::{BusinessSettings, Lines, OpeningLine};
use crate::ids::{BusinessId, CallSid, PhoneNumber};
use crate::twilio::forms::{Caller, Direction};
use crate::twilio::twiml::Dial;

/// What the voice webhook and its one read of the database give (CALL-1).
#[derive(Debug, Clone)]
pub struct CallSetup {
    /// The call.
    pub call_sid: CallSid,
    /// The tenant.
    pub business: BusinessId,
    /// The tenant's settings.
    pub settings: Arc<BusinessSettings>,
    /// The tenant's scripted lines.
    pub lines: Arc<Lines>,
    /// How the call opens (GREET-1).
    pub opening: OpeningLine,
    /// Who called whom; there is no setter (CALL-3).
    pub direction: Direction,
    /// The person at the other end.
    pub person: Caller,
    /// The business's own number in this call.
    pub business_number: PhoneNumber,
    /// The version of the business's prompt.
    pub prompt_version: i32,
    /// The system prompt of this call (PROMPT-1).
    pub instructions: Arc<str>,
    /// What is known of the person.
    pub lead: LeadFacts,
    /// How the caller is put through to a person; none if the business has nobody (CALL-10).
    pub transfer: Option<Dial>,
    /// How long a session may be missing before the caller hears the apology (RES-3).
    pub upstream_patience: Duration,
    /// How long the stream may take to open (CALL-2) or to come back (CALL-5).
    pub stream_patience: Duration,
}
