//! A strict schema for client events, with the API's error for each fault.

use serde_json::{Map, Value};

use super::wire::WireError;

/// The allowed values of a field.
pub(super) enum Rule {
    /// Not checked here.
    Any,
    Bool,
    /// A string of at most this many characters.
    Text(usize),
    OneOf(&'static [&'static str]),
    Int(i64, i64),
    Number(f64, f64),
    /// `null`, or the other rule.
    OrNull(&'static Rule),
    List(&'static Rule),
    Object(&'static [Field]),
    /// An object whose fields depend on its `type`.
    Tagged(&'static [(&'static str, &'static [Field])]),
    /// At most 16 strings by name: keys up to 64 characters, values up to 512.
    Metadata,
    /// The first rule for strings, the second for the rest.
    StringOr(&'static Rule, &'static Rule),
}

pub(super) struct Field {
    name: &'static str,
    rule: Rule,
    required: bool,
}

/// An optional field.
pub(super) const fn may(name: &'static str, rule: Rule) -> Field {
    Field { name, rule, required: false }
}

/// A required field.
pub(super) const fn must(name: &'static str, rule: Rule) -> Field {
    Field { name, rule, required: true }
}

/// Checks a value. Errors name it by `path`.
pub(super) fn check(rule: &Rule, value: &Value, path: &str) -> Result<(), WireError> {
    match rule {
        Rule::Any => Ok(()),
        Rule::Bool => typed(value.is_boolean(), "a boolean", value, path),
        Rule::Text(longest) => check_text(*longest, value, path),
        Rule::OneOf(names) => match value.as_str() {
            Some(name) if names.contains(&name) => Ok(()),
            Some(name) => Err(WireError::wrong_value(path, name, names)),
            None => Err(WireError::wrong_type(path, "a string", value)),
        },
        Rule::Int(least, most) => check_int(*least, *most, value, path),
        Rule::Number(least, most) => check_number(*least, *most, value, path),
        Rule::OrNull(_) if value.is_null() => Ok(()),
        Rule::OrNull(rule) => check(rule, value, path),
        Rule::List(rule) => match value.as_array() {
            Some(values) => values
                .iter()
                .enumerate()
                .try_for_each(|(n, value)| check(rule, value, &format!("{path}[{n}]"))),
            None => Err(WireError::wrong_type(path, "an array of values", value)),
        },
        Rule::Object(fields) => match value.as_object() {
            Some(object) => check_fields(fields, object, path),
            None => Err(WireError::wrong_type(path, "an object", value)),
        },
        Rule::Metadata => check_metadata(value, path),
        Rule::Tagged(kinds) => check_tagged(kinds, value, path),
        Rule::StringOr(string, _) if value.is_string() => check(string, value, path),
        Rule::StringOr(_, other) => check(other, value, path),
    }
}

/// Checks an object's fields. With an empty `path` errors name a field alone.
pub(super) fn check_fields(
    fields: &[Field],
    object: &Map<String, Value>,
    path: &str,
) -> Result<(), WireError> {
    let at = |name: &str| {
        if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
    };
    for field in fields.iter().filter(|field| field.required) {
        if !object.contains_key(field.name) {
            return Err(WireError::missing(&at(field.name)));
        }
    }
    for (name, value) in object {
        match fields.iter().find(|field| field.name == name) {
            Some(field) => check(&field.rule, value, &at(name))?,
            None => return Err(WireError::unknown_parameter(&at(name))),
        }
    }
    Ok(())
}

fn check_tagged(
    kinds: &[(&'static str, &'static [Field])],
    value: &Value,
    path: &str,
) -> Result<(), WireError> {
    let Value::Object(object) = value else {
        return Err(WireError::wrong_type(path, "an object", value));
    };
    let tag_path = format!("{path}.type");
    match object.get("type") {
        None => Err(WireError::missing(&tag_path)),
        Some(Value::String(tag)) => match kinds.iter().find(|(name, _)| name == tag) {
            Some((_, fields)) => {
                let mut rest = object.clone();
                rest.remove("type");
                check_fields(fields, &rest, path)
            }
            None => {
                let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
                Err(WireError::wrong_value(&tag_path, tag, &names))
            }
        },
        Some(other) => Err(WireError::wrong_type(&tag_path, "a string", other)),
    }
}

fn check_metadata(value: &Value, path: &str) -> Result<(), WireError> {
    let Some(pairs) = value.as_object() else {
        return Err(WireError::wrong_type(path, "an object", value));
    };
    if pairs.len() > 16 {
        let message = format!("Invalid '{path}': too many properties. Expected at most 16.");
        return Err(WireError::new("object_above_max_properties", message).about(path));
    }
    for (key, value) in pairs {
        check_text(64, &Value::String(key.clone()), path)?;
        check_text(512, value, &format!("{path}.{key}"))?;
    }
    Ok(())
}

fn typed(fits: bool, expected: &str, value: &Value, path: &str) -> Result<(), WireError> {
    if fits { Ok(()) } else { Err(WireError::wrong_type(path, expected, value)) }
}

fn check_text(longest: usize, value: &Value, path: &str) -> Result<(), WireError> {
    let Some(text) = value.as_str() else {
        return Err(WireError::wrong_type(path, "a string", value));
    };
    let length = text.chars().count();
    if length <= longest {
        return Ok(());
    }
    let message = format!(
        "Invalid '{path}': string too long. Expected a string with maximum length {longest}, \
         but got a string with length {length} instead."
    );
    Err(WireError::new("string_above_max_length", message).about(path))
}

fn check_int(least: i64, most: i64, value: &Value, path: &str) -> Result<(), WireError> {
    let Some(number) = value.as_i64() else {
        return Err(WireError::wrong_type(path, "an integer", value));
    };
    if number < least {
        return Err(out_of_bounds(
            "integer_below_min_value",
            path,
            ("below minimum", ">=", least),
            number,
        ));
    }
    if number > most {
        return Err(out_of_bounds(
            "integer_above_max_value",
            path,
            ("above maximum", "<=", most),
            number,
        ));
    }
    Ok(())
}

fn check_number(least: f64, most: f64, value: &Value, path: &str) -> Result<(), WireError> {
    let Some(number) = value.as_f64() else {
        return Err(WireError::wrong_type(path, "a decimal number", value));
    };
    if number < least {
        return Err(out_of_bounds(
            "decimal_below_min_value",
            path,
            ("below minimum", ">=", least),
            number,
        ));
    }
    if number > most {
        return Err(out_of_bounds(
            "decimal_above_max_value",
            path,
            ("above maximum", "<=", most),
            number,
        ));
    }
    Ok(())
}

fn out_of_bounds<T: std::fmt::Display>(
    code: &'static str,
    path: &str,
    (what, sign, bound): (&str, &str, T),
    got: T,
) -> WireError {
    let kind = if code.starts_with("integer") { "integer" } else { "decimal" };
    let message = format!(
        "Invalid '{path}': {kind} {what} value. Expected a value {sign} {bound}, but got {got} \
         instead."
    );
    WireError::new(code, message).about(path)
}
