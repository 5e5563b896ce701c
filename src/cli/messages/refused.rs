//! Why a message by hand is not taken, or a conversation not marked.

use protocol::ids::{PhoneNumber, Slug};
use protocol::texting::{MOST_BY_HAND, TextFlaw};
use thiserror::Error;

/// Why a message by hand was not taken, or a conversation not marked.
#[derive(Debug, Error)]
pub enum MessagesError {
    #[error("{0} has never written to {1}: WhatsApp lets a business answer, not begin")]
    Unknown(PhoneNumber, Slug),
    #[error("the text {0}")]
    Text(#[from] TextFlaw),
    #[error("{0} has no whatsapp_number: give it one in its file, and import it again")]
    NoSender(Slug),
    #[error(
        "the person's last message is older than 24 h: WhatsApp delivers nothing but templates now; \
         call them, or wait until they write"
    )]
    WindowClosed,
    #[error("{MOST_BY_HAND} messages wait in this conversation already: try again later")]
    TooMany,
}
