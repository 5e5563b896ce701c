//! The rules of conduct that a system prompt contains (PROMPT-2).
//!
//! The model does not follow a rule that the prompt lacks, so a conversation reveals a prompt that lost
//! one.

use super::language::language_of;
use super::turn::Line;
use super::words::plain;

/// The rules of one prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conduct<'a> {
    /// The call's first language. Without the rule it is the prompt's language.
    first_language: &'static str,
    /// Switch to the caller's language and keep it.
    stays: bool,
    /// What to ask after answering a question, instead of going on.
    go_on: Option<&'a str>,
    /// Ask one open question at a time.
    one_question: bool,
}

/// The wording of the rules in one language.
struct Wording {
    first_language: &'static str,
    switch: &'static str,
    answer_first: &'static str,
    one_question: &'static str,
}

const WORDINGS: [Wording; 2] = [
    Wording {
        first_language: "שפת ברירת המחדל היא ",
        switch: "לעבור לאותה שפה עד סוף השיחה",
        answer_first: "לא לקדם את השיחה באותה תשובה, לשאול \"",
        one_question: "לשאול שאלה פתוחה אחת בכל פעם",
    },
    Wording {
        first_language: "The call's first language is ",
        switch: "switch to it for the rest of the call",
        answer_first: "don't move the conversation on in that reply, ask \"",
        one_question: "one open question at a time",
    },
];

/// Words used in every language. They say nothing about the speaker's language.
const OF_EVERY_LANGUAGE: [&str; 4] = ["ok", "okay", "hello", "bye"];

/// The daemon's text for pressed keys. Nobody spoke it.
const PRESSED: &str = "the caller pressed ";

impl<'a> Conduct<'a> {
    pub(super) fn of(prompt: &'a str) -> Self {
        let after = |mark: &str| prompt.split_once(mark).map(|(_, rest)| rest);
        let first = WORDINGS.iter().find_map(|wording| after(wording.first_language));
        let go_on = WORDINGS.iter().find_map(|wording| after(wording.answer_first));
        Self {
            first_language: first.map_or_else(|| language_of(prompt), named),
            stays: WORDINGS.iter().any(|wording| prompt.contains(wording.switch)),
            go_on: go_on.and_then(|rest| rest.split_once('"')).map(|(question, _)| question),
            one_question: WORDINGS.iter().any(|wording| prompt.contains(wording.one_question)),
        }
    }

    /// The language to speak now. Without the rule it is the language of the caller's last words.
    pub(super) fn language(&self, history: &[Line]) -> &'static str {
        let mut spoken = history.iter().filter_map(|line| match line {
            Line::User(text) => spoken_in(text),
            Line::Assistant(_) | Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
        });
        let other = if self.stays {
            spoken.find(|language| *language != self.first_language)
        } else {
            spoken.next_back()
        };
        other.unwrap_or(self.first_language)
    }

    /// What to ask after an answer in this language; `None` without the rule. `other` is the question in
    /// languages other than the prompt's.
    pub(super) fn go_on(&self, language: &str, other: &'a str) -> Option<&'a str> {
        self.go_on.map(|question| if language_of(question) == language { question } else { other })
    }

    pub(super) fn asks_one_question(&self) -> bool {
        self.one_question
    }
}

/// The language of spoken words; `None` if they don't show it.
fn spoken_in(words: &str) -> Option<&'static str> {
    let telling =
        |word: &str| word.chars().any(char::is_alphabetic) && !OF_EVERY_LANGUAGE.contains(&word);
    let words = plain(words);
    let tell = !words.trim_start().starts_with(PRESSED) && words.split(' ').any(telling);
    tell.then(|| language_of(&words))
}

/// The language whose name begins the text.
fn named(rest: &str) -> &'static str {
    if rest.starts_with("עברית") || rest.starts_with("Hebrew") { "he" } else { "en" }
}
