//! The telephone numbers of a business file. Those that are written otherwise than in E.164 are rewritten
//! (LEAD-4), and the operator is told (OPS-12).

use protocol::ids::PhoneNumber;
use protocol::phone;
use serde_json::Value;

/// Rewrites the numbers. `notice` is called with the key of each that has changed, and a message. What
/// is no number stays, and is refused later.
pub(super) fn mend(keys: &mut Value, mut notice: impl FnMut(&str, &str)) {
    let mut home = None;
    if let Some(Value::Array(numbers)) = keys.get_mut("phone_numbers") {
        for (index, number) in numbers.iter_mut().enumerate() {
            // A business's own number tells its country, so it says it itself.
            let read = rewrite(number, None, &format!("phone_numbers[{index}]"), &mut notice);
            home = home.or(read);
        }
    }
    if let Some(number) = keys.get_mut("whatsapp_number") {
        rewrite(number, home.as_ref(), "whatsapp_number", &mut notice);
    }
    if let Some(number) = keys.get_mut("transfer").and_then(|transfer| transfer.get_mut("number")) {
        rewrite(number, home.as_ref(), "transfer.number", &mut notice);
    }
}

/// An extension can't be dialled, so a number with one is no number here.
fn rewrite(
    written: &mut Value,
    home: Option<&PhoneNumber>,
    key: &str,
    notice: &mut impl FnMut(&str, &str),
) -> Option<PhoneNumber> {
    let text = written.as_str()?;
    let number = phone::read(text, home).filter(|read| read.extension.is_none())?.number;
    if text != number.as_str() {
        notice(key, &format!("is read as {number}"));
        *written = Value::String(number.as_str().to_owned());
    }
    Some(number)
}
