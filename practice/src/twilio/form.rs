//! `application/x-www-form-urlencoded`, both ways, in the order given.

use reqwest::Url;

/// Names and values of a form, repeated names allowed.
pub(super) type Form = Vec<(String, String)>;

/// A form of borrowed texts, owned.
pub(super) fn form<const N: usize>(pairs: [(&str, &str); N]) -> Form {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The first value of a name, if it isn't empty.
pub(super) fn value<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
        .filter(|value| !value.is_empty())
}

/// All values of a name.
pub(super) fn values<'a>(form: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

/// The body of a form.
pub(super) fn encode(form: &[(String, String)]) -> String {
    let mut carrier = blank();
    carrier.query_pairs_mut().extend_pairs(form);
    carrier.query().unwrap_or_default().to_owned()
}

/// A form from its body.
pub(super) fn decode(body: &str) -> Form {
    let mut carrier = blank();
    carrier.set_query(Some(body));
    carrier.query_pairs().into_owned().collect()
}

/// A URL lends its codec: its query has the same form.
#[expect(clippy::expect_used, reason = "the text is constant")]
fn blank() -> Url {
    Url::parse("http://localhost/").expect("a URL")
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
