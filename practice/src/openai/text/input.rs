//! The items of `input`: the conversation so far.

use serde_json::Value;

use crate::openai::brain::Line;
use crate::openai::schema::{Field, Rule, check, check_fields, may, must};
use crate::openai::wire::WireError;

const LONGEST: usize = 10_485_760;
const STATUSES: Rule = Rule::OneOf(&["in_progress", "completed", "incomplete"]);

const MESSAGE: &[Field] = &[
    may("id", Rule::Text(128)),
    must("role", Rule::OneOf(&["user", "assistant", "system", "developer"])),
    must("content", Rule::StringOr(&Rule::Text(LONGEST), &Rule::List(&Rule::Any))),
    may("status", STATUSES),
    may("phase", Rule::OrNull(&Rule::OneOf(&["commentary", "final_answer"]))),
];

const INPUT: &[(&str, &[Field])] = &[("input_text", &[must("text", Rule::Text(LONGEST))])];

const OUTPUT: &[(&str, &[Field])] = &[
    (
        "output_text",
        &[
            must("text", Rule::Text(LONGEST)),
            may("annotations", Rule::List(&Rule::Any)),
            may("logprobs", Rule::Any),
        ],
    ),
    ("refusal", &[must("refusal", Rule::Text(LONGEST))]),
];

const ITEMS: &[(&str, &[Field])] = &[
    ("message", MESSAGE),
    (
        "function_call",
        &[
            may("id", Rule::Text(128)),
            must("call_id", Rule::Text(64)),
            must("name", Rule::Text(64)),
            must("arguments", Rule::Text(LONGEST)),
            may("status", STATUSES),
        ],
    ),
    (
        "function_call_output",
        &[
            may("id", Rule::Text(128)),
            must("call_id", Rule::Text(64)),
            must("output", Rule::Text(LONGEST)),
            may("status", STATUSES),
        ],
    ),
    (
        "reasoning",
        &[
            must("id", Rule::Text(128)),
            must("summary", Rule::List(&Rule::Any)),
            may("content", Rule::Any),
            may("encrypted_content", Rule::OrNull(&Rule::Text(LONGEST))),
            may("status", Rule::OrNull(&STATUSES)),
        ],
    ),
];

/// Reads `input`.
pub(super) fn read(input: &Value) -> Result<Vec<Line>, WireError> {
    let items = match input {
        Value::String(text) => return Ok(vec![Line::User(text.clone())]),
        Value::Array(items) => items,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return Err(WireError::wrong_type("input", "a string or an array of items", input));
        }
    };
    let mut lines = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let path = format!("input[{place}]");
        match item.get("type") {
            // A message may leave its type out.
            None => match item.as_object() {
                Some(object) => check_fields(MESSAGE, object, &path)?,
                None => return Err(WireError::wrong_type(&path, "an object", item)),
            },
            Some(_) => check(&Rule::Tagged(ITEMS), item, &path)?,
        }
        if let Some(line) = line(item, &path, &lines)? {
            lines.push(line);
        }
    }
    every_call_has_its_output(&lines)?;
    Ok(lines)
}

fn line(item: &Value, path: &str, before: &[Line]) -> Result<Option<Line>, WireError> {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    Ok(match item["type"].as_str().unwrap_or("message") {
        "message" => Some(message(item, path)?),
        "function_call" => Some(Line::Call {
            name: text("name"),
            call_id: text("call_id"),
            arguments: text("arguments"),
        }),
        "function_call_output" => {
            let call_id = text("call_id");
            let is_its =
                |line: &Line| matches!(line, Line::Call { call_id: id, .. } if *id == call_id);
            if !before.iter().any(is_its) {
                let message =
                    format!("No tool call found for function call output with call_id {call_id}.");
                return Err(WireError::new("invalid_value", message).about("input").without_code());
            }
            Some(Line::Output { call_id, output: text("output") })
        }
        // A reasoning item without its content would be looked for at OpenAI, where nothing is kept.
        _ if item["encrypted_content"].as_str().is_none_or(str::is_empty) => {
            let message = format!(
                "Item with id '{}' not found. Items are not persisted when `store` is set to false.",
                text("id")
            );
            return Err(WireError::new("invalid_value", message).about("input").without_code());
        }
        _ => None,
    })
}

/// A person's words are `input_text`, the model's `output_text`.
fn message(item: &Value, path: &str) -> Result<Line, WireError> {
    let role = item["role"].as_str().unwrap_or_default();
    let mut text = item["content"].as_str().unwrap_or_default().to_owned();
    let parts = Rule::Tagged(if role == "assistant" { OUTPUT } else { INPUT });
    let listed = item["content"].as_array().into_iter().flatten();
    for (place, part) in listed.enumerate() {
        check(&parts, part, &format!("{path}.content[{place}]"))?;
        text.push_str(part["text"].as_str().unwrap_or_default());
    }
    Ok(match role {
        "user" => Line::User(text),
        "assistant" => Line::Assistant(text),
        _ => Line::System(text),
    })
}

fn every_call_has_its_output(lines: &[Line]) -> Result<(), WireError> {
    for line in lines {
        let Line::Call { call_id, .. } = line else { continue };
        let is_its =
            |line: &Line| matches!(line, Line::Output { call_id: id, .. } if id == call_id);
        if !lines.iter().any(is_its) {
            let message = format!("No tool output found for function call {call_id}.");
            return Err(WireError::new("invalid_value", message).about("input").without_code());
        }
    }
    Ok(())
}
