//! Default phrases for a goodbye and for a decline. They apply to every language of a call. How they
//! match: [`crate::phrases`].

/// Phrases that are a goodbye.
pub const GOODBYE: &[&str] = &[
    "ביי",
    "להתראות",
    "יאללה ביי",
    "יום טוב, להתראות",
    "לילה טוב, להתראות",
    "ביי תודה",
    "זהו תודה, ביי",
    "סיימנו תודה",
    "bye",
    "goodbye",
    "see you",
    "talk to you later",
    "thanks, bye",
];

/// Phrases that decline.
pub const DECLINE: &[&str] = &[
    "לא רוצה",
    "לא צריך",
    "אין צורך",
    "לא מעוניין",
    "לא מעניין",
    "לא עכשיו",
    "לא מתאים לי",
    "עזוב תודה",
    "no thanks",
    "not interested",
    "no need",
];

/// A business's own list, or the default.
pub(super) fn own_or<'a>(
    own: Option<&'a [String]>,
    default: &'static [&'static str],
) -> Vec<&'a str> {
    match own {
        Some(own) => own.iter().map(String::as_str).collect(),
        None => default.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ending;
    use super::*;

    #[test]
    fn end_4_a_list_of_ones_own_replaces_the_default_one() {
        assert_eq!(Ending::default().goodbyes(), GOODBYE);
        assert_eq!(Ending::default().declines(), DECLINE);
        let own = Ending { goodbye_phrases: Some(vec!["ciao".into()]), ..Ending::default() };
        assert_eq!(own.goodbyes(), ["ciao"]);
        assert_eq!(own.declines(), DECLINE);
    }
}
