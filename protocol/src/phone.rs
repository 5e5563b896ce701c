//! The one reader of telephone numbers, wherever they come from: webhooks, the API, business files, the
//! model (LEAD-4). The same number in another spelling gives the same E.164. A number without a country
//! code belongs to the country of the business's own number.

mod country;
mod reform;
mod spelling;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Mode};

pub use country::Country;

use crate::ids::PhoneNumber;
use spelling::Spelling;

/// The fewest digits of a number that can be called from abroad. Shorter ones are services, as 100 is.
const FEWEST: usize = 7;
/// The most digits, with the international prefix before them.
const MOST: usize = 18;
/// The longest text that is read, in bytes.
const LONGEST: usize = 256;

/// A number as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The number in E.164.
    pub number: PhoneNumber,
    /// The digits of an extension behind it. They are no part of the number.
    pub extension: Option<String>,
}

/// Reads a number. `home` is the business's own number: its country counts if `text` names none.
///
/// `None` if it can't be called. Whether the number is assigned is not checked: ranges open faster than
/// lists of them are updated.
#[must_use]
pub fn read(text: &str, home: Option<&PhoneNumber>) -> Option<Written> {
    read_with(text, || Country::of(home?))
}

/// As [`read`], for a reader whose country is known, but no number there.
#[must_use]
pub fn read_in(text: &str, country: Option<Country>) -> Option<Written> {
    read_with(text, || country)
}

fn read_with(text: &str, country: impl FnOnce() -> Option<Country>) -> Option<Written> {
    if text.len() > LONGEST {
        return None;
    }
    let Spelling { international, digits, extension } = Spelling::read(text)?;
    let number = if international {
        whole(&digits)
    } else if (FEWEST..=MOST).contains(&digits.len()) {
        national(&digits, country()?)
    } else {
        None
    };
    Some(Written { number: number?, extension })
}

/// As [`read`], without the extension.
#[must_use]
pub fn e164(text: &str, home: Option<&PhoneNumber>) -> Option<PhoneNumber> {
    read(text, home).map(|written| written.number)
}

/// Whether a text is spelled as a number that needs a country: `03-1234567`.
#[must_use]
pub fn is_national(text: &str) -> bool {
    let spelling = (text.len() <= LONGEST).then(|| Spelling::read(text)).flatten();
    spelling.is_some_and(|read| !read.international && (FEWEST..=MOST).contains(&read.digits.len()))
}

/// The digits of a text that is spelled as a number is, without an extension. They need be no number.
pub(crate) fn digits(text: &str) -> Option<String> {
    Spelling::read(text).map(|spelling| spelling.digits)
}

/// A number from its country code on, which may have its trunk prefix behind that.
fn whole(digits: &str) -> Option<PhoneNumber> {
    let written = || PhoneNumber::parse(&format!("+{digits}")).ok();
    let Some((code, national, regions)) = split_code(digits) else { return written() };
    let mut national = national;
    // No number of these countries begins with the zero that is dialled before it.
    if regions.iter().all(|region| region.national_prefix().is_some_and(|p| p == "0")) {
        national = national.trim_start_matches('0');
    }
    if !regions.iter().any(|region| is_known(region, national)) {
        // Another trunk prefix, as 8 is in Russia.
        let without_prefix = regions.iter().find_map(|region| {
            let rest = national.strip_prefix(region.national_prefix()?)?;
            is_known(region, rest).then_some(rest)
        });
        if let Some(rest) = without_prefix {
            return today(code, rest);
        }
        // Old forms, as the 15 of mobile numbers in Argentina.
        let number = format!("+{code}{national}");
        let read = phonenumber::parse(None, &number).ok().filter(phonenumber::is_valid);
        if let Some(read) = read {
            return PhoneNumber::parse(&read.format().mode(Mode::E164).to_string()).ok();
        }
    }
    today(code, national)
}

/// The number as its country writes it today.
fn today(code: u16, national: &str) -> Option<PhoneNumber> {
    PhoneNumber::parse(&format!("+{code}{}", reform::applied(code, national))).ok()
}

/// The country code, the rest, and the countries that share the code. No code is the beginning of
/// another.
fn split_code(digits: &str) -> Option<(u16, &str, Vec<&'static Metadata>)> {
    (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let code: u16 = code.parse().ok()?;
        Some((code, national, DATABASE.by_code(&code)?))
    })
}

/// A number as it is dialled in the country.
fn national(digits: &str, country: Country) -> Option<PhoneNumber> {
    // What is dialled before a call abroad: 00 in most countries, and understood in all.
    let abroad = DATABASE.by_id(country.code()).and_then(Metadata::international_prefix);
    let abroad = abroad.and_then(|prefix| prefix.find(digits)).filter(|found| found.start() == 0);
    let abroad = abroad.map(|found| found.end()).or(digits.starts_with("00").then_some(2));
    if let Some(number) = abroad.and_then(|length| digits.get(length..))
        && split_code(number).is_some()
    {
        return whole(number);
    }
    if let Some(region) = DATABASE.by_id(country.code()) {
        let code = region.country_code().to_string();
        let trunk = region.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
        let with_code = digits.strip_prefix(code.as_str());
        let readings = [trunk, Some(digits), with_code].into_iter().flatten();
        if let Some(known) = readings.into_iter().find(|reading| is_known(region, reading)) {
            return whole(&format!("{code}{known}"));
        }
    }
    // Numbers with carrier codes and old forms, and ranges that are too new to be known.
    let read = phonenumber::parse(Some(country.id()), digits).ok()?;
    let read = read.format().mode(Mode::E164).to_string();
    whole(read.strip_prefix('+')?)
}

/// Whether numbers of this form exist in the country.
fn is_known(region: &Metadata, national: &str) -> bool {
    let found = region.descriptors().general().national_number().find(national);
    found.is_some_and(|found| found.start() == 0 && found.end() == national.len())
}

#[cfg(test)]
mod tests;
