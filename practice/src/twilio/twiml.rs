//! Reads TwiML strictly: what Twilio would skip, warn about or misread is a
//! [`Violation`](super::Violation). It shares nothing with the daemon's writer of TwiML.

mod document;
mod parser;
#[cfg(test)]
mod tests;
mod tree;

use super::debugger::Violation;

pub use self::document::RejectReason;
pub(super) use self::document::{Connect, Dial, Document, Say, Stream, Verb};

/// The largest document Twilio takes, in bytes.
const LARGEST: usize = 64 * 1024;

/// Reads a document.
///
/// # Errors
/// The violation that keeps the document from running at all.
pub(super) fn parse(text: &str) -> Result<Document, Violation> {
    if text.len() > LARGEST {
        return Err(Violation::DocumentTooLarge(text.len()));
    }
    let root = tree::Element::read(text)?;
    parser::document(&root)
}
