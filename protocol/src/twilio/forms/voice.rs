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
    /// `ForwardedFrom` and `CalledVia`: the numbers that passed the call on, if the carrier names them.
    pub forwarded_by: Vec<PhoneNumber>,
    /// `ErrorUrl`: the address that failed, if Twilio asks because of an error. It can be a recording.
    pub error_url: Option<String>,
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
        let home = match direction {
            Direction::Inbound => to.number(),
            Direction::Outbound => from.number(),
        };
        let forwarded_by = ["ForwardedFrom", "CalledVia"]
            .into_iter()
            .filter_map(|field| Party::read(form.get(field)?, home).number().cloned())
            .collect();
        Ok(Self {
            call_sid: form.required("CallSid")?,
            direction,
            forwarded_by,
            error_url: form.get("ErrorUrl").map(str::to_owned),
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

    /// Whether Twilio asks because it could not fetch or play the file at `url`. A fragment is not sent.
    #[must_use]
    pub fn failed_at(&self, url: &str) -> bool {
        let bare = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
        self.error_url.as_deref().is_some_and(|failed| bare(failed) == bare(url))
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
