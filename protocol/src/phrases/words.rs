//! A turn as normalised words. Compatibility forms, case, niqqud and punctuation make no difference
//! between words; Hebrew final letters do.

use unicode_normalization::UnicodeNormalization;

/// A turn's words, and whether it ends in a question.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) words: Vec<Word>,
    pub(super) asks: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Normalised.
    pub(super) text: String,
    /// It is the first, or a comma, full stop or the like stands before it.
    pub(super) after_break: bool,
    /// It stands between quotation marks, and these do not enclose the whole turn.
    pub(super) quoted: bool,
    /// It begins with a capital letter.
    pub(super) capital: bool,
    /// It could be a name: it has a capital letter, or a script without capitals.
    pub(super) may_be_name: bool,
}

impl Turn {
    pub(super) fn read(text: &str) -> Self {
        let letters: Vec<char> = text.nfkc().filter(|letter| !is_invisible(*letter)).collect();
        let mut words = Vec::new();
        let mut word = String::new();
        let (mut after_break, mut quote) = (true, None);
        for (at, &letter) in letters.iter().enumerate() {
            if letter.is_alphanumeric() {
                word.push(letter);
                continue;
            }
            let inside =
                !word.is_empty() && letters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
            if (is_apostrophe(letter) || is_quotation(letter)) && inside {
                continue;
            }
            finish(&mut words, &mut word, &mut after_break);
            after_break |= is_break(letter);
            if is_quotation(letter) {
                let opens = letters.get(at + 1).is_some_and(|next| next.is_alphanumeric());
                match quote.take() {
                    // An unclosed quotation mark quotes nothing.
                    Some(from) => mark_quoted(&mut words, from),
                    None if opens => quote = Some(words.len()),
                    None => {}
                }
            }
        }
        finish(&mut words, &mut word, &mut after_break);
        let last = letters.iter().rev().find(|l| !l.is_whitespace() && !is_quotation(**l));
        let asks = matches!(last, Some('?' | '؟'));
        Self { words, asks }
    }
}

fn finish(words: &mut Vec<Word>, word: &mut String, after_break: &mut bool) {
    let Some(first) = word.chars().next() else { return };
    let has_case = first.is_uppercase() || first.is_lowercase();
    words.push(Word {
        text: word.chars().flat_map(char::to_lowercase).collect(),
        after_break: std::mem::take(after_break),
        quoted: false,
        capital: first.is_uppercase(),
        may_be_name: first.is_uppercase() || (first.is_alphabetic() && !has_case),
    });
    word.clear();
}

/// Quotation marks around a whole turn are the transcriber's own.
fn mark_quoted(words: &mut [Word], from: usize) {
    if from > 0 {
        words[from..].iter_mut().for_each(|word| word.quoted = true);
    }
}

/// Niqqud and cantillation, joiners, marks of direction.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}'..='\u{05C2}' | '\u{05C4}'..='\u{05C5}'
        | '\u{05C7}' | '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// An apostrophe or geresh.
fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{05F3}' | '`' | '\u{02BC}')
}

/// Quotation marks and gershayim.
fn is_quotation(letter: char) -> bool {
    matches!(letter, '"' | '\u{201C}'..='\u{201F}' | '«' | '»' | '\u{05F4}')
}

/// Separates clauses. A hyphen or maqaf separates words only.
fn is_break(letter: char) -> bool {
    matches!(
        letter,
        ',' | '.'
            | ';'
            | ':'
            | '!'
            | '?'
            | '…'
            | '–'
            | '—'
            | '('
            | ')'
            | '\n'
            | '\u{05C3}'
            | '،'
            | '؟'
            | '؛'
    )
}
