//! Countries: whose numbers are dialled without a country code.

use std::fmt;

use phonenumber::country::Id;

use super::split_code;
use crate::ids::PhoneNumber;

/// The time zones of each country, one country a line: `zone.tab` of the IANA time zone database (public
/// domain) with the older names of the same zones.
const ZONES: &str = include_str!("zones.txt");

/// A country, as far as its telephone numbers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(Id);

impl Country {
    /// The country of a number. Of those that share a country code: the main one, if the digits don't
    /// tell.
    #[must_use]
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        let read = phonenumber::parse(None, number.as_str()).ok();
        let known = read.and_then(|number| number.country().id());
        let known = known.or_else(|| {
            let (_, _, regions) = split_code(number.as_str().strip_prefix('+')?)?;
            let main = regions.iter().find(|region| region.is_main_country_for_code());
            main.or(regions.first())?.id().parse().ok()
        });
        known.map(Self)
    }

    /// The country of an IANA time zone. `None` for zones of no country, as UTC is.
    #[must_use]
    pub fn of_zone(zone: &str) -> Option<Self> {
        let mut countries = ZONES.lines().filter_map(|line| line.split_once(' '));
        let (code, _) = countries.find(|(_, zones)| zones.split(' ').any(|one| one == zone))?;
        code.parse().ok().map(Self)
    }

    pub(super) fn id(self) -> Id {
        self.0
    }

    pub(super) fn code(&self) -> &str {
        self.0.as_ref()
    }
}

impl fmt::Display for Country {
    /// As ISO 3166 writes it: `IL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
