//! What a name and a text may hold, whoever writes them: a business file, the API, the model, a caller.

use thiserror::Error;

/// Why a text is not taken. It reads on from the name of a key or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Flaw {
    /// It has more characters than this.
    #[error("is longer than {0} characters: shorten it")]
    TooLong(usize),
    /// A name holds a character that nobody sees, or that reorders the line.
    #[error(
        "holds the invisible character U+{:04X}: write it in one line, without control and \
         direction characters",
        u32::from(*.0)
    )]
    Invisible(char),
    /// A text holds a control character, of the line or of its direction.
    #[error("holds the control character U+{:04X}: take it out", u32::from(*.0))]
    Control(char),
}

/// Checks the name of a person or a business: one line, in which every character is seen.
///
/// # Errors
/// The first [`Flaw`].
pub fn check_name(name: &str, longest: usize) -> Result<(), Flaw> {
    if let Some(mark) = name.chars().find(|letter| is_directional(*letter)) {
        return Err(Flaw::Invisible(mark));
    }
    check_length(name, longest)
}

/// Checks a text of any number of lines. Databases and the model's JSON refuse some of the control
/// characters, others show or hide words that the reader takes for something else, and nobody means one.
///
/// # Errors
/// The first [`Flaw`].
pub fn check_lines(text: &str, longest: usize) -> Result<(), Flaw> {
    if let Some(mark) = text.chars().find(|letter| controls(*letter) && *letter != '\n') {
        return Err(Flaw::Control(mark));
    }
    check_length(text, longest)
}

/// Checks the length alone, in characters.
///
/// # Errors
/// [`Flaw::TooLong`].
pub fn check_length(text: &str, longest: usize) -> Result<(), Flaw> {
    if text.chars().count() > longest { Err(Flaw::TooLong(longest)) } else { Ok(()) }
}

/// Whether a text may not hold the character: control characters, and those that reorder or hide what stands
/// behind them. The marks and joiners with which Hebrew, Arabic, Persian and Thai are written are none.
pub(crate) fn controls(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

/// Marks that reorder or part a line of text. The joiners U+200C and U+200D are among them: as a part of
/// a name they can't be told from its absence.
fn is_directional(letter: char) -> bool {
    matches!(letter, '\u{061C}' | '\u{200B}'..='\u{200F}') || controls(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directions that are forced, other ends of lines, nothing, annotations, and the invisible alphabet.
    const HIDDEN: [char; 11] = [
        '\u{202A}',
        '\u{202B}',
        '\u{202C}',
        '\u{202D}',
        '\u{202E}',
        '\u{2066}',
        '\u{2069}',
        '\u{2029}',
        '\u{FEFF}',
        '\u{FFF9}',
        '\u{E0041}',
    ];

    #[test]
    fn ops_12_a_name_is_one_line_of_what_is_seen() {
        for good in ["Dana", "דנה כהן", "O'Brien-Šimić", "李小龍", "José 2", ""] {
            assert_eq!(check_name(good, 100), Ok(()), "{good}");
        }
        for (name, mark) in [
            ("Dana\u{202E}evil", '\u{202E}'),
            ("Dana\nCohen", '\n'),
            ("Dana\tCohen", '\t'),
            ("Da\u{0}na", '\u{0}'),
            ("\u{2067}Dana", '\u{2067}'),
            ("Dana\u{2028}", '\u{2028}'),
            ("Dana\u{85}", '\u{85}'),
            ("Da\u{200B}na", '\u{200B}'),
        ] {
            assert_eq!(check_name(name, 100), Err(Flaw::Invisible(mark)), "{name:?}");
        }
        assert_eq!(check_name("Dana", 3), Err(Flaw::TooLong(3)));
        let told = Flaw::Invisible('\u{202E}').to_string();
        assert!(told.starts_with("holds the invisible character U+202E: "), "{told}");
    }

    #[test]
    fn ops_12_a_text_keeps_its_lines_and_no_other_control_character() {
        assert_eq!(check_lines("קומה 3\nליד המעלית", 100), Ok(()));
        for mark in ['\u{0}', '\u{7}', '\t', '\r', '\u{1B}', '\u{7F}', '\u{9F}'] {
            assert_eq!(check_lines(&format!("a{mark}b"), 100), Err(Flaw::Control(mark)));
        }
        for mark in HIDDEN {
            assert_eq!(
                check_lines(&format!("a{mark}b"), 100),
                Err(Flaw::Control(mark)),
                "{mark:?}"
            );
            assert_eq!(
                check_name(&format!("a{mark}b"), 100),
                Err(Flaw::Invisible(mark)),
                "{mark:?}"
            );
        }
        for good in
            ["שלום\u{200F}!", "\u{200E}ABC\u{200E}", "می\u{200C}خواهم", "\u{061C}١", "👩\u{200D}💻"]
        {
            assert_eq!(check_lines(good, 100), Ok(()), "{good:?}");
        }
        assert_eq!(check_lines("ab", 1), Err(Flaw::TooLong(1)));
        assert_eq!(
            Flaw::Control('\u{7}').to_string(),
            "holds the control character U+0007: take it out"
        );
    }
}
