//! Reads a response. Whatever came, something is made of it: a reply, tool calls, or a fault.

use serde_json::Value;
use thiserror::Error;

use super::reply::ModelReply;
use super::request::{HistoryItem, TextRequest};
use super::schema::strict;
use crate::ids::ToolCallId;
use crate::openai::fault::FailureClass;
use crate::openai::response_done::{IncompleteReason, ResponseFailure};
use crate::openai::usage::Usage;
use crate::tools::{Tool, arguments};

/// What came of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct TextAnswer {
    /// What the model did.
    pub outcome: Outcome,
    /// Billed tokens. A response that failed has some too.
    pub usage: Usage,
}

/// What the model did.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It answered.
    Reply(ModelReply),
    /// It called tools. Words beside them are not kept: it speaks again once it has the outputs.
    Calls(ToolCalls),
    /// Nothing that can be used.
    Fault(ReplyFault),
}

/// Tool calls of one response.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCalls {
    /// In the model's order. There is at least one.
    pub calls: Vec<ToolCall>,
    /// What the next request repeats before the calls' outputs: every item of the response, as it came.
    pub items: Vec<HistoryItem>,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Names the call in its output.
    pub id: ToolCallId,
    /// The function's name, as the model wrote it.
    pub name: String,
    /// What is to be done about it.
    pub asked: Asked,
}

/// What is to be done about a tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Run the tool with the text of one JSON object (PIPE-12).
    Run {
        /// The tool.
        tool: Tool,
        /// Its arguments.
        arguments: String,
    },
    /// Nothing is run. This is the call's output.
    Refused {
        /// What the model is told.
        output: String,
    },
}

/// Why a response is no answer. The text is for logs and holds no word of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplyFault {
    /// The model refuses. Its own words are not for the person.
    #[error("the model refused")]
    Refusal,
    /// The answer was cut short.
    #[error("the answer was cut short: {}", .0.as_str())]
    Incomplete(IncompleteReason),
    /// The response failed.
    #[error("the response failed: {}", .0.code.as_deref().unwrap_or(&.0.kind))]
    Failed(ResponseFailure),
    /// The text is not one JSON object of the form that was asked for. It names what is wrong.
    #[error("the answer does not fit the schema: {0}")]
    Misfit(String),
    /// Neither text nor a call.
    #[error("the answer is empty")]
    Empty,
    /// The body is no response: cut off, or something else.
    #[error("the body is no response")]
    NoResponse,
    /// A status without an answer. It names the status.
    #[error("the response is {0:?}")]
    Unfinished(String),
}

impl ReplyFault {
    /// Whether asking again can help.
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Failed(failure) => failure.class(),
            Self::Incomplete(IncompleteReason::ContentFilter) => FailureClass::Filter,
            Self::Refusal
            | Self::Incomplete(IncompleteReason::MaxOutputTokens | IncompleteReason::Other(_))
            | Self::Misfit(_)
            | Self::Empty
            | Self::NoResponse
            | Self::Unfinished(_) => FailureClass::Retryable,
        }
    }

    /// What the model is told when it is asked again. `None`: the same question is asked.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let wrong = match self {
            Self::Misfit(wrong) => wrong,
            Self::Empty => "it was empty",
            Self::Refusal
            | Self::Incomplete(_)
            | Self::Failed(_)
            | Self::NoResponse
            | Self::Unfinished(_) => return None,
        };
        Some(format!(
            "Your last answer could not be used and was not sent. {wrong}. Answer again with one JSON \
             object of the given form."
        ))
    }
}

/// Reads the body of a successful answer (HTTP 200) to `request`.
#[must_use]
pub fn read_answer(body: &[u8], request: &TextRequest) -> TextAnswer {
    let response: Value = serde_json::from_slice(body).unwrap_or_default();
    let usage = Usage::of_text(&response["usage"]);
    let outcome = match outcome(&response, request) {
        Ok(outcome) => outcome,
        Err(fault) => Outcome::Fault(fault),
    };
    TextAnswer { outcome, usage }
}

fn outcome(response: &Value, request: &TextRequest) -> Result<Outcome, ReplyFault> {
    let output = response["output"].as_array();
    match (response["status"].as_str(), output) {
        (Some("completed"), Some(output)) => of_output(output, request),
        (Some("incomplete"), _) => {
            let reason = response["incomplete_details"]["reason"].as_str();
            Err(ReplyFault::Incomplete(IncompleteReason::of(reason.unwrap_or_default())))
        }
        (Some("failed"), _) => Err(ReplyFault::Failed(ResponseFailure::of(&response["error"]))),
        (None | Some("completed"), _) => Err(ReplyFault::NoResponse),
        (Some(other), _) => Err(ReplyFault::Unfinished(other.to_owned())),
    }
}

fn of_output(output: &[Value], request: &TextRequest) -> Result<Outcome, ReplyFault> {
    if let Some(calls) = calls(output, request)? {
        return Ok(Outcome::Calls(calls));
    }
    let text = spoken(output)?.ok_or(ReplyFault::Empty)?;
    let object = arguments::read(&text).map_err(|_| not_one_object())?;
    ModelReply::read(&object).map(Outcome::Reply).map_err(ReplyFault::Misfit)
}

fn not_one_object() -> ReplyFault {
    ReplyFault::Misfit("the text is not one JSON object".to_owned())
}

/// The calls, if there are any. A call that is not complete spoils the answer: without it the items can't
/// be handed back.
fn calls(output: &[Value], request: &TextRequest) -> Result<Option<ToolCalls>, ReplyFault> {
    let is_call = |item: &&Value| item["type"] == "function_call";
    let calls: Vec<ToolCall> = (output.iter().filter(is_call))
        .map(|item| call(item, request).ok_or(ReplyFault::NoResponse))
        .collect::<Result<_, _>>()?;
    if calls.is_empty() {
        return Ok(None);
    }
    let items = output.iter().map(|item| HistoryItem::Returned { item: item.clone() }).collect();
    Ok(Some(ToolCalls { calls, items }))
}

fn call(item: &Value, request: &TextRequest) -> Option<ToolCall> {
    if !matches!(item["status"].as_str(), None | Some("completed")) {
        return None;
    }
    let id = ToolCallId::parse(item["call_id"].as_str()?).ok()?;
    let name = item["name"].as_str()?.to_owned();
    let written = item["arguments"].as_str().unwrap_or_default();
    let asked = match Tool::named(&name).filter(|tool| request.offers(*tool)) {
        Some(tool) => match arguments::read(written) {
            Ok(arguments) => Asked::Run { tool, arguments },
            Err(unreadable) => {
                let schema = strict(tool.spec(&request.business).parameters);
                let output = unreadable.output(&schema);
                Asked::Refused { output }
            }
        },
        None => Asked::Refused { output: no_such_tool(&name) },
    };
    Some(ToolCall { id, name, asked })
}

fn no_such_tool(name: &str) -> String {
    serde_json::json!({
        "ok": false,
        "error": format!("there is no tool {name:?} now"),
        "do": "go on without it",
    })
    .to_string()
}

/// The text of the answer. Of several messages the last one that is no commentary counts.
fn spoken(output: &[Value]) -> Result<Option<String>, ReplyFault> {
    let is_answer = |item: &&Value| item["type"] == "message" && item["phase"] != "commentary";
    let mut last = None;
    for message in output.iter().filter(is_answer) {
        let parts = || message["content"].as_array().into_iter().flatten();
        if parts().any(|part| part["type"] == "refusal") {
            return Err(ReplyFault::Refusal);
        }
        let texts = parts().filter(|part| part["type"] == "output_text");
        let text: String = texts.filter_map(|part| part["text"].as_str()).collect();
        if !text.trim().is_empty() {
            last = Some(text);
        }
    }
    Ok(last)
}
