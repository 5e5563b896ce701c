//! The one reader of telephone numbers, wherever they come from: webhooks, the API, business files, the
//! model (LEAD-4). The same number in another spelling gives the same E.164. A number without a country
//! code belongs to the country of the business's own number.

mod abroad;
mod country;
mod form;
mod reform;
mod spelling;

use phonenumber::metadata::DATABASE;
use phonenumber::{Metadata, Mode};
use thiserror::Error;

pub use country::Country;

use crate::ids::PhoneNumber;
use abroad::Weight;
use form::{can_exist, is_in_use, is_known, is_local};
use spelling::Spelling;

/// The fewest digits of a number that can be called from abroad. Shorter ones are services, as 100 is.
const FEWEST: usize = 7;
/// From so many digits on a number may be one of another country, though numbers of its form exist in the
/// reader's: `1 415 555 2671` in Israel. North America's own have fewer.
const LONG: usize = 11;
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

/// Why a text is read to no number. It reads on from the name of a key or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It is spelled as no number, or as one that is too short or too long.
    #[error("is not a telephone number: expected one as in \"+972501234567\"")]
    NoNumber,
    /// It is dialled within a country, and nobody says in which.
    #[error("does not say its country: write it with its country code, as in \"+97231234567\"")]
    NoCountry,
    /// It is dialled within an area, and nobody says in which. The business's own area would be a guess.
    #[error(
        "lacks its area code: write the whole number with its country code, as in \"+541123456789\""
    )]
    NoArea,
    /// Its country code is nobody's, or its country has no numbers of its length.
    #[error("is a number that no country has: check its country code and its length")]
    Nowhere,
}

/// Reads a number that somebody wrote. `home` is the business's own number: its country counts if `text`
/// names none.
///
/// Whether the number is assigned is not checked: ranges open faster than lists of them are updated.
///
/// # Errors
/// It can't be called, or doesn't say which number it is.
pub fn read(text: &str, home: Option<&PhoneNumber>) -> Result<Written, Unreadable> {
    read_callable(text, || Country::of(home?))
}

/// As [`read`], for a reader whose country is known, but no number there.
///
/// # Errors
/// As [`read`].
pub fn read_in(text: &str, country: Option<Country>) -> Result<Written, Unreadable> {
    read_callable(text, || country)
}

/// As [`read`], without the extension.
///
/// # Errors
/// As [`read`].
pub fn e164(text: &str, home: Option<&PhoneNumber>) -> Result<PhoneNumber, Unreadable> {
    read(text, home).map(|written| written.number)
}

/// A number as a network gives it. A network may know countries and numbers that we don't, so one that
/// nobody can have is taken too.
#[must_use]
pub fn as_sent(text: &str, home: Option<&PhoneNumber>) -> Option<PhoneNumber> {
    read_any(text, || Country::of(home?)).ok().map(|written| written.number)
}

fn read_callable(
    text: &str,
    country: impl FnOnce() -> Option<Country>,
) -> Result<Written, Unreadable> {
    let written = read_any(text, country)?;
    if can_be(&written.number) { Ok(written) } else { Err(Unreadable::Nowhere) }
}

fn read_any(text: &str, country: impl FnOnce() -> Option<Country>) -> Result<Written, Unreadable> {
    let spelling = (text.len() <= LONGEST).then(|| Spelling::read(text)).flatten();
    let Spelling { international, digits, extension } = spelling.ok_or(Unreadable::NoNumber)?;
    let number = if international {
        // Behind a plus an exit code is one too many.
        whole(digits.strip_prefix("00").unwrap_or(&digits)).ok_or(Unreadable::NoNumber)
    } else if (FEWEST..=MOST).contains(&digits.len()) {
        national(&digits, country().ok_or(Unreadable::NoCountry)?)
    } else {
        Err(Unreadable::NoNumber)
    };
    Ok(Written { number: number?, extension })
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
        // A zero that isn't dialled there at all.
        let without_zero = || {
            let rest = national.trim_start_matches('0');
            regions.iter().any(|region| is_known(region, rest)).then_some(rest)
        };
        if let Some(rest) = without_prefix.or_else(without_zero) {
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
fn national(digits: &str, country: Country) -> Result<PhoneNumber, Unreadable> {
    let abroad = abroad::read(digits, country);
    if let Some((weight, number)) = &abroad
        && *weight > Weight::Code
    {
        return Ok(number.clone());
    }
    if let Some(region) = DATABASE.by_id(country.code()) {
        let code = region.country_code();
        let trunk = region.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
        let with_code = digits.strip_prefix(code.to_string().as_str());
        let without_zero = digits.strip_prefix('0').filter(|_| region.national_prefix().is_none());
        let old = reform::without_old_trunk(code, digits);
        let readings = [trunk, Some(digits), with_code, without_zero, old];
        let known = readings.into_iter().flatten().filter(|reading| is_known(region, reading));
        let known = known.filter_map(|reading| whole(&format!("{code}{reading}"))).find(can_be);
        if let Some(known) = known {
            let is_new = digits.len() >= LONG && !is_in_use(known.as_str());
            let foreign = is_new.then(|| whole(digits)).flatten();
            return Ok(foreign.filter(|number| is_in_use(number.as_str())).unwrap_or(known));
        }
        if reform::lacks_area(code, digits) || is_local(region, digits) {
            return Err(Unreadable::NoArea);
        }
    }
    // Numbers with carrier codes and old forms, and ranges that are too new to be known.
    let new = phonenumber::parse(Some(country.id()), digits).ok().and_then(|read| {
        let read = read.format().mode(Mode::E164).to_string();
        whole(read.strip_prefix('+')?)
    });
    let abroad = abroad.map(|(_, number)| number);
    let readings = [new, abroad::read_elsewhere(digits), abroad];
    readings.into_iter().flatten().find(can_be).ok_or(Unreadable::Nowhere)
}

fn can_be(number: &PhoneNumber) -> bool {
    number.as_str().strip_prefix('+').is_some_and(can_exist)
}

#[cfg(test)]
mod tests;
