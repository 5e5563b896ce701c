//! `application/x-www-form-urlencoded`, in the order given.

use form_urlencoded::{Serializer, parse};

/// Names and values. A name may be repeated.
pub(super) type Form = Vec<(String, String)>;

pub(super) fn form<const N: usize>(pairs: [(&str, &str); N]) -> Form {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The first value of a name, unless it is empty.
pub(super) fn value<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

pub(super) fn values<'a>(form: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

pub(super) fn encode(form: &[(String, String)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}

pub(super) fn decode(body: &str) -> Form {
    parse(body.as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_back_as_it_was_with_hebrew_spaces_and_empty_values() {
        let before = form([("Body", "שלום & bye + 1 "), ("Empty", ""), ("Body", "again")]);
        assert_eq!(decode(&encode(&before)), before);
        assert_eq!(encode(&before[1..2]), "Empty=");
        assert_eq!(values(&before, "Body").len(), 2);
        assert_eq!(value(&before, "Empty"), None);
    }
}
