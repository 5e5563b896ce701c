//! Splits Rust source text into words and symbols. Comments, strings and lifetimes are dropped.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, a keyword or a number.
    Word(String),
    /// `::`
    PathSeparator,
    Symbol(char),
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::PathSeparator | Self::Symbol(_) => None,
        }
    }

    pub(super) fn is(&self, symbol: char) -> bool {
        *self == Self::Symbol(symbol)
    }
}

pub(super) fn tokens(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&first) = text.get(at) {
        let next = text.get(at + 1).copied();
        at = match (first, next) {
            ('/', Some('/')) => end_of_line(&text, at),
            ('/', Some('*')) => end_of_block_comment(&text, at),
            ('"', _) => end_of_string(&text, at),
            ('\'', _) => end_of_char_or_lifetime(&text, at),
            (':', Some(':')) => {
                tokens.push(Token::PathSeparator);
                at + 2
            }
            _ if is_word(first) => word_or_string(&text, at, &mut tokens),
            _ => {
                if !first.is_whitespace() {
                    tokens.push(Token::Symbol(first));
                }
                at + 1
            }
        };
    }
    tokens
}

fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

/// Reads a word, or the string whose prefix it is, as in `b"…"`, `r#"…"#` and `c"…"`.
fn word_or_string(text: &[char], start: usize, tokens: &mut Vec<Token>) -> usize {
    let end = start + text[start..].iter().take_while(|c| is_word(**c)).count();
    let word: String = text[start..end].iter().collect();
    let hashes = text[end..].iter().take_while(|c| **c == '#').count();
    let quote = text.get(end + hashes) == Some(&'"');
    match word.as_str() {
        "r" | "br" | "cr" if quote => end_of_raw_string(text, end, hashes),
        "b" | "c" if quote && hashes == 0 => end_of_string(text, end),
        "b" if text.get(end) == Some(&'\'') => end_of_char_or_lifetime(text, end),
        // A raw identifier: the word follows.
        "r" if hashes == 1 => end + 1,
        _ => {
            tokens.push(Token::Word(word));
            end
        }
    }
}

fn end_of_line(text: &[char], start: usize) -> usize {
    start + text[start..].iter().take_while(|c| **c != '\n').count()
}

fn end_of_block_comment(text: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < text.len() {
        let pair = (text[at], text.get(at + 1).copied());
        match pair {
            ('/', Some('*')) => depth += 1,
            ('*', Some('/')) => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn end_of_string(text: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < text.len() && text[at] != '"' {
        at += if text[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn end_of_raw_string(text: &[char], word_end: usize, hashes: usize) -> usize {
    let mut at = word_end + hashes + 1;
    while at < text.len() {
        let closing = text[at + 1..].iter().take_while(|c| **c == '#').count();
        if text[at] == '"' && closing >= hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    at
}

fn end_of_char_or_lifetime(text: &[char], start: usize) -> usize {
    match (text.get(start + 1), text.get(start + 2)) {
        (Some('\\'), _) => {
            // Skips the escaped character, which may be a quote.
            let rest = text[start + 3..].iter().take_while(|c| **c != '\'').count();
            start + 3 + rest + 1
        }
        (_, Some('\'')) => start + 3,
        _ => start + 1 + text[start + 1..].iter().take_while(|c| is_word(**c)).count(),
    }
}

mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).iter().filter_map(|token| token.word().map(ToOwned::to_owned)).collect()
    }

    #[test]
    fn comments_strings_characters_and_lifetimes_hold_no_words() {
        let source = r####"a // no::no
            /* no /* no */ no */ b "no \" no" c r#"no " no"# d b"no" e '"' f '\'' g b'"' h
            <'no> i r#type"####;
        assert_eq!(words(source), ["a", "b", "c", "d", "e", "f", "g", "h", "i", "type"]);
    }

    #[test]
    fn paths_are_words_and_separators() {
        let word = |word: &str| Token::Word(word.to_owned());
        let expected = [word("a"), Token::PathSeparator, word("b"), Token::Symbol(':')];
        assert_eq!(tokens("a::b:"), expected);
    }
}
