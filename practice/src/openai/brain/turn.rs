//! The input and output of a brain.

use serde_json::Value;

/// One line of the conversation, as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The caller's words, spoken or written.
    User(String),
    /// The model's own words.
    Assistant(String),
    /// A system message.
    System(String),
    /// A function call of the model.
    Call {
        name: String,
        call_id: String,
        /// JSON, as text.
        arguments: String,
    },
    /// The output of a function call.
    Output { call_id: String, output: String },
}

/// The input of a response.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The session's instructions or the response's own.
    pub instructions: &'a str,
    /// Names of the functions that may be called.
    pub tools: &'a [String],
    pub history: &'a [Line],
}

/// The content of a response.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turn {
    pub say: Option<String>,
    /// Functions to call after the words, with their arguments.
    pub calls: Vec<(String, Value)>,
}

impl Turn {
    #[must_use]
    pub fn saying(words: impl Into<String>) -> Self {
        Self { say: Some(words.into()), calls: Vec::new() }
    }

    /// One function call without words.
    #[must_use]
    pub fn calling(name: &str, arguments: Value) -> Self {
        Self { say: None, calls: vec![(name.to_owned(), arguments)] }
    }
}

/// The caller's last words.
pub(super) fn last_user(history: &[Line]) -> Option<&str> {
    history.iter().rev().find_map(|line| match line {
        Line::User(text) => Some(text.as_str()),
        Line::Assistant(_) | Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
    })
}
