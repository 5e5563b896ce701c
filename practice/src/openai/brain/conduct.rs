//! The conduct that a system prompt asks for (PROMPT-2), found in its words. A model that is not
//! told a rule doesn't follow it: a prompt that lost one is found out in the conversation.

use super::words::plain;
use super::{Line, language_of};

/// The rules that a prompt holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conduct<'a> {
    /// The call's first language; without the rule it is that of the prompt.
    first_language: &'static str,
    /// A caller's other language is switched to, and stays.
    stays: bool,
    /// What is asked after a question was answered, instead of going on by oneself.
    go_on: Option<&'a str>,
    /// One open question at a time.
    one_question: bool,
}

/// How the rules are worded in one language.
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

/// Words that people of every language say: they tell nothing of theirs.
const OF_EVERY_LANGUAGE: [&str; 4] = ["ok", "okay", "hello", "bye"];

/// How the daemon writes down keys that were pressed: nobody spoke that.
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

    /// The language to speak in now. Without the rule, it is that of the caller's last words.
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

    /// What to ask after an answer in this language, if the rule is there; `like` is its like in
    /// languages other than the rule's own.
    pub(super) fn go_on(&self, language: &str, like: &'a str) -> Option<&'a str> {
        self.go_on.map(|question| if language_of(question) == language { question } else { like })
    }

    pub(super) fn asks_one_question(&self) -> bool {
        self.one_question
    }
}

/// The language of spoken words, where they tell it.
fn spoken_in(words: &str) -> Option<&'static str> {
    let telling =
        |word: &str| word.chars().any(char::is_alphabetic) && !OF_EVERY_LANGUAGE.contains(&word);
    let words = plain(words);
    let tell = !words.trim_start().starts_with(PRESSED) && words.split(' ').any(telling);
    tell.then(|| language_of(&words))
}

/// The language whose name the rest of a prompt begins with.
fn named(rest: &str) -> &'static str {
    if rest.starts_with("עברית") || rest.starts_with("Hebrew") { "he" } else { "en" }
}
