//! The two ends of a call as `From` and `To` name them.

use crate::ids::PhoneNumber;
use crate::phone;

/// Who is at one end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Someone with a number that can be called back.
    Known(PhoneNumber),
    /// Nobody that can be told from others: a withheld number (`anonymous`, `unknown`, a stand-in
    /// number), or an end without a number (`client:…`, `sip:…`).
    Withheld,
}

/// Numbers that say "none": the words ANONYMOUS, BLOCKED, RESTRICTED, UNAVAILABLE and UNKNOWN as
/// typed on a telephone's keys. Networks send them where a number is withheld; taken for real,
/// every such caller would be one person.
const STAND_INS: [&str; 5] = ["266696687", "2562533", "7378742833", "86282452253", "8656696"];

impl Caller {
    /// Reads a `From` or `To`. Everything but a number counts as withheld. One written without its
    /// country's code, as some networks do, is of the country of `home`, the business's own.
    #[must_use]
    pub fn read(text: &str, home: Option<&PhoneNumber>) -> Self {
        if STAND_INS.contains(&text.strip_prefix('+').unwrap_or(text)) {
            return Self::Withheld;
        }
        phone::e164(text, home).map_or(Self::Withheld, Self::Known)
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
