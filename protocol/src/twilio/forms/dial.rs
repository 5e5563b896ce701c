//! The action of a `<Dial>`: how a transfer went.

use super::words::words;
use super::{FieldError, Form};
use crate::ids::CallSid;

words! {
    /// How a `<Dial>` ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum DialStatus {
        /// The two spoke, and one hung up.
        Completed = "completed",
        /// The person answered.
        Answered = "answered",
        /// The person was busy.
        Busy = "busy",
        /// The person did not answer in time.
        NoAnswer = "no-answer",
        /// The person could not be called.
        Failed = "failed",
        /// The caller hung up before anyone answered.
        Canceled = "canceled",
    }
}

impl DialStatus {
    /// Whether the caller got to speak with a person.
    #[must_use]
    pub fn was_answered(self) -> bool {
        match self {
            Self::Completed | Self::Answered => true,
            Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => false,
        }
    }
}

/// What `/twilio/voice/transfer` is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialForm {
    /// The call that was transferred, not the leg to the person.
    pub call_sid: CallSid,
    /// How the transfer ended.
    pub status: DialStatus,
}

impl DialForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid` or `DialCallStatus`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self { call_sid: form.required("CallSid")?, status: form.required("DialCallStatus")? })
    }
}
