//! A tool call's arguments, as models write them: read kindly where it is clear what is meant, and
//! refused everywhere else (PIPE-12).

use serde_json::{Value, json};
use thiserror::Error;

/// The arguments are no JSON object, and can't be meant as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the arguments are not one JSON object")]
pub struct Unreadable;

impl Unreadable {
    /// The tool's output for the model. `schema` says what was expected.
    #[must_use]
    pub(crate) fn output(self, schema: &Value) -> String {
        json!({
            "ok": false,
            "error": self.to_string(),
            "expected": schema,
            "do": "call the tool again with one JSON object of this form, or go on without it",
        })
        .to_string()
    }
}

/// Reads arguments as the model wrote them. Returns the text of a JSON object.
///
/// A JSON text in a JSON string is unwrapped once. `null`, `[]` and nothing are an empty object.
/// Special tokens of the model that follow are cut off.
///
/// # Errors
/// [`Unreadable`]: anything else.
pub fn read(arguments: &str) -> Result<String, Unreadable> {
    let mut unwrapped = value(arguments)?;
    if let Value::String(inner) = &unwrapped {
        unwrapped = value(inner)?;
    }
    match unwrapped {
        Value::Object(object) => Ok(Value::Object(object).to_string()),
        Value::Null => Ok("{}".to_owned()),
        Value::Array(list) if list.is_empty() => Ok("{}".to_owned()),
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(Unreadable),
    }
}

/// The JSON value in front of special tokens. `null` without one.
fn value(text: &str) -> Result<Value, Unreadable> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    if special_tokens_only(text) {
        return Ok(Value::Null);
    }
    let value = values.next().and_then(Result::ok).ok_or(Unreadable)?;
    let rest = text.get(values.byte_offset()..).unwrap_or_default();
    if special_tokens_only(rest) { Ok(value) } else { Err(Unreadable) }
}

/// Whether nothing but white space and tokens such as `<|im_end|>` or `</s>` is left.
fn special_tokens_only(text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let Some((token, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'))
        else {
            return false;
        };
        let letters = token.trim_matches(['|', '/', '｜']);
        let is_word = |letter: char| letter.is_alphanumeric() || "_-▁".contains(letter);
        if letters.is_empty() || !letters.chars().all(is_word) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipe_12_arguments_that_are_clearly_meant_are_read() {
        for (written, meant) in [
            (r#"{"city":"חיפה"}"#, r#"{"city":"חיפה"}"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#" {"a":"}<|x|>"} "#, r#"{"a":"}<|x|>"}"#),
            (r#""{\"a\":1}""#, r#"{"a":1}"#),
            (r#""{\"a\":1}<|im_end|>"<|call|>"#, r#"{"a":1}"#),
            ("{\"a\":1}<|im_end|>", r#"{"a":1}"#),
            ("{\"a\":1} <|eot_id|>\n</s>", r#"{"a":1}"#),
            ("{\"a\":1}<｜tool▁call▁end｜>", r#"{"a":1}"#),
            ("{}", "{}"),
            ("null", "{}"),
            ("[]", "{}"),
            ("\"\"", "{}"),
            ("", "{}"),
            ("  ", "{}"),
            ("\"null\"", "{}"),
            ("\"[]\"", "{}"),
            ("<|im_end|>", "{}"),
        ] {
            assert_eq!(read(written).as_deref(), Ok(meant), "{written}");
        }
    }

    #[test]
    fn pipe_12_anything_else_is_refused() {
        for written in [
            "{\"a\":",
            "{\"a\":1}}",
            "{\"a\":1}{\"a\":2}",
            "{\"a\":1} and more",
            "{\"a\":1}<not a token>",
            "{\"a\":1}<>",
            "{\"a\":1}<|",
            "[1]",
            "[{}]",
            "1",
            "true",
            "\"shalom\"",
            r#""\"{\\\"a\\\":1}\"""#,
            "{'a':1}",
        ] {
            assert_eq!(read(written), Err(Unreadable), "{written}");
        }
    }

    #[test]
    fn pipe_12_a_refusal_says_what_was_expected() {
        let output = Unreadable.output(&json!({"type": "object", "required": ["city"]}));
        assert!(output.contains("one JSON object") && output.contains("city"), "{output}");
    }
}
