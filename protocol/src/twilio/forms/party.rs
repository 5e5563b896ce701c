//! `From` and `To` of a call.

use serde::{Deserialize, Serialize};

use crate::ids::PhoneNumber;
use crate::phone;

/// One end of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A number that can be called back.
    Known(PhoneNumber),
    /// A withheld number (`anonymous`, `unknown`, a placeholder number), or an end without a number
    /// (`client:…`, `sip:…`). Such persons can't be told apart.
    Withheld,
}

/// The words ANONYMOUS, BLOCKED, RESTRICTED, UNAVAILABLE and UNKNOWN typed on a telephone's keys.
/// Networks send these numbers in place of a withheld one.
const PLACEHOLDERS: [&str; 5] = ["266696687", "2562533", "7378742833", "86282452253", "8656696"];

impl Party {
    /// Reads a `From` or `To`. Anything but a number is withheld. A number without a country code, as
    /// some networks send it, gets the country of `home`, the business's own number.
    #[must_use]
    pub fn read(text: &str, home: Option<&PhoneNumber>) -> Self {
        let digits = phone::digits(text);
        if digits.is_some_and(|digits| PLACEHOLDERS.contains(&digits.as_str())) {
            return Self::Withheld;
        }
        phone::as_sent(text, home).map_or(Self::Withheld, Self::Known)
    }

    /// The number, if there is one.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Known(number) => Some(number),
            Self::Withheld => None,
        }
    }
}
