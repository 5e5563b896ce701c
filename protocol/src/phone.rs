//! Telephone numbers as people and networks write them, converted to E.164. A number without a country
//! code belongs to the country of the business's own number.

use phonenumber::Mode;
use phonenumber::country::Id;

use crate::ids::PhoneNumber;

/// The fewest digits of a number that can be called from abroad. Shorter ones are services, as 100 is.
const FEWEST: usize = 7;
/// The most digits, with the international prefix before them.
const MOST: usize = 18;

/// Parses a number. `home` is the business's own number: its country counts if `text` names none.
///
/// `None` if it can't be called. Whether the number is assigned is not checked: ranges open faster than
/// lists of them are updated.
#[must_use]
pub fn e164(text: &str, home: Option<&PhoneNumber>) -> Option<PhoneNumber> {
    let text = text.trim();
    if let Ok(number) = PhoneNumber::parse(text) {
        return Some(number);
    }
    let telephonic = |letter: char| letter.is_ascii_digit() || "+-.() ".contains(letter);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if !(FEWEST..=MOST).contains(&digits) || !text.chars().all(telephonic) {
        return None;
    }
    let read = phonenumber::parse(home.and_then(country), text).ok()?;
    PhoneNumber::parse(&read.format().mode(Mode::E164).to_string()).ok()
}

fn country(home: &PhoneNumber) -> Option<Id> {
    phonenumber::parse(None, home.as_str()).ok()?.country().id()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, home: &str) -> Option<String> {
        let home = PhoneNumber::parse(home).unwrap();
        e164(text, Some(&home)).map(|number| number.as_str().to_owned())
    }

    #[test]
    fn lead_1_a_national_number_belongs_to_the_country_of_the_businesss_own() {
        for text in ["050-123-4567", "0501234567", "050 1234567", "(050) 123.4567", "501234567"] {
            assert_eq!(read(text, "+97231234567").as_deref(), Some("+972501234567"), "{text}");
        }
        assert_eq!(read("(212) 555-0123", "+14155550100").as_deref(), Some("+12125550123"));
        assert_eq!(read("020 7946 0958", "+442079460000").as_deref(), Some("+442079460958"));
    }

    #[test]
    fn lead_1_a_number_with_its_countrys_code_is_that_countrys_wherever_the_business_is() {
        for text in ["+14155552671", "+1 (415) 555-2671", "0014155552671"] {
            assert_eq!(read(text, "+97231234567").as_deref(), Some("+14155552671"), "{text}");
        }
        assert_eq!(e164("0501234567", None), None, "no country is known");
    }

    #[test]
    fn lead_1_what_is_no_number_is_none() {
        for text in [
            "",
            "anonymous",
            "sip:050@x",
            "1",
            "100",
            "050-LOCKS",
            "+",
            "++972",
            "0501234567890123",
        ] {
            assert_eq!(read(text, "+97231234567"), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn lead_1_any_text_is_read_to_a_number_or_to_none(text in "[-+0-9(). a]{0,40}|.{0,20}") {
            if let Some(number) = read(&text, "+97231234567") {
                prop_assert!(PhoneNumber::parse(&number).is_ok());
            }
        }
    }
}
