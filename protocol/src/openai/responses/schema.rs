//! Strict JSON Schemas: what the Responses API takes with `strict: true`.

use serde_json::{Map, Value, json};

use crate::tools::ToolSpec;

impl ToolSpec {
    /// One entry of `tools` in a request to the Responses API.
    pub(crate) fn to_responses(&self) -> Value {
        json!({
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": strict(self.parameters.clone()),
            "strict": true,
        })
    }
}

/// The schema as strict mode wants it: every object is closed and requires all of its properties. Those
/// that were optional may be null instead; the tools take null for "not given". An object that was
/// optional stays an object, since it can be one of nulls.
#[must_use]
pub fn strict(schema: Value) -> Value {
    match schema {
        Value::Object(schema) => Value::Object(strict_object(schema)),
        Value::Array(schemas) => schemas.into_iter().map(strict).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// The schema with null allowed too.
pub(super) fn nullable(mut schema: Value) -> Value {
    if let Some(kind) = schema["type"].as_str().map(str::to_owned) {
        schema["type"] = json!([kind, "null"]);
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut)
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}

fn strict_object(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(items) = schema.remove("items") {
        schema.insert("items".to_owned(), strict(items));
    }
    let Some(Value::Object(properties)) = schema.remove("properties") else { return schema };
    let required = schema.remove("required").unwrap_or_default();
    let was_required =
        |name: &str| required.as_array().is_some_and(|names| names.contains(&json!(name)));
    let names: Vec<String> = properties.keys().cloned().collect();
    let properties: Map<String, Value> = (properties.into_iter())
        .map(|(name, property)| {
            let property = strict(property);
            let may_be_null = !was_required(&name) && property["type"] != "object";
            let property = if may_be_null { nullable(property) } else { property };
            (name, property)
        })
        .collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(names));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}
