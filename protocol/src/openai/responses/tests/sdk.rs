//! The wire against the types of OpenAI's own Python SDK. `read_sdk.py` beside this file has made the
//! table, and says how.

use serde_json::Map;

use super::answers::response;
use super::*;

fn types() -> Map<String, Value> {
    let table: Value = serde_json::from_str(include_str!("sdk.json")).unwrap();
    assert_eq!(table["sdk"], "openai 3.57.0");
    table["types"].as_object().unwrap().clone()
}

/// Whether an object has only fields of the type, all that it must have, and texts that a field allows.
fn check(object: &Value, name: &str) -> Result<(), String> {
    let types = types();
    let kind = types.get(name).ok_or_else(|| format!("no type {name}"))?;
    let object = object.as_object().ok_or_else(|| format!("{name}: not an object: {object}"))?;
    for (field, value) in object {
        let allowed =
            kind["fields"].get(field).ok_or_else(|| format!("{name} has no field {field}"))?;
        if let (Some(texts), Some(text)) = (allowed.as_array(), value.as_str())
            && !texts.contains(&json!(text))
        {
            return Err(format!("{name}.{field} can't be {text}"));
        }
    }
    let missing = |field: &&Value| !object.contains_key(field.as_str().unwrap());
    match kind["required"].as_array().unwrap().iter().find(missing) {
        Some(field) => Err(format!("{name} lacks {field}")),
        None => Ok(()),
    }
}

#[test]
fn wa_1_a_request_has_the_fields_of_the_sdks_types() {
    let body = request().to_value();
    check(&body, "request").unwrap();
    check(&body["text"], "text").unwrap();
    check(&body["text"]["format"], "format").unwrap();
    check(&body["reasoning"], "reasoning").unwrap();
    for tool in body["tools"].as_array().unwrap() {
        check(tool, "tool").unwrap();
    }
    let mut kinds = Vec::new();
    for item in body["input"].as_array().unwrap() {
        let kind = item["type"].as_str().unwrap_or("message");
        check(item, kind).unwrap();
        kinds.push(kind);
        for part in item["content"].as_array().into_iter().flatten() {
            let kind = part["type"].as_str().unwrap();
            check(part, kind).unwrap();
            kinds.push(kind);
        }
    }
    for kind in ["message", "input_text", "output_text", "function_call", "function_call_output"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
}

#[test]
fn wa_1_the_check_against_the_sdk_finds_a_wrong_name_and_a_wrong_word() {
    let mut body = request().to_value();
    body["temprature"] = json!(1);
    assert_eq!(check(&body, "request"), Err("request has no field temprature".to_owned()));
    assert!(check(&json!({"role": "caller", "content": "x"}), "message").is_err());
    assert!(check(&json!({"role": "user"}), "message").is_err());
    assert!(check(&json!({"effort": "lazy"}), "reasoning").is_err());
}

#[test]
fn wa_4_what_is_read_has_the_sdks_names() {
    let body = response(json!([]));
    check(&body, "response").unwrap();
    check(&body["usage"], "usage").unwrap();
    for details in ["input_tokens_details", "output_tokens_details"] {
        check(&body["usage"][details], details).unwrap();
    }
    let types = types();
    let has = |name: &str, field: &str| types[name]["fields"].get(field).is_some();
    for (name, field) in [
        ("response", "incomplete_details"),
        ("incomplete_details", "reason"),
        ("error", "code"),
        ("error", "type"),
        ("returned_message", "content"),
        ("returned_message", "phase"),
        ("returned_text", "text"),
        ("returned_call", "call_id"),
        ("returned_call", "name"),
        ("returned_call", "arguments"),
        ("returned_call", "status"),
    ] {
        assert!(has(name, field), "{name}.{field}");
    }
    let words = |name: &str, field: &str| types[name]["fields"][field].clone();
    for (name, field, word) in [
        ("response", "status", "completed"),
        ("response", "status", "incomplete"),
        ("response", "status", "failed"),
        ("incomplete_details", "reason", "max_output_tokens"),
        ("incomplete_details", "reason", "content_filter"),
        ("returned_message", "phase", "commentary"),
        ("returned_call", "status", "completed"),
        ("returned_call", "type", "function_call"),
        ("returned_text", "type", "output_text"),
        ("refusal", "type", "refusal"),
        ("error", "code", "rate_limit_exceeded"),
    ] {
        assert!(words(name, field).as_array().unwrap().contains(&json!(word)), "{name}.{field}");
    }
}
