//! What serde says of a value, in words of the file's format instead of Rust's types (OPS-12).

/// The message in plain words. What is no message of serde's stays as it is.
pub(crate) fn in_words(message: &str) -> String {
    let message = without_place(message.trim());
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
    if message.starts_with("UUID parsing failed") {
        return "is not a UUID, as in 0190163d-8694-739b-aea5-966c26f8ad91".to_owned();
    }
    if message.starts_with("data did not match any variant of untagged enum ") {
        return "is of none of the forms that are known here".to_owned();
    }
    if message.starts_with("unexpected map key") || message.starts_with("expected value") {
        return "is more than one value, where one is expected".to_owned();
    }
    message.to_owned()
}

/// Without `at line 1 column 5` behind it. Who tells the place, tells it in front.
fn without_place(message: &str) -> &str {
    let place = message.rsplit_once(" at line ");
    let is_place = |place: &str| {
        let mut words = place.split(" column ");
        words.all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
    };
    place.filter(|(_, place)| is_place(place)).map_or(message, |(message, _)| message)
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
            let value = value.trim_end_matches(" as i128").trim_end_matches(" as u128");
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
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number, 0 or more",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "isize" => "a whole number",
        "a nonzero u8" => "a whole number from 1 to 255",
        "a nonzero u16" => "a whole number from 1 to 65535",
        "a nonzero u32" => "a whole number from 1 to 4294967295",
        "a nonzero u64" | "a nonzero usize" => "a whole number, 1 or more",
        "a formatted UUID string" => "a UUID as text",
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
                "is `true`, expected a whole number from 0 to 4294967295",
            ),
            (
                "invalid value: integer `-1`, expected usize",
                "is the whole number `-1`, expected a whole number, 0 or more",
            ),
            (
                "invalid type: floating point `1.5`, expected a nonzero u16",
                "is the number `1.5`, expected a whole number from 1 to 65535",
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
            (
                "invalid value: integer `300`, expected u8 at line 1 column 108",
                "is the whole number `300`, expected a whole number from 0 to 255",
            ),
            (
                "invalid type: integer `99999999999999999999` as i128, expected u64",
                "is the whole number `99999999999999999999`, expected a whole number, 0 or more",
            ),
            ("missing field `to` at line 1 column 29", "the key `to` is missing"),
            (
                "UUID parsing failed: invalid length: found 1 at line 1 column 42",
                "is not a UUID, as in 0190163d-8694-739b-aea5-966c26f8ad91",
            ),
            (
                "invalid type: integer `7`, expected a formatted UUID string",
                "is the whole number `7`, expected a UUID as text",
            ),
            ("we stand at line two column x", "we stand at line two column x"),
        ] {
            assert_eq!(in_words(said), told);
        }
    }
}
