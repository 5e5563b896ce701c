//! Reading queries and bodies. An error names the parameter or field.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::error::ApiError;

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
        .map_err(|error| api_error("bad_parameter", error))
}

/// Reads a body as JSON.
pub(super) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // Structs can also be read from an array, by position.
    if body.trim_ascii_start().first() != Some(&b'{') {
        let message = "expected a JSON object, such as {\"full_name\": \"Dana\"}";
        return Err(ApiError::bad_request("bad_body", message));
    }
    let mut body = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut body);
    let read = read.map_err(|error| api_error("bad_body", error))?;
    body.end().map_err(|error| ApiError::bad_request("bad_body", error.to_string()))?;
    Ok(read)
}

fn api_error(code: &str, error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let path = error.path().to_string();
    let error = error.into_inner();
    let message = error.to_string();
    // A missing field is not in the path: serde names it only in the message.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match missing {
        // A syntax error is about the whole body.
        _ if !error.is_data() => None,
        None if path == "." => None,
        None => Some(path),
        Some(missing) => Some(missing.to_owned()),
    };
    let error = ApiError::bad_request(code, message);
    field.into_iter().fold(error, ApiError::at)
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
    let timestamp = text.parse().or_else(|_| text.replace(' ', "+").parse());
    let invalid = |_| D::Error::custom("is not a timestamp, as in 2026-12-31T10:30:00Z");
    timestamp.map(Some).map_err(invalid)
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
