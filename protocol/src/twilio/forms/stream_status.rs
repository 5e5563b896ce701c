//! The stream's status callback: the only way to learn why a media socket never arrived.

use jiff::Timestamp;

use super::words::words;
use super::{FieldError, Form};
use crate::ids::{CallSid, StreamSid};

words! {
    /// What happened to a stream.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum StreamEvent {
        /// The media socket is open.
        Started = "stream-started",
        /// The stream has ended, also when the daemon closed it.
        Stopped = "stream-stopped",
        /// The media socket could not be opened, or broke.
        Error = "stream-error",
    }
}

/// What `/twilio/stream-status` is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamStatusForm {
    /// The call the stream belongs to.
    pub call_sid: CallSid,
    /// The stream.
    pub stream_sid: StreamSid,
    /// What happened.
    pub event: StreamEvent,
    /// Twilio's words for what went wrong.
    pub error: Option<String>,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
}

impl StreamStatusForm {
    /// Reads the form.
    ///
    /// # Errors
    /// [`FieldError`] names the field: `CallSid`, `StreamSid` or `StreamEvent`.
    pub fn read(form: &Form) -> Result<Self, FieldError> {
        Ok(Self {
            call_sid: form.required("CallSid")?,
            stream_sid: form.required("StreamSid")?,
            event: form.required("StreamEvent")?,
            error: form.get("StreamError").map(str::to_owned),
            timestamp: form.optional("Timestamp"),
        })
    }
}
