//! Whether a goodbye is said, or only spoken about: negated, reported, quoted, named, or meant for
//! somebody else (END-4).
//!
//! What governs a goodbye stands before it in its clause. The nearest verb of speech decides, if
//! nothing but its addressee stands between: "I'll say goodbye" says it, "he told me goodbye" and
//! "tell him goodbye" don't. Without such a verb, a negation, an article or "is" right before the
//! goodbye makes it a word among others. The words are in `speaking`.

use super::courtesies::COURTESIES;
use super::holds;
use super::speaking::{
    ADVERBS, ARTICLES, BRANDS, CLAUSE_BEGINS, COPULAS, DATIVES, IS, MENTIONS, NEGATIONS, NOUNS,
    OTHER_OBJECTS, SAYS, SAYS_ALWAYS, SAYS_ANYTHING, SAYS_NOW, TAKES_OBJECT, VERBS_TOO, WANTS,
    WEAK_NEGATIONS, YOU,
};
use super::words::Word;

/// Words between a verb of speech and the goodbye. More begin another thought.
const LONGEST_ADDRESSEE: usize = 4;

/// Whether `clause`, the words of the same clause right before a goodbye, make it one that is
/// spoken about. `first` is the first word of the goodbye.
pub(super) fn is_spoken_about(clause: &[Word], first: &str) -> bool {
    let whole: Vec<&str> = clause.iter().map(|word| word.text.as_str()).collect();
    let begins = whole.iter().rposition(|word| holds(CLAUSE_BEGINS, word));
    let clause = &whole[begins.map_or(0, |at| at + 1)..];
    if let Some(governs) = verb_of_speech(clause) {
        return governs;
    }
    is_negated(clause) || is_a_word_among_others(clause) || is_a_verb(&whole, first)
}

/// Whether the word is a verb of speech, so that it is no name.
pub(super) fn is_verb_of_speech(word: &str) -> bool {
    bare_forms(word).any(|word| holds(SAYS, word) || holds(SAYS_NOW, word))
}

/// Whether the nearest verb of speech makes the goodbye one that is spoken about. `None` if none
/// governs it.
fn verb_of_speech(clause: &[&str]) -> Option<bool> {
    let nearest = clause.iter().rposition(|word| {
        is_verb_of_speech(word) || bare_forms(word).any(|word| holds(SAYS_ANYTHING, word))
    })?;
    let (before, after) = (&clause[..nearest], &clause[nearest + 1..]);
    let verb = clause[nearest];
    if bare_forms(verb).any(|word| holds(SAYS_ANYTHING, word)) {
        return (after.len() <= LONGEST_ADDRESSEE).then_some(true);
    }
    if bare_forms(verb).any(|word| holds(TAKES_OBJECT, word)) && !after.is_empty() {
        return None;
    }
    let is_addressee = |word: &&str| !holds(OTHER_OBJECTS, word) && !begins_a_thought(word);
    if after.len() > LONGEST_ADDRESSEE || !after.iter().all(is_addressee) {
        return None;
    }
    // "Thanks for telling me" has its object.
    if before.last().is_some_and(|word| holds(COURTESIES, word) || *word == "for") {
        return None;
    }
    let speaks_now = says_now(before, verb) && !before.iter().any(|word| holds(NEGATIONS, word));
    let to_the_agent = after.iter().all(|word| holds(YOU, word) || holds(ADVERBS, word));
    Some(!(speaks_now && to_the_agent))
}

/// Whether the caller says it with these words: "I'll say goodbye", "I want to say goodbye".
fn says_now(before: &[&str], verb: &str) -> bool {
    let wants = before.iter().any(|word| holds(WANTS, word));
    holds(SAYS_ALWAYS, verb) || (holds(SAYS_NOW, verb) && wants)
}

/// Whether a negation stands before the goodbye with nothing but small words between.
fn is_negated(clause: &[&str]) -> bool {
    let Some(at) = clause.iter().rposition(|word| holds(NEGATIONS, word)) else { return false };
    let is_small = |word: &&str| holds(ADVERBS, word) || holds(ARTICLES, word);
    let is_refusal = at == 0 && holds(WEAK_NEGATIONS, clause[at]);
    !is_refusal && clause[at + 1..].iter().all(is_small)
}

/// Whether the goodbye is a noun, a name, or what something "is".
fn is_a_word_among_others(clause: &[&str]) -> bool {
    let [.., last] = clause else { return false };
    let previous = clause.len().checked_sub(2).map(|at| clause[at]);
    let named = bare_forms(last).any(|word| holds(MENTIONS, word) || holds(NOUNS, word));
    let copula = holds(COPULAS, last)
        || (holds(IS, last) && previous.is_some_and(|word| !holds(OTHER_OBJECTS, word)));
    let brand =
        holds(BRANDS, last) && !previous.is_some_and(|word| holds(ARTICLES, word) || word == "all");
    named || copula || brand || holds(ARTICLES, last)
}

/// Whether the goodbye is a verb here: "nice to see you", "רוצה להתראות".
fn is_a_verb(clause: &[&str], first: &str) -> bool {
    let Some(at) = clause.iter().rposition(|word| !holds(ADVERBS, word)) else { return false };
    let last = clause[at];
    let thanked = at > 0 && holds(COURTESIES, clause[at - 1]);
    VERBS_TOO.iter().any(|(verb, after)| *verb == first && holds(after, last))
        || (first == "להתראות" && holds(DATIVES, last) && at > 0 && !thanked)
}

/// Whether the word begins another thought: a subject, or a Hebrew word with a joined "that".
fn begins_a_thought(word: &str) -> bool {
    let joined = word.strip_prefix('ש').is_some_and(|rest| {
        rest.chars().count() > 2 && !rest.starts_with('ל') && !holds(COURTESIES, word)
    });
    joined || holds(super::speaking::SUBJECTS, word)
}

/// The word, and what remains of it without joined Hebrew particles: "and", "that", "when", "the".
fn bare_forms(word: &str) -> impl Iterator<Item = &str> {
    let joined = ["וכש", "כש", "וש", "ו", "ש", "ה"];
    std::iter::once(word).chain(
        joined.into_iter().filter_map(|particle| {
            word.strip_prefix(particle).filter(|rest| rest.chars().count() > 2)
        }),
    )
}
