//! The request: `POST /v1/responses`, without streaming and without anything kept at OpenAI.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::reply::ModelReply;
use crate::business::BusinessSettings;
use crate::ids::ToolCallId;
use crate::openai::usage::{TEXT_MODELS, is_among};
use crate::tools::{self, Tool, ToolSpec};

/// One question to the text model, with the whole conversation: nothing is kept at OpenAI.
///
/// The tools' schemas are made when they are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRequest {
    /// The tenant. It decides which tools there are.
    pub business: Arc<BusinessSettings>,
    /// The model: `whatsapp.model`, or else `openai.text_model`.
    pub model: String,
    /// The system prompt.
    pub instructions: Arc<str>,
    /// The conversation, oldest first. It ends with what is to be answered.
    pub history: Vec<HistoryItem>,
    /// Whether tools may be called.
    pub tools: Tools,
    /// The longest output in tokens, reasoning included. `None`: as much as the model gives.
    pub max_output_tokens: Option<u32>,
}

/// Whether the model may call tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tools {
    /// Those that the business offers in writing.
    Offered,
    /// None, so that an answer comes. The model still knows them, since earlier calls name them.
    Withheld,
}

/// A part of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryItem {
    /// What the person wrote.
    Person {
        /// The text.
        text: String,
    },
    /// What was answered before.
    Agent {
        /// The message as it was sent.
        text: String,
    },
    /// A note of the daemon's to the model.
    Note {
        /// The text.
        text: String,
    },
    /// An output item of a response that called a tool, as it came: its call, and the reasoning before it.
    Returned {
        /// The item.
        item: Value,
    },
    /// What a tool returned. It follows its call.
    ToolOutput {
        /// The call.
        call_id: ToolCallId,
        /// The text for the model.
        output: String,
    },
}

impl TextRequest {
    /// The longest output that is asked for at first, in tokens. A message of the longest length in
    /// Hebrew takes half of it.
    pub const MAX_OUTPUT_TOKENS: u32 = 4_000;

    /// The fewest tokens that the API takes as a limit.
    pub const LEAST_OUTPUT_TOKENS: u32 = 16;

    /// A question with tools.
    #[must_use]
    pub fn new(
        business: Arc<BusinessSettings>,
        model: &str,
        instructions: Arc<str>,
        history: Vec<HistoryItem>,
    ) -> Self {
        Self {
            business,
            model: model.to_owned(),
            instructions,
            history,
            tools: Tools::Offered,
            max_output_tokens: Some(Self::MAX_OUTPUT_TOKENS),
        }
    }

    /// Whether the model may call this tool now.
    #[must_use]
    pub fn offers(&self, tool: Tool) -> bool {
        self.tools == Tools::Offered && tool.is_offered_in_writing(&self.business)
    }

    /// The body of the request.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let tools = tools::specs_in_writing(&self.business);
        let choice = match self.tools {
            Tools::Offered => "auto",
            Tools::Withheld => "none",
        };
        let mut body = json!({
            "model": self.model,
            "store": false,
            "instructions": &*self.instructions,
            "input": self.history.iter().map(HistoryItem::to_value).collect::<Vec<_>>(),
            "text": { "format": ModelReply::format() },
            "tools": tools.iter().map(ToolSpec::to_responses).collect::<Vec<_>>(),
            "tool_choice": choice,
            "parallel_tool_calls": false,
        });
        let optional = [
            ("max_output_tokens", self.max_output_tokens.map(at_least_what_is_taken)),
            ("reasoning", is_among(&TEXT_MODELS, &self.model).then(|| json!({ "effort": "low" }))),
        ];
        if let Some(body) = body.as_object_mut() {
            add(body, optional);
        }
        body
    }
}

impl HistoryItem {
    /// The item of `input`. A person's words are `input_text`, the model's own are `output_text`.
    fn to_value(&self) -> Value {
        let message = |role, part: Value| json!({ "role": role, "content": [part] });
        let input = |text| json!({ "type": "input_text", "text": text });
        match self {
            Self::Person { text } => message("user", input(text)),
            Self::Note { text } => message("developer", input(text)),
            Self::Agent { text } => {
                let part = json!({ "type": "output_text", "text": text, "annotations": [] });
                message("assistant", part)
            }
            Self::Returned { item } => item.clone(),
            Self::ToolOutput { call_id, output } => {
                json!({ "type": "function_call_output", "call_id": call_id, "output": output })
            }
        }
    }
}

fn at_least_what_is_taken(tokens: u32) -> Value {
    json!(tokens.max(TextRequest::LEAST_OUTPUT_TOKENS))
}

fn add<const N: usize>(body: &mut Map<String, Value>, fields: [(&str, Option<Value>); N]) {
    let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    body.extend(given);
}
