//! Errors as the API words them, and identifiers.

use std::ops::Range;

use rand::distr::{Alphanumeric, SampleString as _};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

/// An error of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireError {
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    /// A planned fault of the server, not a mistake of the client.
    pub(crate) is_planned: bool,
}

impl WireError {
    /// An `invalid_request_error` with a code and without a parameter.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: "invalid_request_error",
            code: Some(code),
            message: message.into(),
            param: None,
            is_planned: false,
        }
    }

    pub(crate) fn about(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    pub(crate) fn without_code(self) -> Self {
        Self { code: None, ..self }
    }

    pub(crate) fn planned(self) -> Self {
        Self { is_planned: true, ..self }
    }

    pub(crate) fn unknown_parameter(path: &str) -> Self {
        Self::new("unknown_parameter", format!("Unknown parameter: '{path}'.")).about(path)
    }

    pub(crate) fn missing(path: &str) -> Self {
        Self::new("missing_required_parameter", format!("Missing required parameter: '{path}'."))
            .about(path)
    }

    pub(crate) fn wrong_type(path: &str, expected: &str, got: &Value) -> Self {
        let got = match got {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a decimal number",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let message =
            format!("Invalid type for '{path}': expected {expected}, but got {got} instead.");
        Self::new("invalid_type", message).about(path)
    }

    pub(crate) fn wrong_value(path: &str, got: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|name| format!("'{name}'")).collect();
        let supported = supported.join(", ");
        let message = format!("Invalid value: '{got}'. Supported values are: {supported}.");
        Self::new("invalid_value", message).about(path)
    }

    /// The `error` event. `event_id` is the one of the client's event.
    pub(crate) fn event(&self, event_id: Option<&str>) -> Value {
        json!({"type": "error", "error": {
            "type": self.kind,
            "code": self.code,
            "message": self.message,
            "param": self.param,
            "event_id": event_id,
        }})
    }
}

/// Makes identifiers as the API does, and the server's other random numbers.
#[derive(Debug)]
pub(crate) struct Ids {
    rng: SmallRng,
}

impl Ids {
    /// The same seed gives the same identifiers and numbers.
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: SmallRng::seed_from_u64(seed) }
    }

    /// The prefix and 21 letters and digits.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let mut id = prefix.to_owned();
        Alphanumeric.append_string(&mut self.rng, &mut id, 21);
        id
    }

    pub(crate) fn number(&mut self, range: Range<usize>) -> usize {
        self.rng.random_range(range)
    }
}
