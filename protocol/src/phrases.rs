//! Reads a transcript for the end of a call: a goodbye, a "no thanks", mere courtesy, or none of
//! these (END-4). The default lists are in `business::phrases`; `call::end_detection` acts on the
//! reading.
//!
//! Whole words are compared after normalisation (`words`). A goodbye counts at the end of a turn
//! only, and only if it is said rather than spoken about (`grammar`). A "no thanks" counts only if
//! the turn says nothing else. In doubt the model answers and the call goes on.

mod courtesies;
mod grammar;
mod speaking;
mod words;

use std::sync::{Arc, LazyLock};

use crate::business::Ending;
use crate::business::phrases::{DECLINE, GOODBYE};
use courtesies::{AGENT_DECLINES, COURTESIES, FILLERS, NO, NOT_NAMES, QUESTION_WORDS, WISHES};
use words::{Turn, Word};

/// The phrases of a business, normalised.
#[derive(Debug, Clone)]
pub struct Phrases {
    goodbyes: Vec<Vec<String>>,
    declines: Vec<Vec<String>>,
}

/// What a turn says about the end of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It has no words.
    Wordless,
    /// It is nothing but a goodbye, with courtesies and names.
    Farewell,
    /// It ends in a goodbye, and says something else before.
    Goodbye,
    /// It is nothing but thanks or another courtesy.
    Courtesy,
    /// It is nothing but "no thanks".
    Decline,
    /// None of these. It wants an answer.
    Other,
}

impl Reading {
    /// Whether the turn wants an answer, even from an agent who has said goodbye (END-6).
    #[must_use]
    pub fn wants_an_answer(self) -> bool {
        match self {
            Self::Goodbye | Self::Decline | Self::Other => true,
            Self::Wordless | Self::Farewell | Self::Courtesy => false,
        }
    }
}

impl Phrases {
    /// The phrases of a business: its own lists, or the default ones, which all calls share.
    #[must_use]
    pub fn of(ending: &Ending) -> Arc<Self> {
        static DEFAULT: LazyLock<Arc<Phrases>> =
            LazyLock::new(|| Arc::new(Phrases::new(GOODBYE, DECLINE)));
        if ending.goodbye_phrases.is_none() && ending.decline_phrases.is_none() {
            return Arc::clone(&DEFAULT);
        }
        Arc::new(Self::new(&ending.goodbyes(), &ending.declines()))
    }

    /// Normalises the phrases. One without words never matches.
    #[must_use]
    pub fn new(goodbyes: &[&str], declines: &[&str]) -> Self {
        Self { goodbyes: longest_first(goodbyes), declines: longest_first(declines) }
    }

    /// Reads the transcript of a caller's turn.
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

    /// Whether what the agent said needs no closing line after it: it ends in a goodbye, or holds
    /// the polite answer to a "no thanks" (END-3).
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

    /// The words before the goodbye that a turn ends in. `None` if it does not end in one.
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

    /// Whether the words before make it no goodbye: they ask, or they speak about it.
    fn means_something_else(&self, before: &[Word], found: &[Word]) -> bool {
        let asked = clause_before(before, found);
        let asks = asked.first().is_some_and(|first| holds(QUESTION_WORDS, &first.text));
        // Thanks and other goodbyes before it are said in the same breath, commas or not.
        let mut from = before.len();
        while let Some(length) = self.said_before(&before[..from]) {
            from -= length;
        }
        let breath = if from < before.len() { &before[from..] } else { found };
        let clause = clause_before(&before[..from], breath);
        let declined = self.declines.iter().any(|phrase| ends(clause, phrase));
        asks || (!declined && grammar::is_spoken_about(clause, &found[0].text))
    }

    /// The number of words of the courtesy or goodbye that these words end in.
    fn said_before(&self, words: &[Word]) -> Option<usize> {
        let last = words.last()?;
        let goodbye = self.goodbyes.iter().find(|phrase| ends(words, phrase)).map(Vec::len);
        goodbye.or_else(|| holds(COURTESIES, &last.text).then_some(1))
    }

    /// Whether only courtesies, names and further goodbyes follow a goodbye.
    fn is_tail(&self, before: &[Word], found: &[Word], after: &[Word]) -> bool {
        if after.iter().all(is_courtesy) {
            return true;
        }
        // Only after a goodbye that stands by itself can a name be told from another word.
        let clause = clause_before(before, found);
        if self.all_said(clause).other {
            return false;
        }
        let names = after.iter().filter(|word| !is_courtesy(word)).collect::<Vec<_>>();
        let known = names.iter().all(|word| word.may_be_name && !not_a_name(word));
        known && (names.len() == 1 || (names.len() == 2 && names.iter().all(|w| w.capital)))
    }

    /// The kinds of words among these. The longest phrases are taken first.
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

/// The kinds of words in a part of a turn.
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
    holds(NOT_NAMES, &word.text) || grammar::is_verb_of_speech(&word.text)
}

fn starts(words: &[Word], phrase: &[String]) -> bool {
    words.get(..phrase.len()).is_some_and(|words| same(words, phrase))
}

/// Like `starts`, but a Hebrew "and" may be joined to the first word: "תודה ולהתראות".
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
