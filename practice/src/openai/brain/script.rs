//! A receptionist's phrases, and the rules of a scripted brain. Both can be written in TOML.

mod lines;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::turn::{Line, Prompt, Turn, last_user};
use super::words::{has_any, plain};

pub use lines::Lines;

/// What a receptionist says and listens for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Jobs the business does.
    pub services: Vec<Topic>,
    /// Places it goes to. Any other answer to the question for the city is accepted unchanged.
    pub cities: Vec<Topic>,
    pub goodbyes: Vec<String>,
    /// They don't end the call by themselves.
    pub declines: Vec<String>,
    /// They end the call.
    pub refusals: Vec<String>,
    pub agreements: Vec<String>,
    /// Phrases that ask for an appointment.
    pub appointments: Vec<String>,
    /// Phrases that ask to move an appointment to another time.
    pub changes: Vec<String>,
    /// Phrases that ask for one more appointment.
    pub additions: Vec<String>,
    /// Phrases that ask for the price.
    pub prices: Vec<String>,
    /// Phrases that ask for a person.
    pub persons: Vec<String>,
    /// Phrases that ask for a language.
    pub languages: Vec<String>,
    /// Phrases that ask for help and don't say with what.
    pub requests: Vec<String>,
    /// Phrases that ask when the business is open.
    pub hours: Vec<String>,
    /// Phrases of other questions, with or without a question mark.
    pub questions: Vec<String>,
    /// Sentences in Hebrew.
    pub he: Lines,
    /// Sentences in English, used for all other languages too.
    pub en: Lines,
}

/// A subject that callers speak about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Phrases that mean it.
    pub phrases: Vec<String>,
    /// The value for the lead.
    pub value: String,
}

/// One rule of a scripted brain. It matches if all its conditions hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// The caller's last words contain one of these. An empty list always holds.
    pub heard: Vec<String>,
    /// The last line is the output of this function, or only system messages follow it.
    pub after_tool: Option<String>,
    /// That output contains this.
    pub output_has: Option<String>,
    /// The last line is a system message that contains this.
    pub told: Option<String>,
    /// The instructions contain this.
    pub instructed: Option<String>,
    pub say: Option<String>,
    pub calls: Vec<ToolCall>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    pub name: String,
    /// An empty object by default.
    #[serde(default = "no_arguments")]
    pub arguments: Value,
}

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}

/// The turn of the first rule that matches.
pub(super) fn decide(rules: &[Rule], prompt: &Prompt<'_>) -> Turn {
    rules.iter().find(|rule| rule.fits(prompt)).map_or_else(Turn::default, |rule| Turn {
        say: rule.say.clone(),
        calls: rule.calls.iter().map(|c| (c.name.clone(), c.arguments.clone())).collect(),
    })
}

impl Rule {
    fn fits(&self, prompt: &Prompt<'_>) -> bool {
        let heard = self.heard.is_empty()
            || last_user(prompt.history).is_some_and(|words| has_any(words, &self.heard));
        let instructed =
            self.instructed.as_ref().is_none_or(|part| prompt.instructions.contains(part));
        heard && instructed && self.fits_what_was_told(prompt) && self.fits_last_line(prompt)
    }

    fn fits_what_was_told(&self, prompt: &Prompt<'_>) -> bool {
        match (&self.told, prompt.history.last()) {
            (None, _) => true,
            (Some(part), Some(Line::System(text))) => text.contains(part.as_str()),
            (Some(_), _) => false,
        }
    }

    /// A rule without `after_tool` doesn't match after a tool's output, or it would repeat forever.
    fn fits_last_line(&self, prompt: &Prompt<'_>) -> bool {
        let is_system = |line: &&Line| matches!(line, Line::System(_));
        let last = match self.after_tool {
            Some(_) => prompt.history.iter().rev().find(|line| !is_system(line)),
            None => prompt.history.last(),
        };
        let Some(Line::Output { call_id: id, output }) = last else {
            return self.after_tool.is_none();
        };
        let called = prompt.history.iter().rev().find_map(|line| match line {
            Line::Call { name, call_id, .. } if call_id == id => Some(name),
            Line::Call { .. }
            | Line::User(_)
            | Line::Assistant(_)
            | Line::System(_)
            | Line::Output { .. } => None,
        });
        self.after_tool.as_ref() == called
            && called.is_some()
            && self.output_has.as_ref().is_none_or(|part| output.contains(part))
    }
}

impl Topic {
    /// The topic of these words.
    pub(super) fn of<'a>(topics: &'a [Self], words: &str) -> Option<&'a Self> {
        topics.iter().find(|topic| has_any(words, &topic.phrases))
    }
}

impl Script {
    /// The sentences for a language.
    pub(super) fn lines(&self, language: &str) -> &Lines {
        if language == "he" { &self.he } else { &self.en }
    }

    /// Whether these words agree and don't contain a no.
    pub(super) fn agrees(&self, words: &str) -> bool {
        let plain = plain(words);
        has_any(words, &self.agreements)
            && ![" לא ", " no ", " not "].iter().any(|no| plain.contains(no))
    }

    /// Whether this sentence of the model asks to confirm the summary.
    pub(super) fn asks_for_yes(&self, sentence: &str) -> bool {
        [&self.he, &self.en].iter().any(|lines| lines.asks_for_yes(sentence))
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn topic(value: &str, phrases: &[&str]) -> Topic {
    Topic { phrases: texts(phrases), value: value.to_owned() }
}

impl Default for Script {
    /// A locksmith's receptionist, in Hebrew and English.
    fn default() -> Self {
        Self {
            services: vec![
                topic("התקנת מנעול חכם", &["התקנת מנעול חכם", "מנעול חכם", "smart lock"]),
                topic("פריצת דלת", &["ננעלתי בחוץ", "פריצת דלת", "נעול בחוץ", "locked out"]),
                topic("החלפת צילינדר", &["החלפת צילינדר", "צילינדר", "cylinder"]),
            ],
            cities: vec![
                topic("תל אביב", &["תל אביב", "בתל אביב", "tel aviv"]),
                topic("ירושלים", &["ירושלים", "בירושלים", "jerusalem"]),
                topic("חיפה", &["חיפה", "בחיפה", "haifa"]),
            ],
            goodbyes: texts(&["ביי", "להתראות", "bye", "goodbye", "see you", "bye bye"]),
            declines: texts(&[
                "לא תודה",
                "לא רוצה",
                "לא צריך",
                "אין צורך",
                "לא מעוניין",
                "no thanks",
                "no thank you",
                "not interested",
                "no need",
            ]),
            refusals: texts(&["באמת לא מעוניין", "want nothing", "nothing at all"]),
            agreements: texts(&[
                "כן",
                "נכון",
                "בטח",
                "מצוין",
                "בסדר",
                "מתאים",
                "yes",
                "right",
                "sure",
                "correct",
                "ok",
                "okay",
                "fine",
            ]),
            appointments: texts(&[
                "תור",
                "פגישה",
                "לקבוע",
                "לתאם",
                "ביקור",
                "appointment",
                "book",
                "schedule",
                "visit",
            ]),
            changes: texts(&[
                "במקום",
                "להעביר",
                "תעביר",
                "תעבירי",
                "להזיז",
                "לשנות",
                "instead",
                "move it",
                "change it",
            ]),
            additions: texts(&["נוספת", "נוסף", "עוד אחת", "another one", "one more"]),
            prices: texts(&["כמה", "מחיר", "המחיר", "how much", "price"]),
            persons: texts(&["נציג", "נציגה", "בן אדם", "a person", "a human", "representative"]),
            languages: texts(&["עברית", "בעברית", "אנגלית", "באנגלית", "hebrew", "english"]),
            requests: texts(&["אשמח לעזרה", "צריך עזרה", "צריכה עזרה", "some help", "need help"]),
            hours: texts(&["פתוחים", "שעות", "open", "opening hours"]),
            questions: texts(&["מתי", "when", "open", "פתוחים"]),
            he: Lines::hebrew(),
            en: Lines::english(),
        }
    }
}
