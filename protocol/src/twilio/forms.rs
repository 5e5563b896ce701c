//! Webhook bodies: form-encoded pairs within limits ([`Form`]), and the typed forms read from them.
//! Unknown parameters are kept, because the signature covers all of them.

mod call;
mod dial;
mod form;
mod message;
mod party;
mod status;
mod stream_status;
mod voice;
mod wire_enum;

pub use call::{AnsweredBy, CallStatus, Direction};
pub use dial::{DialForm, DialStatus};
pub use form::{FieldError, Form, FormError};
pub use message::{DeliveryForm, DeliveryStatus, MessageFile, MessageForm, MessageKind};
pub use party::Party;
pub use status::StatusForm;
pub use stream_status::{StreamEvent, StreamStatusForm};
pub use voice::VoiceForm;
pub use wire_enum::UnknownValue;

#[cfg(test)]
mod tests;
