//! What serde says of a value, in words of the file's format instead of Rust's types (OPS-12).

/// The message in plain words. What is no message of serde's stays as it is.
pub(crate) fn in_words(message: &str) -> String {
    let message = message.trim();
    for (begins, what) in
        [("invalid type: ", "is"), ("invalid value: ", "is"), ("invalid length ", "has length")]
    {
        if let Some(rest) = message.strip_prefix(begins)
            && let Some((was, expected)) = rest.rsplit_once(", expected ")
        {
            return format!("{what} {}, expected {}", found(was), wanted(expected));
        }
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return format!("unknown value {rest}");
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        return match rest.strip_suffix(", there are no fields") {
            Some(name) => format!("unknown key {name}, no key is expected here"),
            None => format!("unknown key {rest}"),
        };
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return format!("the key {name} is missing");
    }
    if let Some(name) = message.strip_prefix("duplicate field ") {
        return format!("the key {name} is there twice");
    }
    if message.starts_with("data did not match any variant of untagged enum ") {
        return "is of none of the forms that are known here".to_owned();
    }
    if message.starts_with("unexpected map key") || message.starts_with("expected value") {
        return "is more than one value, where one is expected".to_owned();
    }
    message.to_owned()
}

/// What was found: `integer `5`` is `the number `5``.
fn found(was: &str) -> String {
    for (kind, word) in [
        ("integer ", "the whole number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
        ("string ", "the text "),
        ("character ", "the text "),
    ] {
        if let Some(value) = was.strip_prefix(kind) {
            return format!("{word}{value}");
        }
    }
    match was {
        "map" => "a table",
        "sequence" => "a list",
        "null" | "unit value" | "Option value" => "no value",
        "newtype struct" | "newtype variant" | "unit variant" | "struct variant"
        | "tuple variant" => "a table",
        other => other,
    }
    .to_owned()
}

/// What was expected: `struct Silence` is a table of keys.
fn wanted(expected: &str) -> String {
    let expected = expected.trim();
    for (kind, word) in [
        ("internally tagged enum ", "a table of keys"),
        ("adjacently tagged enum ", "a table of keys"),
        ("struct variant ", "a table of keys"),
        ("struct ", "a table of keys"),
        ("tuple struct ", "a list"),
        ("tuple variant ", "a list"),
        ("a tuple of size ", "a list of "),
        ("an array of length ", "a list of "),
        ("newtype struct ", "one value"),
        ("newtype variant ", "one value"),
        ("unit struct ", "no value"),
        ("unit variant ", "one word"),
        ("enum ", "one of the known words"),
    ] {
        if let Some(rest) = expected.strip_prefix(kind) {
            let is_list = word.ends_with("of ");
            // Behind a type's name there may be what it must hold: "struct X with 2 elements".
            return if is_list { format!("{word}{rest}") } else { word.to_owned() };
        }
    }
    match expected {
        "map" | "a map" => "a table of keys",
        "sequence" | "a sequence" => "a list",
        "string" | "a string" | "str" | "a borrowed string" | "borrowed string" => "a text",
        "string or map" => "one of the known words, or a table with one",
        "a character" | "char" => "one letter",
        "bool" | "a boolean" | "boolean" => "true or false",
        "unit" | "unit value" => "no value",
        "option" => "a value",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a nonzero u8" | "a nonzero u16" | "a nonzero u32" | "a nonzero u64"
        | "a nonzero usize" => "a whole number, 1 or more",
        "f32" | "f64" => "a number",
        "variant identifier" | "variant of enum" => "one of the known words",
        "field identifier" | "string key" => "a key",
        "path string" => "a path as text",
        "any value" | "any valid JSON value" | "any valid TOML value" => "a value",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_12_what_serde_says_is_told_without_types_of_rust() {
        for (said, told) in [
            (
                "invalid type: string \"x\", expected struct WrittenHeard",
                "is the text \"x\", expected a table of keys",
            ),
            (
                "invalid type: integer `5`, expected a string",
                "is the whole number `5`, expected a text",
            ),
            ("invalid type: map, expected a sequence", "is a table, expected a list"),
            (
                "invalid type: boolean `true`, expected u32",
                "is `true`, expected a whole number, 0 or more",
            ),
            (
                "invalid value: integer `-1`, expected usize",
                "is the whole number `-1`, expected a whole number, 0 or more",
            ),
            (
                "invalid type: floating point `1.5`, expected a nonzero u16",
                "is the number `1.5`, expected a whole number, 1 or more",
            ),
            ("invalid length 3, expected a tuple of size 2", "has length 3, expected a list of 2"),
            (
                "invalid length 1, expected struct Words with 2 elements",
                "has length 1, expected a table of keys",
            ),
            ("unknown variant `x`, expected `a` or `b`", "unknown value `x`, expected `a` or `b`"),
            ("unknown field `x`, expected `y`", "unknown key `x`, expected `y`"),
            ("unknown field `x`, there are no fields", "unknown key `x`, no key is expected here"),
            ("missing field `slug`", "the key `slug` is missing"),
            (
                "data did not match any variant of untagged enum Either",
                "is of none of the forms that are known here",
            ),
            ("\"x\" is not a time zone", "\"x\" is not a time zone"),
        ] {
            assert_eq!(in_words(said), told);
        }
    }
}
