//! Makes the response: what the brain decides, in the form that was asked for.

use serde_json::{Value, json};

use super::faults::TextFault;
use super::request::{Request, tokens};
use super::strict::fits;
use crate::openai::brain::{Brain, Line, Prompt, Turn, language_of};
use crate::openai::wire::Ids;

/// What the model has made of a request.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) response: Value,
    /// The model's text, if it spoke.
    pub(super) text: Option<String>,
    pub(super) calls: Vec<String>,
}

/// The tool whose arguments are the `control` of an answer.
const CONTROL: &str = "call_control";

/// What a model says that has nothing to say.
const NOT_UNDERSTOOD: [(&str, &str); 2] = [("he", "לא הבנתי, אפשר לכתוב שוב?"), ("en", "Sorry?")];

pub(super) fn make(brain: &Brain, request: &Request, fault: &TextFault, ids: &mut Ids) -> Made {
    let turn = decide(brain, request);
    let mut output = vec![json!({
        "type": "reasoning", "id": ids.next("rs_"), "summary": [],
        "encrypted_content": ids.next("gAAAA"), "status": null,
    })];
    let call = turn.calls.iter().find(|(name, _)| name != CONTROL);
    let can_call = call.filter(|_| is_without_words(fault));
    if let Some((name, arguments)) = can_call {
        let schema =
            request.tools.iter().find(|(known, _)| known == name).map(|(_, schema)| schema);
        let arguments =
            schema.map_or_else(|| arguments.clone(), |schema| filled(arguments, schema));
        output.push(json!({
            "type": "function_call", "id": ids.next("fc_"), "call_id": ids.next("call_"),
            "name": name, "arguments": arguments.to_string(), "status": "completed",
        }));
        let calls = vec![name.clone()];
        return Made { response: response(request, ids, "completed", output), text: None, calls };
    }
    let text = text(request, &turn, fault);
    let status = status(request, fault, &text);
    let shown = if status == "incomplete" {
        text[..text.floor_char_boundary(text.len() / 2)].to_owned()
    } else {
        text
    };
    let part = if *fault == TextFault::Refusal {
        json!({"type": "refusal", "refusal": "I'm sorry, I can't help with that."})
    } else {
        json!({"type": "output_text", "text": shown, "annotations": [], "logprobs": []})
    };
    if !matches!(fault, TextFault::Empty | TextFault::Failed(_)) {
        output.push(json!({
            "type": "message", "id": ids.next("msg_"), "role": "assistant", "status": status,
            "content": [part], "phase": "final_answer",
        }));
    }
    let mut response = response(request, ids, status, output);
    if let TextFault::Failed(code) = fault {
        response["error"] = json!({"code": code, "message": "The model failed."});
    }
    if status == "incomplete" {
        let reason =
            if let TextFault::Incomplete(reason) = fault { reason } else { "max_output_tokens" };
        response["incomplete_details"] = json!({ "reason": reason });
    }
    let spoken = (status == "completed" && *fault != TextFault::Refusal).then_some(shown);
    Made { response, text: spoken, calls: Vec::new() }
}

/// Whether the fault leaves a function call as it is.
fn is_without_words(fault: &TextFault) -> bool {
    matches!(fault, TextFault::None | TextFault::Late(_) | TextFault::HalfBody)
}

fn decide(brain: &Brain, request: &Request) -> Turn {
    let mut tools: Vec<String> = request.tools.iter().map(|(name, _)| name.clone()).collect();
    if request.schema.is_some() {
        tools.push(CONTROL.to_owned());
    }
    let prompt =
        Prompt { instructions: &request.instructions, tools: &tools, history: &request.history };
    let mut turn = brain.decide(&prompt);
    turn.calls.retain(|(name, _)| tools.contains(name));
    turn
}

fn status(request: &Request, fault: &TextFault, text: &str) -> &'static str {
    let is_cut = request.max_output_tokens.is_some_and(|most| tokens(text) > most);
    if matches!(fault, TextFault::Failed(_)) {
        "failed"
    } else if is_cut || matches!(fault, TextFault::Incomplete(_)) {
        "incomplete"
    } else {
        "completed"
    }
}

/// The model's text: one JSON object, if a schema asks for it.
fn text(request: &Request, turn: &Turn, fault: &TextFault) -> String {
    if let TextFault::Text(text) = fault {
        return text.clone();
    }
    let last = request.history.iter().rev().find_map(|line| match line {
        Line::User(text) => Some(text.as_str()),
        Line::Assistant(_) | Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
    });
    let language = language_of(last.unwrap_or(&request.instructions));
    let said = turn.say.clone().filter(|words| !words.trim().is_empty());
    let mut said = said.unwrap_or_else(|| {
        let known = NOT_UNDERSTOOD.iter().find(|(known, _)| *known == language);
        known.map_or("Sorry?", |(_, words)| words).to_owned()
    });
    if let TextFault::TooLong(units) = fault {
        said = long(*units, language);
    }
    let Some(schema) = &request.schema else { return said };
    let control = turn.calls.iter().find(|(name, _)| name == CONTROL);
    let mut control = control.map_or_else(
        || {
            json!({"should_end_call": false, "end_reason": null, "lead_status": "in_progress",
                "missing_fields": [], "notes": ""})
        },
        |(_, arguments)| arguments.clone(),
    );
    if let TextFault::Claims(reason) = fault {
        control["should_end_call"] = json!(true);
        control["end_reason"] = json!(reason);
    }
    let answer = json!({"reply": said, "control": control});
    if !fits(&answer, schema) {
        tracing::warn!("the practice text model can't fill the schema that it was given");
    }
    answer.to_string()
}

/// A text of at least this many UTF-16 units.
fn long(units: usize, language: &str) -> String {
    let sentence = if language == "he" {
        "נשמח לעזור לך בכל שאלה. "
    } else {
        "We are glad to help. "
    };
    sentence.repeat(units.div_ceil(sentence.encode_utf16().count()) + 1)
}

/// The arguments with null for each property that is left out: strict mode leaves none out.
fn filled(arguments: &Value, schema: &Value) -> Value {
    let Some(properties) = schema["properties"].as_object() else { return arguments.clone() };
    let filled = properties.iter().map(|(name, schema)| {
        let given = arguments.get(name).cloned().unwrap_or(Value::Null);
        let value = if schema["properties"].is_object() { filled(&given, schema) } else { given };
        (name.clone(), value)
    });
    Value::Object(filled.collect())
}

fn response(request: &Request, ids: &mut Ids, status: &str, output: Vec<Value>) -> Value {
    let written: u64 = output.iter().map(|item| tokens(&item.to_string())).sum();
    json!({
        "id": ids.next("resp_"), "object": "response", "created_at": 1_795_000_000, "status": status,
        "error": null, "incomplete_details": null, "model": request.model, "output": output,
        "parallel_tool_calls": false, "tool_choice": "auto", "tools": [], "store": false,
        "usage": {
            "input_tokens": request.tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": request.tokens + written,
        },
    })
}
