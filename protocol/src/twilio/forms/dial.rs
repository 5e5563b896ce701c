//! The `action` request of a `<Dial>`: how a transfer ended.

use super::wire_enum::wire_enum;
use super::{FieldError, Form};
use crate::ids::CallSid;

wire_enum! {
    /// The form field `DialCallStatus`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum DialStatus {
        /// The person answered, and one of the two has hung up.
        Completed = "completed",
        /// The person answered.
        Answered = "answered",
        /// The person was busy.
        Busy = "busy",
        /// The person did not answer within the timeout.
        NoAnswer = "no-answer",
        /// The person could not be called.
        Failed = "failed",
        /// The caller hung up before anyone answered.
        Canceled = "canceled",
    }
}

/// The form of `/twilio/voice/transfer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialForm {
    /// `CallSid`: the transferred call, not the leg to the person.
    pub call_sid: CallSid,
    /// `DialCallStatus`. `None` if it is missing or unknown.
    pub status: Option<DialStatus>,
}

impl DialForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] if `CallSid` can't be read.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        let status = form.optional("DialCallStatus");
        Ok(Self { call_sid: form.required("CallSid")?, status })
    }

    /// Whether the caller has spoken with the person. An unknown status means that nobody answered: who
    /// is left hears a word.
    #[must_use]
    pub fn was_answered(&self) -> bool {
        Self::has_answer(self.status)
    }

    /// As [`was_answered`](Self::was_answered), of a form whose `CallSid` may be unreadable.
    #[must_use]
    pub fn tells_of_an_answer(form: &Form) -> bool {
        Self::has_answer(form.optional("DialCallStatus"))
    }

    fn has_answer(status: Option<DialStatus>) -> bool {
        match status {
            Some(DialStatus::Completed | DialStatus::Answered) => true,
            Some(
                DialStatus::Busy | DialStatus::NoAnswer | DialStatus::Failed | DialStatus::Canceled,
            )
            | None => false,
        }
    }
}
