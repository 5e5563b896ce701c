//! The voice webhook: a call wants to know how it goes on.

use super::{AnsweredBy, CallStatus, Caller, Direction, FieldError, Form, Leg};
use crate::ids::{AccountSid, CallSid, PhoneNumber};

/// What `/twilio/voice` and `/twilio/voice/resume` are asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceForm {
    /// The call.
    pub call_sid: CallSid,
    /// The account that owns it.
    pub account_sid: AccountSid,
    /// The end that called.
    pub from: Caller,
    /// The end that was called.
    pub to: Caller,
    /// The kind of leg, and with it the direction.
    pub leg: Leg,
    /// `ringing` for a new inbound call, `in-progress` for an answered or a resumed one.
    pub call_status: CallStatus,
    /// Who answered, when an outbound call asked for answering machine detection.
    pub answered_by: Option<AnsweredBy>,
    /// Why Twilio asks here at all, when this is the fallback for another address that failed.
    pub error_code: Option<u32>,
    /// The address that failed.
    pub error_url: Option<String>,
}

impl VoiceForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the first field without which the call cannot be answered.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        let leg: Leg = form.required("Direction")?;
        let [from, to] = ["From", "To"].map(|end| form.get(end).unwrap_or_default());
        let (from, to) = match leg.direction() {
            Direction::Inbound => {
                let ours = Caller::read(to, None);
                (Caller::read(from, ours.number()), ours)
            }
            Direction::Outbound => {
                let ours = Caller::read(from, None);
                let theirs = Caller::read(to, ours.number());
                (ours, theirs)
            }
        };
        Ok(Self {
            call_sid: form.required("CallSid")?,
            account_sid: form.required("AccountSid")?,
            from,
            to,
            leg,
            call_status: form.required("CallStatus")?,
            answered_by: form.optional("AnsweredBy"),
            error_code: form.optional("ErrorCode"),
            error_url: form.get("ErrorUrl").map(str::to_owned),
        })
    }

    /// The direction of the call.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.leg.direction()
    }

    /// The number by which the business is found: `To` of an inbound call, `From` of an outbound
    /// one. None when that end is no number, and then no business has it.
    #[must_use]
    pub fn business_number(&self) -> Option<&PhoneNumber> {
        match self.direction() {
            Direction::Inbound => self.to.number(),
            Direction::Outbound => self.from.number(),
        }
    }

    /// The person at the other end.
    #[must_use]
    pub fn person(&self) -> &Caller {
        match self.direction() {
            Direction::Inbound => &self.from,
            Direction::Outbound => &self.to,
        }
    }
}
