//! What was changed, as the audit log keeps it.

use serde_json::{Value, json};

/// The longest value that is repeated, in characters.
const LONGEST_TOLD: usize = 300;

/// Each key before and after. Long texts are not repeated.
pub(super) fn told(changes: &[(&'static str, Value, Value)]) -> Value {
    let short = |value: &Value| match value.to_string() {
        text if text.chars().count() > LONGEST_TOLD => json!("…"),
        _ => value.clone(),
    };
    let of = |(path, before, after): &(&'static str, Value, Value)| {
        ((*path).to_owned(), json!({ "before": short(before), "after": short(after) }))
    };
    Value::Object(changes.iter().map(of).collect())
}
