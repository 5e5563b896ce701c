//! The status callback of a media stream: the only way to learn why a socket never arrived.

use super::wire_enum::wire_enum;
use super::{FieldError, Form};
use crate::ids::CallSid;

wire_enum! {
    /// The form field `StreamEvent`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum StreamEvent {
        /// The media socket is open.
        Started = "stream-started",
        /// The stream has ended, whoever closed it.
        Stopped = "stream-stopped",
        /// The media socket could not be opened, or it broke.
        Error = "stream-error",
    }
}

/// The form of `/twilio/stream-status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStatusForm {
    /// `CallSid`.
    pub call_sid: CallSid,
    /// `StreamEvent`.
    pub event: StreamEvent,
    /// `StreamError`: Twilio's description of the error.
    pub error: Option<String>,
}

impl StreamStatusForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid` or `StreamEvent`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call_sid: form.required("CallSid")?,
            event: form.required("StreamEvent")?,
            error: form.get("StreamError").map(str::to_owned),
        })
    }
}
