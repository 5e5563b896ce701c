//! Compares words as people hear them: without case, niqqud and punctuation.

/// The words of a text in comparable form, joined by single spaces, with a space at both ends.
pub(super) fn plain(text: &str) -> String {
    let letters: String = text
        .chars()
        .filter(|letter| !('\u{0591}'..='\u{05C7}').contains(letter))
        .map(|letter| if letter.is_alphanumeric() || letter == ':' { letter } else { ' ' })
        .collect();
    let words: Vec<String> = letters.split_whitespace().map(str::to_lowercase).collect();
    format!(" {} ", words.join(" "))
}

/// Whether the text contains any of the phrases as whole words.
pub(super) fn has_any(text: &str, phrases: &[String]) -> bool {
    let text = plain(text);
    phrases.iter().any(|phrase| text.contains(&plain(phrase)))
}

/// Whether the text has a question mark.
pub(super) fn asks(text: &str) -> bool {
    text.contains(['?', '؟', '？'])
}
