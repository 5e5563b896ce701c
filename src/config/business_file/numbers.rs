//! The telephone numbers of a business file. Those that are written otherwise than in E.164 are rewritten
//! (LEAD-4), and the operator is told (OPS-12).

use protocol::phone::{self, Country, Unreadable, Written};
use serde_json::Value;

/// What is said of one key.
pub(super) struct Remark {
    pub(super) key: String,
    pub(super) message: String,
}

/// Rewrites the numbers, and returns a notice for each that has changed.
///
/// A number without a country code belongs to the country of the file's other numbers, or else to that of
/// its time zone, if the file names one.
///
/// # Errors
/// A text is no number, or not a whole one.
pub(super) fn mend(keys: &mut Value) -> Result<Vec<Remark>, Remark> {
    let country = country(keys);
    let mut notices = Vec::new();
    for (key, number) in numbers(keys) {
        let Some(text) = number.as_str() else { continue };
        match phone::read_in(text, country) {
            Ok(Written { extension: Some(_), .. }) => {
                let message = format!(
                    "{text:?} is not a telephone number alone: take its extension out, none is dialled"
                );
                return Err(Remark { key, message });
            }
            Ok(Written { number: read, .. }) if read.as_str() != text => {
                notices.push(Remark { key, message: format!("is read as {read}") });
                *number = Value::String(read.as_str().to_owned());
            }
            Ok(_) => {}
            Err(flaw @ Unreadable::NoCountry) => {
                let message = format!("{text:?} {flaw}, or write the business's timezone");
                return Err(Remark { key, message });
            }
            Err(flaw) => return Err(Remark { key, message: format!("{text:?} {flaw}") }),
        }
    }
    Ok(notices)
}

/// Every number of the file, by its key.
fn numbers(keys: &mut Value) -> Vec<(String, &mut Value)> {
    let mut found = Vec::new();
    let Some(keys) = keys.as_object_mut() else { return found };
    for (key, value) in keys {
        match (key.as_str(), value) {
            ("phone_numbers", Value::Array(numbers)) => {
                let named = numbers.iter_mut().enumerate();
                found.extend(named.map(|(index, one)| (format!("{key}[{index}]"), one)));
            }
            ("whatsapp_number", number) => found.push((key.clone(), number)),
            ("transfer", Value::Object(transfer)) => {
                let number = transfer.get_mut("number");
                found.extend(number.map(|number| ("transfer.number".to_owned(), number)));
            }
            ("notify", Value::Object(notify)) => {
                let named = notify.iter_mut().filter(|(name, _)| NOTIFIED.contains(&name.as_str()));
                found.extend(named.map(|(name, one)| (format!("notify.{name}"), one)));
            }
            _ => {}
        }
    }
    found
}

/// The numbers of `[notify]`.
const NOTIFIED: [&str; 3] = ["sms_from", "sms_to", "whatsapp_to"];

/// The country of the business's first number that tells its own; or of its time zone. The default of the
/// time zone says nothing.
fn country(keys: &mut Value) -> Option<Country> {
    let zone = keys.get("timezone").and_then(Value::as_str).and_then(Country::of_zone);
    let all = numbers(keys).into_iter();
    let international = all.filter_map(|(_, number)| phone::e164(number.as_str()?, None).ok());
    let mut countries = international.filter_map(|number| Country::of(&number));
    countries.next().or(zone)
}
