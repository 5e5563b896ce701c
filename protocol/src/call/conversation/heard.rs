//! How much of an interrupted item's text was heard.

/// A digit takes as long to say as so many letters: 22 is read as "twenty-two".
const LETTERS_OF_A_DIGIT: u64 = 4;

/// How much there is to say, in letters.
pub(in crate::call) fn letters(text: &str) -> u64 {
    text.chars().map(|sign| if sign.is_numeric() { LETTERS_OF_A_DIGIT } else { 1 }).sum()
}

/// Bytes of `text` that were heard, if its letters are spread evenly over `came_ms` of audio and
/// `heard_ms` of it were played. Whole words only: a word that was cut off was not said.
pub(super) fn heard_bytes(text: &str, heard_ms: u32, came_ms: u32) -> usize {
    if heard_ms >= came_ms {
        return if heard_ms == 0 { 0 } else { text.len() };
    }
    let heard = letters(text).saturating_mul(heard_ms.into()) / u64::from(came_ms);
    let (mut said, mut passed, mut at) = (0, 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let spoken = word.trim_end();
        if passed + letters(spoken) > heard {
            break;
        }
        if !spoken.is_empty() {
            said = at + spoken.len();
        }
        passed += letters(word);
        at += word.len();
    }
    said
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heard(text: &str, heard_ms: u32, came_ms: u32) -> &str {
        &text[..heard_bytes(text, heard_ms, came_ms)]
    }

    #[test]
    fn barge_6_the_words_heard_are_the_share_of_the_speech_that_was_played_in_whole_words() {
        let text = "one two three four";
        assert_eq!(heard(text, 0, 1_800), "");
        assert_eq!(heard(text, 299, 1_800), "", "a word cut off was not said");
        assert_eq!(heard(text, 300, 1_800), "one");
        assert_eq!(heard(text, 1_200, 1_800), "one two");
        assert_eq!(heard(text, 1_300, 1_800), "one two three");
        assert_eq!(heard(text, 1_800, 1_800), text);
        assert_eq!(heard(text, 0, 0), "", "nothing came, nothing was said");
        assert_eq!(heard("on the 22 of May", 1_000, 2_000), "on the", "digits take longer");
        assert_eq!(heard("שלום, מדברים מנעולי תל אביב", 1_000, 2_000), "שלום, מדברים");
    }

    proptest! {
        #[test]
        fn barge_6_what_was_heard_is_a_beginning_of_the_text_and_grows_with_the_time(
            text in "[a-zא-ת \n,.]{0,60}",
            came in 0_u32..10_000,
            one in 0_u32..10_000,
            more in 0_u32..10_000,
        ) {
            let (first, second) = (heard(&text, one, came), heard(&text, one + more, came));
            prop_assert!(text.starts_with(first) && second.starts_with(first));
        }
    }
}
