//! The length of a message, as Twilio counts it (WA-1).

/// The longest message that Twilio takes, in UTF-16 units.
pub const LONGEST_MESSAGE: usize = 1_600;

/// The length of a text in UTF-16 units: an emoji has two or more, a combining mark has one.
#[must_use]
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Whether a text is one message.
#[must_use]
pub fn fits(text: &str) -> bool {
    units(text) <= LONGEST_MESSAGE
}
