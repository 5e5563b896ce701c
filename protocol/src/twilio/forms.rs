//! Webhook bodies: form-encoded pairs within limits ([`Form`]), and the forms Twilio sends about a
//! call, read from them. Parameters that are not known here are kept, since all are signed.

mod call;
mod dial;
mod form;
mod party;
mod status;
mod stream_status;
mod voice;
mod words;

pub use call::{AnsweredBy, CallStatus, Direction, Leg};
pub use dial::{DialForm, DialStatus};
pub use form::{FieldError, Form, FormError, MAX_BODY_BYTES, MAX_FIELDS};
pub use party::Caller;
pub use status::StatusForm;
pub use stream_status::{StreamEvent, StreamStatusForm};
pub use voice::VoiceForm;
pub use words::UnknownWord;

#[cfg(test)]
mod tests;
