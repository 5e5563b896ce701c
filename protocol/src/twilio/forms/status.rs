//! The status callback of a call.

use super::{CallStatus, FieldError, Form};
use crate::ids::CallSid;

/// The form of `/twilio/status`. The callbacks of one call are separate requests: one may be lost, and a
/// later one may arrive first.
///
/// Only the call and its status are required. A terminal status closes the call's stream and session, so
/// an odd value in another field must not lose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusForm {
    /// `CallSid`.
    pub call_sid: CallSid,
    /// `CallStatus`.
    pub status: CallStatus,
    /// `CallDuration`: how long the call lasted, in seconds; with a terminal status only. (The field
    /// `Duration` is the billed minutes.)
    pub duration_secs: Option<u32>,
}

impl StatusForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid` or `CallStatus`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call_sid: form.required("CallSid")?,
            status: form.required("CallStatus")?,
            duration_secs: form.optional("CallDuration"),
        })
    }
}
