//! Decides the model's answers from instructions, tools and conversation.
//!
//! A brain keeps no state. A new session that gets the history as items goes on where the old one
//! stopped.

mod conduct;
mod language;
mod receptionist;
mod script;
mod slots;
mod task;
mod turn;
mod words;

use serde::{Deserialize, Serialize};

pub use language::language_of;
pub use script::{Lines, Rule, Script, ToolCall, Topic};
use turn::last_user;
pub use turn::{Line, Prompt, Turn};

/// How the model finds its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brain {
    /// A receptionist who notes the job, books a visit and says goodbye.
    Receptionist(Box<Script>),
    /// The first rule that matches. Without a match nothing is said.
    Scripted(Vec<Rule>),
    /// Repeats the caller's last words.
    Echo,
}

impl Default for Brain {
    fn default() -> Self {
        Self::Receptionist(Box::default())
    }
}

impl Brain {
    /// The next turn. Instructions that dictate the words come first.
    #[must_use]
    pub fn decide(&self, prompt: &Prompt<'_>) -> Turn {
        if let Some(line) = dictated(prompt.instructions) {
            return Turn::saying(line);
        }
        match self {
            Self::Receptionist(script) => receptionist::decide(script, prompt),
            Self::Scripted(rules) => script::decide(rules, prompt),
            Self::Echo => {
                let words = last_user(prompt.history).filter(|words| !words.trim().is_empty());
                Turn::saying(words.unwrap_or(NOT_UNDERSTOOD).to_owned())
            }
        }
    }
}

/// What the echo says to a turn without words. A model always says something.
const NOT_UNDERSTOOD: &str = "מה?";

/// The words between triple quotes in instructions of the form "Say …: \"\"\"words\"\"\"".
/// Words to be said in English are translated if they are in [`DICTIONARY`].
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
