//! Numbers behind an exit code: what is dialled before a call abroad.

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

use super::form::{is_in_use, is_known};
use super::{Country, split_code, whole};
use crate::ids::PhoneNumber;

/// Exit codes of other countries, and none: numbers are copied as their owners write them, and pluses get
/// lost.
const ELSEWHERE: [&str; 10] = ["", "011", "0011", "001", "002", "007", "008", "009", "010", "810"];

/// The country code of North America. Nearly any ten digits are a number there.
const NORTH_AMERICA: u16 = 1;

/// How much speaks for a reading. Later is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// The country code exists.
    Code,
    /// Its country has numbers of this form.
    Form,
    /// The range is in use in North America.
    NorthAmerica,
    /// The range is in use.
    InUse,
    /// It is a number of the country that the reader is in.
    Home,
}

/// A number that begins with an exit code, and what speaks for it. Countries' own exit codes and `00`,
/// which is understood everywhere, can both stand before the same digits: `0065…` in Singapore is `00` and
/// Singapore's own country code, and not `006` and a number of Bolivia.
pub(super) fn read(digits: &str, country: Country) -> Option<(Weight, PhoneNumber)> {
    let region = DATABASE.by_id(country.code());
    let own = region.and_then(Metadata::international_prefix);
    let own = own.and_then(|prefix| prefix.find(digits)).filter(|found| found.start() == 0);
    let own = own.and_then(|found| digits.get(found.end()..));
    let home = region.map(Metadata::country_code);
    let mut best = None;
    for number in own.into_iter().chain(digits.strip_prefix("00")) {
        let Some(read) = weighed(number, home) else { continue };
        if best.as_ref().is_none_or(|(weight, _)| read.0 > *weight) {
            best = Some(read);
        }
    }
    best
}

/// A number behind an exit code that isn't dialled in the reader's country, or behind none.
pub(super) fn read_elsewhere(digits: &str) -> Option<PhoneNumber> {
    let numbers = ELSEWHERE.iter().filter_map(|code| digits.strip_prefix(code));
    let read = numbers.filter_map(|number| weighed(number, None));
    read.max_by_key(|(weight, _)| *weight)
        .filter(|(weight, _)| *weight > Weight::Code)
        .map(|(_, number)| number)
}

fn weighed(digits: &str, home: Option<u16>) -> Option<(Weight, PhoneNumber)> {
    let (code, _, _) = split_code(digits)?;
    let number = whole(digits)?;
    let (_, national, regions) = split_code(number.as_str().strip_prefix('+')?)?;
    let weight = if !regions.iter().any(|region| is_known(region, national)) {
        Weight::Code
    } else if home == Some(code) {
        Weight::Home
    } else if !is_in_use(number.as_str()) {
        Weight::Form
    } else if code == NORTH_AMERICA {
        Weight::NorthAmerica
    } else {
        Weight::InUse
    };
    Some((weight, number))
}
