//! The voice webhook: Twilio asks what a call does next.

use super::call::Leg;
use super::{AnsweredBy, Direction, FieldError, Form, Party};
use crate::ids::{CallSid, PhoneNumber};

/// The form of `/twilio/voice` and `/twilio/voice/resume`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceForm {
    /// `CallSid`.
    pub call_sid: CallSid,
    direction: Direction,
    from: Party,
    to: Party,
    /// `AnsweredBy`, if an outbound call asked for answering machine detection.
    pub answered_by: Option<AnsweredBy>,
}

impl VoiceForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid` or `Direction`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        let leg: Leg = form.required("Direction")?;
        let direction = leg.direction();
        let [from, to] = ["From", "To"].map(|end| form.get(end).unwrap_or_default());
        let (from, to) = match direction {
            Direction::Inbound => {
                let ours = Party::read(to, None);
                (Party::read(from, ours.number()), ours)
            }
            Direction::Outbound => {
                let ours = Party::read(from, None);
                let theirs = Party::read(to, ours.number());
                (ours, theirs)
            }
        };
        Ok(Self {
            call_sid: form.required("CallSid")?,
            direction,
            from,
            to,
            answered_by: form.optional("AnsweredBy"),
        })
    }

    /// The direction of the call (CALL-3).
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The number by which the business is found: `To` of an inbound call, `From` of an outbound one.
    /// `None` if that end has no number; then it belongs to no business.
    #[must_use]
    pub fn business_number(&self) -> Option<&PhoneNumber> {
        match self.direction {
            Direction::Inbound => self.to.number(),
            Direction::Outbound => self.from.number(),
        }
    }

    /// The person at the other end: `From` of an inbound call, `To` of an outbound one.
    #[must_use]
    pub fn person(&self) -> &Party {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::Outbound => &self.to,
        }
    }
}
