//! Lists in pages: the addresses of the pages beside the one that is shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use console::components::Pager;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::form::Form;

/// Rows of a page.
pub(super) const ROWS: u32 = 50;

/// The key behind which the page begins. A key that can't be read is the newest page's: links get old.
pub(super) fn cursor<K: DeserializeOwned>(query: &Form) -> Option<K> {
    let key = URL_SAFE_NO_PAD.decode(query.get("cursor")?).ok()?;
    serde_json::from_slice(&key).ok()
}

/// The pages beside this one, with the same filters.
pub(super) fn pager<K: Serialize>(path: &str, query: &Form, next: Option<&K>) -> Pager {
    let address = |cursor: Option<String>| {
        let mut text = form_urlencoded::Serializer::new(String::new());
        let kept = query
            .fields()
            .iter()
            .filter(|(name, value)| name != "cursor" && name != "done" && !value.is_empty());
        text.extend_pairs(kept);
        if let Some(cursor) = cursor {
            text.append_pair("cursor", &cursor);
        }
        let query = text.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    };
    let older = next.and_then(|next| serde_json::to_vec(next).ok());
    Pager {
        newer: query.get("cursor").map(|_| address(None)),
        older: older.map(|key| address(Some(URL_SAFE_NO_PAD.encode(key)))),
    }
}
