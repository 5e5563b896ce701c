//! Detects that the caller has switched from the business's language. Scripted lines are then
//! spoken by their meaning, in the caller's language (END-5).
//!
//! Only the script of the transcripts is known, so languages of one script look alike. To a French
//! business an English caller seems not to have switched. To a Hebrew one every caller in Latin
//! letters seems to speak English. With `transcription_language` fixed, every transcript is in its
//! script.

use super::Call;
use super::conversation::{Body, Entry, Words};
use crate::business::Language;
use crate::response_gate::Wording;

/// Words that a turn must have to show its language. "OK" and names occur in all of them.
const TELLING_WORDS: usize = 3;

/// A script, and the English name of the language it is taken for.
struct Script {
    letters: &'static [(char, char)],
    speaks: &'static str,
    /// The tags of languages written in it.
    tags: &'static [&'static str],
}

const SCRIPTS: &[Script] = &[
    Script { letters: &[('\u{05D0}', '\u{05EA}')], speaks: "Hebrew", tags: &["he", "yi"] },
    Script {
        letters: &[('\u{0620}', '\u{064A}'), ('\u{0671}', '\u{06D3}')],
        speaks: "Arabic",
        tags: &["ar", "fa", "ur"],
    },
    Script {
        letters: &[('\u{0400}', '\u{052F}')],
        speaks: "Russian",
        tags: &["ru", "uk", "bg", "sr", "be", "mk", "kk"],
    },
    Script { letters: &[('\u{0370}', '\u{03FF}')], speaks: "Greek", tags: &["el"] },
    Script { letters: &[('\u{1200}', '\u{137F}')], speaks: "Amharic", tags: &["am", "ti"] },
    Script { letters: &[('\u{0900}', '\u{097F}')], speaks: "Hindi", tags: &["hi", "mr", "ne"] },
    Script { letters: &[('\u{0E00}', '\u{0E7F}')], speaks: "Thai", tags: &["th"] },
    Script { letters: &[('\u{10A0}', '\u{10FF}')], speaks: "Georgian", tags: &["ka"] },
    Script { letters: &[('\u{AC00}', '\u{D7A3}')], speaks: "Korean", tags: &["ko"] },
    Script {
        letters: &[('A', 'Z'), ('a', 'z'), ('\u{00C0}', '\u{024F}')],
        speaks: "English",
        tags: &[],
    },
];

impl Call {
    /// How a scripted line is to be spoken now.
    pub(super) fn wording(&self) -> Wording {
        let entries = self.conversation.entries().map(|entry| &**entry);
        switched_to(&self.setup.settings.language, entries)
            .map_or(Wording::Exact, |language| Wording::InLanguage(language.to_owned()))
    }
}

/// The language that the caller has switched to, by the last turn that shows one. If the agent has
/// spoken the business's language since, the caller has not switched: the model heard the audio.
fn switched_to<'a>(
    own: &Language,
    entries: impl DoubleEndedIterator<Item = &'a Entry>,
) -> Option<&'static str> {
    let own = script_of_language(own);
    let mut answered_in_own = false;
    for entry in entries.rev() {
        match &entry.body {
            Body::Agent { text, .. } => {
                answered_in_own |= told_by(text).is_some_and(|script| is(script, own));
            }
            Body::Caller { words: Words::Known(text), .. } => {
                if let Some(script) = told_by(text) {
                    return (!is(script, own) && !answered_in_own).then_some(script.speaks);
                }
            }
            Body::Caller { words: Words::Awaited | Words::Unknown, .. }
            | Body::Digits(_)
            | Body::Recorded(_)
            | Body::System(_)
            | Body::ToolCall { .. }
            | Body::ToolOutput { .. } => {}
        }
    }
    None
}

/// The script of most letters of a text. `None` if the text is too short to tell.
fn told_by(text: &str) -> Option<&'static Script> {
    let words = text.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    if words.count() < TELLING_WORDS {
        return None;
    }
    let letters = text.chars().filter(|letter| letter.is_alphabetic()).count();
    SCRIPTS.iter().find(|script| {
        let of_it = |letter: &char| {
            script.letters.iter().any(|(first, last)| (*first..=*last).contains(letter))
        };
        2 * text.chars().filter(of_it).count() > letters
    })
}

fn script_of_language(language: &Language) -> &'static Script {
    let latin = &SCRIPTS[SCRIPTS.len() - 1];
    SCRIPTS.iter().find(|script| script.tags.contains(&language.as_str())).unwrap_or(latin)
}

fn is(one: &Script, other: &Script) -> bool {
    one.speaks == other.speaks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::AgentSpeech;
    use crate::ids::{ItemId, ResponseId};

    /// Turns in order; the agent's begin with "A:".
    fn after(own: &str, turns: &[&str]) -> Option<&'static str> {
        let entries: Vec<Entry> = (1..)
            .zip(turns)
            .map(|(number, turn)| {
                let item = ItemId::parse(&format!("i{number}")).unwrap();
                let body = match turn.strip_prefix("A:") {
                    Some(text) => Body::Agent {
                        response: ResponseId::parse("r").unwrap(),
                        item,
                        text: text.to_owned(),
                        speech: AgentSpeech::Whole,
                    },
                    None => Body::Caller { item, words: Words::Known((*turn).to_owned()) },
                };
                Entry { number, at: "2026-11-21T09:00:00Z".parse().unwrap(), body }
            })
            .collect();
        switched_to(&Language::parse(own).unwrap(), entries.iter())
    }

    #[test]
    fn end_5_a_caller_who_goes_on_in_another_script_has_switched_language() {
        assert_eq!(after("he", &["שלום, אני צריך מנעול"]), None);
        assert_eq!(after("he", &["Hello, do you speak English?"]), Some("English"));
        assert_eq!(after("he", &["Здравствуйте, мне нужен замок"]), Some("Russian"));
        assert_eq!(after("en", &["שלום, אני צריך מנעול"]), Some("Hebrew"));
        assert_eq!(after("ru", &["Здравствуйте, мне нужен замок"]), None);
    }

    #[test]
    fn end_5_a_word_or_two_tell_no_language_and_the_last_turn_that_tells_counts() {
        assert_eq!(after("he", &["OK, bye"]), None);
        assert_eq!(after("he", &["I need a new lock", "ok"]), Some("English"));
        assert_eq!(after("he", &["I need a new lock", "סליחה, אפשר גם בעברית"]), None);
        assert_eq!(after("he", &["אני צריך מנעול של Mul-T-Lock בבקשה"]), None);
        assert_eq!(after("he", &["1 2 3 4"]), None);
    }

    #[test]
    fn end_5_an_agent_who_answers_in_the_businesss_language_knows_better() {
        let turns = ["I need a new lock", "A:באיזו עיר אתם נמצאים?"];
        assert_eq!(after("he", &turns), None);
        let turns = ["I need a new lock", "A:In which city are you?"];
        assert_eq!(after("he", &turns), Some("English"));
        let turns = ["A:שלום, איך אפשר לעזור?", "I need a new lock"];
        assert_eq!(after("he", &turns), Some("English"));
    }

    #[test]
    fn end_5_two_languages_of_one_script_are_not_told_apart() {
        assert_eq!(after("fr", &["I need a new lock, please"]), None);
    }
}
