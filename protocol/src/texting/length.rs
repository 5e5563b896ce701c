//! The length of a message, as Twilio counts it (WA-1).

use thiserror::Error;

use crate::text::{Flaw, check_lines};

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

/// Why an operator's text is no message. It reads on from the name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextFlaw {
    /// It has no word.
    #[error("is empty: write a text")]
    Empty,
    /// It has more UTF-16 units than one message.
    #[error("has {0} characters, and {LONGEST_MESSAGE} are the most: shorten it")]
    TooLong(usize),
    /// It holds a character that does not belong there.
    #[error(transparent)]
    Control(Flaw),
}

/// An operator's text as one message.
///
/// # Errors
/// [`TextFlaw`] says what to change.
pub fn one_message(text: &str) -> Result<String, TextFlaw> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TextFlaw::Empty);
    }
    if !fits(text) {
        return Err(TextFlaw::TooLong(units(text)));
    }
    check_lines(text, LONGEST_MESSAGE).map_err(TextFlaw::Control)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wa_1_a_message_is_measured_in_utf_16_units() {
        let family = "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}";
        for (text, length) in
            [("a", 1), ("ש", 1), ("ש\u{5B8}", 2), ("\u{1F600}", 2), ("e\u{301}", 2), (family, 11)]
        {
            assert_eq!(units(text), length, "{text:?}");
            let most = LONGEST_MESSAGE / length;
            assert!(fits(&text.repeat(most)) && !fits(&text.repeat(most + 1)), "{text:?}");
        }
    }

    #[test]
    fn wa_1_an_operators_text_is_one_message_or_it_is_said_why_not() {
        assert_eq!(one_message(" שלום\nלך "), Ok("שלום\nלך".to_owned()));
        assert_eq!(one_message(" \n"), Err(TextFlaw::Empty));
        let long = "\u{1F600}".repeat(801);
        assert_eq!(one_message(&long), Err(TextFlaw::TooLong(1_602)));
        assert!(matches!(one_message("a\u{202E}b"), Err(TextFlaw::Control(_))));
    }
}
