//! Checks a request as the API does: every field, and what its parts say together.

use serde_json::{Map, Value};

use super::input;
use super::strict;
use crate::openai::schema::{Field, Rule, check_fields, may, must};
use crate::openai::wire::WireError;

/// The longest text that is looked at, in characters.
const LONGEST: usize = 10_485_760;
const NAME: usize = 64;

const FORMAT: &[(&str, &[Field])] = &[
    ("text", &[]),
    ("json_object", &[]),
    (
        "json_schema",
        &[
            must("name", Rule::Text(LONGEST)),
            must("schema", Rule::Any),
            may("strict", Rule::OrNull(&Rule::Bool)),
            may("description", Rule::Text(LONGEST)),
        ],
    ),
];

const TEXT: &[Field] = &[
    may("format", Rule::Tagged(FORMAT)),
    may("verbosity", Rule::OrNull(&Rule::OneOf(&["low", "medium", "high"]))),
];

const TOOL: &[(&str, &[Field])] = &[(
    "function",
    &[
        must("name", Rule::Text(LONGEST)),
        may("description", Rule::OrNull(&Rule::Text(LONGEST))),
        must("parameters", Rule::Any),
        may("strict", Rule::OrNull(&Rule::Bool)),
    ],
)];

const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const REASONING: &[Field] = &[
    may("effort", Rule::OrNull(&Rule::OneOf(EFFORTS))),
    may("summary", Rule::OrNull(&Rule::OneOf(&["auto", "concise", "detailed"]))),
];

/// The most output tokens of a model.
const MOST_TOKENS: i64 = 128_000;

const REQUEST: &[Field] = &[
    must("model", Rule::Text(LONGEST)),
    must("input", Rule::Any),
    may("instructions", Rule::OrNull(&Rule::Text(LONGEST))),
    may("include", Rule::OrNull(&Rule::List(&Rule::OneOf(&["reasoning.encrypted_content"])))),
    may("max_output_tokens", Rule::OrNull(&Rule::Int(16, MOST_TOKENS))),
    may("metadata", Rule::OrNull(&Rule::Metadata)),
    may("parallel_tool_calls", Rule::OrNull(&Rule::Bool)),
    may("prompt_cache_key", Rule::OrNull(&Rule::Text(64))),
    may("reasoning", Rule::OrNull(&Rule::Object(REASONING))),
    may("safety_identifier", Rule::OrNull(&Rule::Text(64))),
    may("service_tier", Rule::OrNull(&Rule::OneOf(&["auto", "default", "flex", "priority"]))),
    may("store", Rule::OrNull(&Rule::Bool)),
    may("stream", Rule::OrNull(&Rule::Bool)),
    may("text", Rule::Object(TEXT)),
    may("tool_choice", Rule::OneOf(&["none", "auto", "required"])),
    may("tools", Rule::List(&Rule::Tagged(TOOL))),
    may("truncation", Rule::OrNull(&Rule::OneOf(&["auto", "disabled"]))),
];

/// Parameters that the API knows and a reasoning model refuses.
const REFUSED: [&str; 3] = ["temperature", "top_p", "top_logprobs"];

/// A request that is right.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) model: String,
    pub(super) instructions: String,
    pub(super) history: Vec<crate::openai::brain::Line>,
    /// Names of the functions that may be called, each with its schema.
    pub(super) tools: Vec<(String, Value)>,
    /// The schema of the answer; `None` for plain text.
    pub(super) schema: Option<Value>,
    pub(super) max_output_tokens: Option<u64>,
    /// About how many tokens went in.
    pub(super) tokens: u64,
}

/// Reads a request.
pub(super) fn read(body: &[u8]) -> Result<Request, WireError> {
    let parsed: Value = serde_json::from_slice(body).map_err(|_| {
        let message = "We could not parse the JSON body of your request.";
        WireError::new("invalid_json", message).without_code()
    })?;
    let Value::Object(request) = &parsed else {
        return Err(WireError::wrong_type("body", "an object", &parsed).without_code());
    };
    if let Some(name) = REFUSED.iter().find(|name| request.contains_key(**name)) {
        let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
        return Err(WireError::new("unsupported_parameter", message).about(*name));
    }
    check_fields(REQUEST, request, "")?;
    if request.get("stream") == Some(&Value::Bool(true)) {
        let message = "The practice text model does not stream.";
        return Err(WireError::new("unsupported_value", message).about("stream"));
    }
    let text =
        |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let tools = tools(request)?;
    Ok(Request {
        model: text("model"),
        instructions: text("instructions"),
        history: input::read(&request["input"])?,
        tools: if text("tool_choice") == "none" { Vec::new() } else { tools },
        schema: schema(request)?,
        max_output_tokens: request.get("max_output_tokens").and_then(Value::as_u64),
        tokens: tokens(std::str::from_utf8(body).unwrap_or_default()),
    })
}

/// About how many tokens a text has.
pub(super) fn tokens(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().filter(|letter| !letter.is_ascii()).count();
    (ascii / 4 + others / 2 + 1) as u64
}

fn tools(request: &Map<String, Value>) -> Result<Vec<(String, Value)>, WireError> {
    let mut read: Vec<(String, Value)> = Vec::new();
    let listed = request.get("tools").and_then(Value::as_array);
    for (place, tool) in listed.into_iter().flatten().enumerate() {
        let path = format!("tools[{place}]");
        let name = tool["name"].as_str().unwrap_or_default().to_owned();
        check_name(&name, &format!("{path}.name"))?;
        if read.iter().any(|(known, _)| *known == name) {
            let message = format!("Invalid '{path}.name': duplicate function '{name}'.");
            return Err(WireError::new("invalid_value", message).about(format!("{path}.name")));
        }
        if tool["strict"] != Value::Bool(false) {
            strict::check(&tool["parameters"]).map_err(|why| {
                let message = format!("Invalid schema for function '{name}': {why}");
                let param = format!("{path}.parameters");
                WireError::new("invalid_function_parameters", message).about(param)
            })?;
        }
        read.push((name, tool["parameters"].clone()));
    }
    Ok(read)
}

fn schema(request: &Map<String, Value>) -> Result<Option<Value>, WireError> {
    let Some(format) = request.get("text").and_then(|text| text.get("format")) else {
        return Ok(None);
    };
    if format["type"] != "json_schema" {
        return Ok(None);
    }
    let name = format["name"].as_str().unwrap_or_default();
    check_name(name, "text.format.name")?;
    if format["strict"] == Value::Bool(true) {
        strict::check(&format["schema"]).map_err(|why| {
            let message = format!("Invalid schema for response_format '{name}': {why}");
            WireError::new("invalid_json_schema", message).about("text.format.schema")
        })?;
    }
    Ok(Some(format["schema"].clone()))
}

fn check_name(name: &str, path: &str) -> Result<(), WireError> {
    let is_sign = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if (1..=NAME).contains(&name.len()) && name.chars().all(is_sign) {
        return Ok(());
    }
    let message = format!(
        "Invalid '{path}': string does not match pattern. Expected a string that matches the pattern \
         '^[a-zA-Z0-9_-]+$'."
    );
    Err(WireError::new("invalid_value", message).about(path))
}
