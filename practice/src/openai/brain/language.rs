//! The language of a text.

/// The language of a text as an ISO 639-1 code: `he` if it has Hebrew letters, else `en`.
#[must_use]
pub fn language_of(text: &str) -> &'static str {
    if text.chars().any(|letter| ('\u{0590}'..='\u{05FF}').contains(&letter)) { "he" } else { "en" }
}
