//! The status callback: how far a call has come.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::{AnsweredBy, CallStatus, FieldError, Form, Leg};
use crate::ids::{AccountSid, CallSid};

/// What `/twilio/status` is told. The callbacks of one call come as separate requests: some may be
/// lost, and a later one may arrive first.
///
/// Only the call and its status are required: a terminal status must not be lost to an oddity in
/// another field, since it is what closes the call's stream and session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusForm {
    /// The call.
    pub call_sid: CallSid,
    /// The account that owns it.
    pub account_sid: Option<AccountSid>,
    /// How far it has come.
    pub status: CallStatus,
    /// The kind of leg.
    pub leg: Option<Leg>,
    /// How long the call lasted, in seconds; with a terminal status only. (`CallDuration`; the
    /// field `Duration` is the billed minutes.)
    pub duration_secs: Option<u32>,
    /// The callback's place among those of its call, from 0. A number's callback may have none.
    pub sequence: Option<u64>,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
    /// Who answered, when answering machine detection was asked for.
    pub answered_by: Option<AnsweredBy>,
    /// The SIP status the call ended with: 487 nobody answered, 404 cannot be reached.
    pub sip_response_code: Option<u16>,
}

impl StatusForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid` or `CallStatus`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call_sid: form.required("CallSid")?,
            account_sid: form.optional("AccountSid"),
            status: form.required("CallStatus")?,
            leg: form.optional("Direction"),
            duration_secs: form.optional("CallDuration"),
            sequence: form.optional("SequenceNumber"),
            timestamp: form.get("Timestamp").and_then(rfc2822),
            answered_by: form.optional("AnsweredBy"),
            sip_response_code: form.optional("SipResponseCode"),
        })
    }
}

/// RFC 2822 in call callbacks; a stream's callback has ISO 8601.
fn rfc2822(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}
