//! Reading queries and bodies. An error names the parameter or field.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use protocol::ids::PhoneNumber;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::error::ApiError;
use crate::config::words::in_words;

/// Reads a query as it was sent, still percent-encoded. A parameter that `T` does not have is an error.
pub(super) fn read<T: DeserializeOwned>(query: Option<&str>) -> Result<T, ApiError> {
    let mut given = Map::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let twice = given.insert(name.clone().into_owned(), Value::String(value.into_owned()));
        if twice.is_some() {
            return Err(ApiError::bad_request("bad_parameter", "is given twice").at(name));
        }
    }
    serde_path_to_error::deserialize(Value::Object(given))
        .map_err(|error| misread("bad_parameter", error))
}

/// Reads a body as JSON.
pub(super) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Structs can also be read from an array, by position.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(ApiError::bad_request("bad_body", no_object(body)));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
    // Read from the text: in the value, the last of two equal keys would win.
    let from_text =
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(body));
    from_text.map_err(|error| {
        // The value tells a wrong type as such, where the text ends in an error of syntax.
        let of_value = serde_path_to_error::deserialize::<_, T>(value).err();
        misread("bad_body", of_value.unwrap_or(error))
    })
}

/// What is said of a body that does not begin as an object.
fn no_object(body: &[u8]) -> &'static str {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if body.starts_with(BYTE_ORDER_MARK) {
        "the body begins with a byte order mark: send a JSON object in UTF-8 without one"
    } else if body.trim_ascii().is_empty() {
        "the body is empty: expected a JSON object; GET /api/openapi.json names its fields"
    } else {
        "expected a JSON object, in braces; GET /api/openapi.json names its fields"
    }
}

/// The error of a value, in words (OPS-12).
fn misread(code: &str, error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let path = error.path().to_string();
    let message = error.inner().to_string();
    // Keys that are missing or there twice are not in the path: serde names them only in the message.
    let named = ["missing field `", "duplicate field `"];
    let named = named.iter().find_map(|begins| message.strip_prefix(begins)?.split('`').next());
    let field = match named {
        None if path == "." => None,
        None => Some(path),
        Some(named) => Some(named.to_owned()),
    };
    // What a file calls a table is an object in JSON.
    let message = in_words(&message).replace("a table of keys", "an object");
    let error = ApiError::bad_request(code, message.replace("a table", "an object"));
    field.into_iter().fold(error, ApiError::at)
}

/// The body is no JSON, from this place on.
fn no_json(error: &serde_json::Error) -> ApiError {
    let what = if error.is_eof() { "ends too early" } else { "is not valid JSON" };
    let (line, column) = (error.line(), error.column());
    let message = format!("the body {what}, at line {line}, column {column}");
    ApiError::bad_request("bad_body", message)
}

/// Reads a date from a query.
pub(super) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(from)?;
    let date = text.parse().map_err(|_| D::Error::custom("is not a date, as in 2026-12-31"))?;
    Ok(Some(date))
}

/// Reads a timestamp from a query.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(from)?;
    // An unescaped plus in a query means a space.
    let timestamp = moment(&text).or_else(|| moment(&text.replace(' ', "+")));
    let invalid = || D::Error::custom("is not a timestamp, as in 2026-12-31T10:30:00Z");
    timestamp.map(Some).ok_or_else(invalid)
}

/// A moment that databases can store. Nothing is before the first year or after the last, so moments
/// there are taken as its end.
fn moment(text: &str) -> Option<Timestamp> {
    let first = Date::constant(1, 1, 1).to_zoned(TimeZone::UTC).ok()?.timestamp();
    let pieces = Pieces::parse(text).ok()?;
    let has_moment = pieces.time().is_some() && pieces.offset().is_some();
    let at_end = |year: i16| if year > 0 { Timestamp::MAX } else { first };
    let read = text.parse().ok().or_else(|| has_moment.then(|| at_end(pieces.date().year())));
    read.map(|moment| moment.max(first))
}

/// Reads a telephone number from a query.
pub(super) fn phone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PhoneNumber>, D::Error> {
    let text = String::deserialize(from)?;
    // An unescaped plus in a query means a space.
    let number = PhoneNumber::parse(&text.replacen(' ', "+", 1));
    number.map(Some).map_err(D::Error::custom)
}

/// What is said of a wrong length. The calendar checks that it is from 1 to 1440.
pub(super) const MINUTES_EXPECTED: &str = "must be a whole number from 1 to 1440";

/// Reads a length in minutes from a query.
pub(super) fn minutes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| D::Error::custom(MINUTES_EXPECTED))
}

/// Reads a length in minutes from a body: a number, or null.
pub(super) fn minutes_of_body<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let given = Option::<Value>::deserialize(from)?;
    let wrong = || D::Error::custom(MINUTES_EXPECTED);
    given.map(|value| value.as_u64().ok_or_else(wrong)).transpose()
}

/// The query of requests for one row.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BusinessQuery {
    /// The slug of the business that has the row.
    #[param(required = true)]
    pub(super) business: Option<String>,
}

/// A query without parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuery {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Wanted {
        #[serde(default, deserialize_with = "phone")]
        phone: Option<PhoneNumber>,
    }

    #[test]
    fn ops_4_a_number_may_be_given_with_its_plus_escaped_or_not() {
        let read = |query: &str| read::<Wanted>(Some(query)).map(|wanted| wanted.phone);
        let number = PhoneNumber::parse("+972501234567").unwrap();
        for query in ["phone=%2B972501234567", "phone=+972501234567"] {
            assert_eq!(read(query).unwrap(), Some(number.clone()), "{query}");
        }
        assert_eq!(read("").unwrap(), None);
        assert!(read("phone=0501234567").is_err());
    }
}
