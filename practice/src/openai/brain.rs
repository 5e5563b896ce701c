//! What the practice model "thinks": from instructions, tools and conversation to words and calls.
//!
//! A brain keeps nothing: everything it knows stands in the conversation, so that a new session
//! given the history as items goes on where the old one stopped.

mod conduct;
mod receptionist;
mod script;
mod slots;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use script::{Lines, Rule, Script, ToolCall, Topic};

/// One line of the conversation as the model takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The caller's words, spoken or written.
    User(String),
    /// The model's own words.
    Assistant(String),
    /// Something the system told the model.
    System(String),
    /// A function call the model made.
    Call {
        /// The function.
        name: String,
        /// What its output will name.
        call_id: String,
        /// JSON, as text.
        arguments: String,
    },
    /// What a function call gave.
    Output {
        /// Which call.
        call_id: String,
        /// Whatever the function answered.
        output: String,
    },
}

/// What a response is made from.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The session's instructions or the response's own.
    pub instructions: &'a str,
    /// Names of the functions that may be called.
    pub tools: &'a [String],
    /// The conversation so far.
    pub history: &'a [Line],
}

/// What a response consists of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    /// Words to speak.
    pub say: Option<String>,
    /// Functions to call after them, with their arguments.
    pub calls: Vec<(String, Value)>,
}

impl Turn {
    /// A turn of words alone.
    #[must_use]
    pub fn saying(words: impl Into<String>) -> Self {
        Self { say: Some(words.into()), calls: Vec::new() }
    }

    /// A turn of one silent function call.
    #[must_use]
    pub fn calling(name: &str, arguments: Value) -> Self {
        Self { say: None, calls: vec![(name.to_owned(), arguments)] }
    }
}

/// A way to think.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brain {
    /// A receptionist who takes down the job, books a visit and says goodbye.
    Receptionist(Box<Script>),
    /// The first rule that fits; without one, nothing is said.
    Scripted(Vec<Rule>),
    /// Says the caller's last words back.
    Echo,
}

impl Default for Brain {
    fn default() -> Self {
        Self::Receptionist(Box::default())
    }
}

impl Brain {
    /// What to do next. Instructions that give the very words come before everything else.
    #[must_use]
    pub fn decide(&self, prompt: &Prompt<'_>) -> Turn {
        if let Some(line) = dictated(prompt.instructions) {
            return Turn::saying(line);
        }
        match self {
            Self::Receptionist(script) => receptionist::decide(script, prompt),
            Self::Scripted(rules) => script::decide(rules, prompt),
            Self::Echo => Turn { say: last_user(prompt.history).map(str::to_owned), calls: vec![] },
        }
    }
}

/// The language of some words as an ISO 639-1 code, by their script.
#[must_use]
pub fn language_of(text: &str) -> &'static str {
    if text.chars().any(|letter| ('\u{0590}'..='\u{05FF}').contains(&letter)) { "he" } else { "en" }
}

/// The caller's words since the model last said or did something.
fn last_user(history: &[Line]) -> Option<&str> {
    history.iter().rev().find_map(|line| match line {
        Line::User(text) => Some(text.as_str()),
        Line::Assistant(_) | Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
    })
}

/// The words between triple quotes in instructions of the form "Say …: \"\"\"words\"\"\"".
/// "By its meaning" in another language uses the little dictionary, or the words as they are.
fn dictated(instructions: &str) -> Option<String> {
    let (order, rest) = instructions.split_once("\"\"\"")?;
    let (line, _) = rest.rsplit_once("\"\"\"")?;
    let order = order.trim_start();
    let line = line.trim();
    if order.starts_with("Say exactly the following") {
        return Some(line.to_owned());
    }
    let language = order.strip_prefix("Say in ").filter(|order| order.contains(" means"))?;
    Some(if language.starts_with("English") { in_english(line) } else { line }.to_owned())
}

fn in_english(line: &str) -> &str {
    DICTIONARY.iter().find(|(hebrew, _)| *hebrew == line).map_or(line, |(_, english)| english)
}

const DICTIONARY: &[(&str, &str)] = &[
    (
        "בשמחה, תודה שדיברת איתי. אם תצטרך משהו נוסף בעתיד, תמיד אפשר לפנות אלינו. להתראות!",
        "With pleasure, thank you for talking to me. If you need anything else, we are always \
         here. Goodbye!",
    ),
    (
        "הכול טוב, תודה שדיברת איתי. אם תתחרט בעתיד תמיד אפשר לפנות אלינו שוב.",
        "That's all right, thank you for talking to me. If you change your mind, you can always \
         call us again.",
    ),
];

#[cfg(test)]
mod tests;
