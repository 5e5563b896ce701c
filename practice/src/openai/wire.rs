//! What both directions share: errors as the API words them, and identifiers.

use serde_json::{Value, json};

/// An error as the API answers it, without the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireError {
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
}

impl WireError {
    /// An `invalid_request_error` with a code and no parameter.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind: "invalid_request_error",
            code: Some(code),
            message: message.into(),
            param: None,
        }
    }

    /// The same error about a parameter.
    pub(crate) fn about(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// The same error without a code, as some are.
    pub(crate) fn without_code(self) -> Self {
        Self { code: None, ..self }
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

    /// The `error` event; `event_id` is the client event's, if it gave one.
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

/// Makes identifiers of the API's form: a prefix and 21 letters and digits, no two alike.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    /// Identifiers that differ from those of any other seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0xA076_1D64_78BD_642F) }
    }

    pub(crate) fn next(&mut self, prefix: &str) -> String {
        let mut id = String::with_capacity(prefix.len() + 21);
        id.push_str(prefix);
        let (mut high, mut low) = (self.random(), self.random());
        for n in 0..21 {
            let from = if n < 10 { &mut high } else { &mut low };
            id.push(char::from(BASE62[(*from % 62) as usize]));
            *from /= 62;
        }
        id
    }

    /// A number that looks random and is the same for the same seed (SplitMix64).
    pub(crate) fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
