//! Strict JSON Schemas: what the API takes, and whether a value fits one.

use serde_json::{Map, Value};

/// Words of JSON Schema that strict mode has none of.
const FORBIDDEN: [&str; 9] = [
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "dependentRequired",
    "default",
];

/// Words that stand beside no `$ref`.
const REF: &str = "$ref";

/// The deepest nesting that is read.
const DEEPEST: usize = 10;

/// Whether strict mode takes the schema. The error is the API's, after the schema's name.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let root = schema.as_object().ok_or("schema must be a JSON Schema object")?;
    if root.get("type") != Some(&Value::from("object")) {
        let given = root.get("type").map_or("None".to_owned(), Value::to_string);
        return Err(format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: {given}'."
        ));
    }
    node(schema, root, &mut Vec::new())
}

fn node(schema: &Value, root: &Map<String, Value>, path: &mut Vec<String>) -> Result<(), String> {
    let context = |path: &[String]| format!("In context=({}), ", path.join(", "));
    if path.len() > 2 * DEEPEST {
        return Err(format!("{}the schema is nested too deeply.", context(path)));
    }
    let Some(schema) = schema.as_object() else {
        return Err(format!("{}schema must be an object.", context(path)));
    };
    if let Some(word) = FORBIDDEN.iter().find(|word| schema.contains_key(**word)) {
        return Err(format!("{}'{word}' is not permitted.", context(path)));
    }
    if let Some(target) = schema.get(REF) {
        if schema.len() > 1 {
            return Err(format!("{}$ref cannot have keywords beside it.", context(path)));
        }
        let name = target.as_str().and_then(|target| target.strip_prefix("#/$defs/"));
        let is_defined =
            name.is_some_and(|name| root.get("$defs").is_some_and(|defs| defs.get(name).is_some()));
        return if is_defined || target == "#" {
            Ok(())
        } else {
            Err(format!("{}reference {target} is not defined.", context(path)))
        };
    }
    let kinds = kinds(schema);
    if kinds.is_empty() && !["anyOf", "enum", "const"].iter().any(|word| schema.contains_key(*word))
    {
        return Err(format!("{}schema must have a 'type' key.", context(path)));
    }
    if kinds.contains(&"object") || schema.contains_key("properties") {
        object(schema, root, path)?;
    }
    if kinds.contains(&"array") && !schema.contains_key("items") {
        return Err(format!("{}array schema missing items.", context(path)));
    }
    for word in ["items"] {
        if let Some(inner) = schema.get(word) {
            step(inner, root, path, &[word])?;
        }
    }
    for (place, inner) in
        schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        step(inner, root, path, &["anyOf", &place.to_string()])?;
    }
    for (name, inner) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        step(inner, root, path, &["$defs", name])?;
    }
    Ok(())
}

fn step(
    inner: &Value,
    root: &Map<String, Value>,
    path: &mut Vec<String>,
    names: &[&str],
) -> Result<(), String> {
    let length = path.len();
    path.extend(names.iter().map(|name| format!("'{name}'")));
    let checked = node(inner, root, path);
    path.truncate(length);
    checked
}

fn object(
    schema: &Map<String, Value>,
    root: &Map<String, Value>,
    path: &mut Vec<String>,
) -> Result<(), String> {
    let context = format!("In context=({}), ", path.join(", "));
    if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(format!(
            "{context}'additionalProperties' is required to be supplied and to be false."
        ));
    }
    let empty = Map::new();
    let properties = match schema.get("properties") {
        None => &empty,
        Some(properties) => properties
            .as_object()
            .ok_or_else(|| format!("{context}'properties' must be an object."))?,
    };
    let required: Vec<&str> =
        (schema.get("required").and_then(Value::as_array).into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
    let missing = properties.keys().find(|name| !required.contains(&name.as_str()));
    let extra = required.iter().find(|name| !properties.contains_key(**name));
    if let Some(name) = missing.map(String::as_str).or(extra.copied()) {
        let what = if missing.is_some() { "Missing" } else { "Extra required key" };
        return Err(format!(
            "{context}'required' is required to be supplied and to be an array including every key in \
             properties. {what} '{name}'."
        ));
    }
    properties.iter().try_for_each(|(name, inner)| step(inner, root, path, &["properties", name]))
}

fn kinds(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// Whether a value fits a schema that [`check`] takes. References are not followed: they fit.
pub(super) fn fits(value: &Value, schema: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return false };
    if schema.contains_key(REF) {
        return true;
    }
    let any_of = schema.get("anyOf").and_then(Value::as_array);
    if any_of.is_some_and(|schemas| !schemas.iter().any(|schema| fits(value, schema))) {
        return false;
    }
    let allowed = schema.get("enum").and_then(Value::as_array);
    if allowed.is_some_and(|allowed| !allowed.contains(value))
        || schema.get("const").is_some_and(|only| only != value)
    {
        return false;
    }
    let kinds = kinds(schema);
    if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(value, kind)) {
        return false;
    }
    match value {
        Value::Object(object) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            properties.is_none_or(|properties| {
                object.len() == properties.len()
                    && properties.iter().all(|(name, schema)| {
                        object.get(name).is_some_and(|value| fits(value, schema))
                    })
            })
        }
        Value::Array(items) => {
            schema.get("items").is_none_or(|schema| items.iter().all(|item| fits(item, schema)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}
