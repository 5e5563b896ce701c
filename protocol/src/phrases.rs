//! What a turn's words say about the end of a call: a goodbye, a "no thanks", mere courtesy, or none
//! of these (END-4). The default lists are `business::phrases`; what follows from a reading is `call`'s.
//!
//! Whole words are compared after normalisation (`words`). Only the end of a turn says goodbye, and
//! only a turn that says nothing else declines: in doubt the model answers and the call goes on.

mod courtesies;
mod words;

use crate::business::Ending;
use courtesies::{
    AGENT_DECLINES, ANOTHER_MEANING, COURTESIES, FILLERS, MENTIONS, NO, NOT_NAMES, QUESTION_WORDS,
    WISHES,
};
use words::{Turn, Word};

/// The phrases in force in one business.
#[derive(Debug, Clone)]
pub struct Phrases {
    goodbyes: Vec<Vec<String>>,
    declines: Vec<Vec<String>>,
}

/// What a turn says about the end of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// There is not a word in it.
    Wordless,
    /// It is nothing but a goodbye, with courtesies and names.
    Farewell,
    /// Its last words are a goodbye; it says something else before.
    Goodbye,
    /// It is nothing but thanks or another courtesy.
    Courtesy,
    /// It is nothing but "no thanks".
    Decline,
    /// None of these: it wants an answer.
    Other,
}

impl Reading {
    /// Whether the turn ends in a goodbye.
    #[must_use]
    pub fn is_goodbye(self) -> bool {
        match self {
            Self::Farewell | Self::Goodbye => true,
            Self::Wordless | Self::Courtesy | Self::Decline | Self::Other => false,
        }
    }

    /// Whether there is something in it that wants an answer, even from an agent who has said
    /// goodbye (END-6).
    #[must_use]
    pub fn wants_an_answer(self) -> bool {
        match self {
            Self::Goodbye | Self::Decline | Self::Other => true,
            Self::Wordless | Self::Farewell | Self::Courtesy => false,
        }
    }
}

impl Phrases {
    /// The phrases of a business: its own lists, or the default ones.
    #[must_use]
    pub fn of(ending: &Ending) -> Self {
        Self::new(&ending.goodbyes(), &ending.declines())
    }

    /// Phrases as they are spoken. One without a word in it never matches.
    #[must_use]
    pub fn new(goodbyes: &[&str], declines: &[&str]) -> Self {
        Self { goodbyes: longest_first(goodbyes), declines: longest_first(declines) }
    }

    /// Reads a turn of the caller.
    #[must_use]
    pub fn read(&self, text: &str) -> Reading {
        let turn = Turn::read(text);
        if turn.words.is_empty() {
            return Reading::Wordless;
        }
        if turn.asks {
            return Reading::Other;
        }
        let rest = self.without_goodbye(&turn.words);
        let before = rest.unwrap_or(&turn.words);
        let said = self.all_said(before);
        match (rest.is_some(), said) {
            (true, Said { other: false, .. }) => Reading::Farewell,
            (true, Said { other: true, .. }) => Reading::Goodbye,
            (false, Said { other: false, decline: true, .. }) => Reading::Decline,
            (false, Said { other: false, decline: false, courtesy: true, no: false }) => {
                Reading::Courtesy
            }
            (false, _) => Reading::Other,
        }
    }

    /// Whether what the agent said ends the exchange by itself: in a goodbye, or in the polite words
    /// that answer a "no thanks" (END-3).
    #[must_use]
    pub fn closes_politely(&self, agent: &str) -> bool {
        let turn = Turn::read(agent);
        if turn.asks {
            return false;
        }
        let says = |phrase: &&'static str| {
            let phrase = words_of(phrase);
            turn.words.windows(phrase.len().max(1)).any(|words| same(words, &phrase))
        };
        self.without_goodbye(&turn.words).is_some() || AGENT_DECLINES.iter().any(says)
    }

    /// What stands before the goodbye that a turn ends in; none if it ends in none.
    fn without_goodbye<'a>(&self, words: &'a [Word]) -> Option<&'a [Word]> {
        (0..words.len()).rev().find_map(|from| {
            let phrase =
                (self.goodbyes.iter()).find(|phrase| starts_joined(&words[from..], phrase))?;
            let (before, after) = (&words[..from], &words[from + phrase.len()..]);
            let found = &words[from..from + phrase.len()];
            let meant = !found.iter().any(|word| word.quoted)
                && !self.means_something_else(before, found)
                && self.is_tail(before, found, after);
            meant.then_some(before)
        })
    }

    /// The words before make something else of it: they name it, or ask, or it is a verb here.
    fn means_something_else(&self, before: &[Word], found: &[Word]) -> bool {
        let clause = clause_before(before, found);
        let [first, ..] = clause else { return false };
        let last = clause[clause.len() - 1].text.as_str();
        let declined = self.declines.iter().any(|phrase| ends(clause, phrase));
        let another = ANOTHER_MEANING
            .iter()
            .any(|(word, after)| *word == found[0].text && holds(after, last));
        let asks = holds(QUESTION_WORDS, &first.text);
        holds(MENTIONS, last) || asks || (another && !declined)
    }

    /// Whether only courtesies, names and further goodbyes follow a goodbye.
    fn is_tail(&self, before: &[Word], found: &[Word], after: &[Word]) -> bool {
        if after.iter().all(is_courtesy) {
            return true;
        }
        // A name can only be told from another word where the goodbye stands by itself.
        let clause = clause_before(before, found);
        if self.all_said(clause).other {
            return false;
        }
        let names = after.iter().filter(|word| !is_courtesy(word)).collect::<Vec<_>>();
        let known = names.iter().all(|word| word.may_be_name && !not_a_name(word));
        known && (names.len() == 1 || (names.len() == 2 && names.iter().all(|w| w.capital)))
    }

    /// What kinds of words these are, taken as phrases, longest first.
    fn all_said(&self, words: &[Word]) -> Said {
        let mut said = Said::default();
        let mut rest = words;
        while let [first, others @ ..] = rest {
            let phrase = |list: &[Vec<String>]| {
                list.iter().find(|phrase| starts(rest, phrase)).map(Vec::len)
            };
            if let Some(length) = phrase(&self.goodbyes) {
                said.courtesy = true;
                rest = &rest[length..];
            } else if let Some(length) = phrase(&self.declines) {
                said.decline = true;
                rest = &rest[length..];
            } else {
                match first.text.as_str() {
                    word if holds(COURTESIES, word) => said.courtesy = true,
                    word if holds(NO, word) => said.no = true,
                    word if holds(WISHES, word) || holds(FILLERS, word) => {}
                    _ => said.other = true,
                }
                rest = others;
            }
        }
        said
    }
}

/// What kinds of words a stretch of a turn holds.
#[derive(Debug, Default)]
struct Said {
    decline: bool,
    courtesy: bool,
    no: bool,
    other: bool,
}

/// The words of the same clause that stand right before `found`.
fn clause_before<'a>(before: &'a [Word], found: &[Word]) -> &'a [Word] {
    if found[0].after_break {
        return &[];
    }
    let from = before.iter().rposition(|word| word.after_break).unwrap_or(0);
    &before[from..]
}

/// Whether a table of words holds this one.
fn holds(table: &str, word: &str) -> bool {
    table.split_whitespace().any(|known| known == word)
}

fn is_courtesy(word: &Word) -> bool {
    let word = word.text.as_str();
    holds(COURTESIES, word) || holds(WISHES, word)
}

fn not_a_name(word: &Word) -> bool {
    holds(NOT_NAMES, &word.text)
}

fn starts(words: &[Word], phrase: &[String]) -> bool {
    words.get(..phrase.len()).is_some_and(|words| same(words, phrase))
}

/// As `starts`, and a Hebrew "and" may be written with the first word: "תודה ולהתראות".
fn starts_joined(words: &[Word], phrase: &[String]) -> bool {
    let [first, rest @ ..] = words else { return false };
    let [wanted, others @ ..] = phrase else { return false };
    let joined = first.text.strip_prefix('ו').is_some_and(|word| word == wanted);
    (first.text == *wanted || joined) && (others.is_empty() || starts(rest, others))
}

fn ends(words: &[Word], phrase: &[String]) -> bool {
    let from = words.len().checked_sub(phrase.len());
    from.is_some_and(|from| same(&words[from..], phrase))
}

fn same(words: &[Word], phrase: &[String]) -> bool {
    !phrase.is_empty() && words.iter().map(|word| &word.text).eq(phrase)
}

fn words_of(phrase: &str) -> Vec<String> {
    Turn::read(phrase).words.into_iter().map(|word| word.text).collect()
}

fn longest_first(phrases: &[&str]) -> Vec<Vec<String>> {
    let mut phrases: Vec<Vec<String>> =
        phrases.iter().map(|phrase| words_of(phrase)).filter(|words| !words.is_empty()).collect();
    phrases.sort_by_key(|words| std::cmp::Reverse(words.len()));
    phrases
}

#[cfg(test)]
mod tests;
