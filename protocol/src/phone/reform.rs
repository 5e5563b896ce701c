//! Countries that have changed how their numbers are written. Old forms are still shown by carriers, by
//! WhatsApp and in address books, so they are read as the number of today: the same person is the same
//! lead (LEAD-4). Forms that don't tell what they are now stay as they are.

use std::borrow::Cow;

use phonenumber::Mode;

const MEXICO: u16 = 52;
const ARGENTINA: u16 = 54;
const BRAZIL: u16 = 55;
const BENIN: u16 = 229;
const UKRAINE: u16 = 380;
const UZBEKISTAN: u16 = 998;

/// The number behind the country code as it is written today.
pub(super) fn applied(code: u16, national: &str) -> Cow<'_, str> {
    let reformed = match code {
        MEXICO => mexican(national).map(Cow::Borrowed),
        ARGENTINA => argentine(national).map(Cow::Owned),
        BRAZIL => brazilian(national).map(Cow::Owned),
        // All have had 01 in front since 2024.
        BENIN if national.len() == 8 => Some(Cow::Owned(format!("01{national}"))),
        _ => None,
    };
    reformed.unwrap_or(Cow::Borrowed(national))
}

/// The number behind the 8, or the 8 and 0, that were dialled before it.
pub(super) fn without_old_trunk(code: u16, digits: &str) -> Option<&str> {
    let rest = digits.strip_prefix('8').filter(|_| matches!(code, UKRAINE | UZBEKISTAN))?;
    Some(rest.strip_prefix('0').unwrap_or(rest))
}

/// Whether the digits are those of a mobile number without its area code, which can belong to any area.
pub(super) fn lacks_area(code: u16, digits: &str) -> bool {
    // No area code of Argentina begins with the 15 that stands before the rest of a mobile number.
    code == ARGENTINA && digits.starts_with("15") && (8..=10).contains(&digits.len())
}

/// Since 2019 nothing stands before the ten digits: neither the 1 of mobile numbers, nor what was dialled
/// before them in the country.
fn mexican(national: &str) -> Option<&str> {
    let rest = ["1", "01", "044", "045"]
        .iter()
        .find_map(|old| national.strip_prefix(old).filter(|rest| rest.len() == 10))?;
    rest.starts_with(|first: char| ('2'..='9').contains(&first)).then_some(rest)
}

/// A mobile number has a 9 before its area code, or in the country a 15 behind it. With both, the 15 goes.
/// One with neither may be a fixed line, and stays.
fn argentine(national: &str) -> Option<String> {
    let rest = national.strip_prefix('9').filter(|rest| rest.len() == 12)?;
    let read = phonenumber::parse(None, format!("+{ARGENTINA}{rest}")).ok();
    let read = read.filter(phonenumber::is_valid)?.format().mode(Mode::E164).to_string();
    let mobile = read.strip_prefix(&format!("+{ARGENTINA}"))?;
    mobile.starts_with('9').then(|| mobile.to_owned())
}

/// Since 2016 mobile numbers have a 9 behind the area code. Numbers with 2 to 5 there are fixed lines, and
/// those with 7 may be radio telephones.
fn brazilian(national: &str) -> Option<String> {
    let (area, rest) = national.split_at_checked(2).filter(|(_, rest)| rest.len() == 8)?;
    rest.starts_with(['6', '8', '9']).then(|| format!("{area}9{rest}"))
}
