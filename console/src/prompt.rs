//! The prompt: what the agent is told about the business, and the whole system prompt that the model gets.

use crate::page::page;
use crate::settings::{Conflict, Draft};

/// The page.
#[derive(Debug, Clone)]
pub struct PromptPage {
    pub text: String,
    pub draft: Option<Draft>,
    /// The revision that the form began from; sent back with it.
    pub revision: String,
    /// What is wrong with the text.
    pub wrong: Option<String>,
    pub conflict: Option<Conflict>,
    /// The whole system prompt of a call now, with this text.
    pub preview: Option<String>,
    /// Its length in tokens, about.
    pub preview_tokens: u32,
}

page!(PromptPage, "prompt.html");
