//! Reading what a request says: its query and its body. What is not known is refused by name.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use super::Refusal;

/// Reads the query `query`, as it was sent, into a struct of what is known.
pub(super) fn read<T: DeserializeOwned>(query: Option<&str>) -> Result<T, Refusal> {
    let mut given = Map::new();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let twice = given.insert(name.clone().into_owned(), Value::String(value.into_owned()));
        if twice.is_some() {
            return Err(Refusal::bad("bad_parameter", "is given twice").about(name));
        }
    }
    serde_path_to_error::deserialize(Value::Object(given))
        .map_err(|wrong| refusal("bad_parameter", wrong))
}

/// Reads a body of JSON.
pub(super) fn body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let mut body = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut body);
    let read = read.map_err(|wrong| refusal("bad_body", wrong))?;
    body.end().map_err(|wrong| Refusal::bad("bad_body", wrong.to_string()))?;
    Ok(read)
}

fn refusal(code: &'static str, wrong: serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let path = wrong.path().to_string();
    let wrong = wrong.into_inner();
    let message = wrong.to_string();
    // What is missing stands in no path: serde names it in its message alone.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let field = match missing {
        // What is no JSON at all is about no field, wherever it breaks off.
        _ if !wrong.is_data() => None,
        None if path == "." => None,
        None => Some(path),
        Some(missing) => Some(missing.to_owned()),
    };
    let refusal = Refusal::bad(code, message);
    field.into_iter().fold(refusal, Refusal::about)
}

/// Reads a date of a query.
pub(super) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(from)?;
    let date = text.parse().map_err(|_| D::Error::custom("is no date as in 2026-12-31"))?;
    Ok(Some(date))
}

/// Reads a moment of a query.
pub(super) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(from)?;
    // In a query an unescaped plus is a space.
    let moment = text.parse().or_else(|_| text.replace(' ', "+").parse());
    let wrong = |_| D::Error::custom("is no moment as in 2026-12-31T10:30:00Z");
    moment.map(Some).map_err(wrong)
}

/// The query of one row: whose it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct OfBusiness {
    /// Whose: the business's slug.
    #[param(required = true)]
    pub(super) business: Option<String>,
}
