//! Lists in pages: where one ends, the next begins, whatever was added meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::Page;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How many rows a page shows unless asked otherwise.
const USUAL: u32 = 50;
/// The most rows of a page.
const MOST: u32 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// The rows.
    items: Vec<T>,
    /// What to give as `cursor` to have the next page; null at the end.
    next: Option<String>,
}

impl<T> Listing<T> {
    /// Shows a page of the database's.
    pub(super) fn of<R: Into<T>, C: Serialize>(page: Page<R, C>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.and_then(|next| Cursor(next).written()),
        }
    }
}

/// Where a list goes on. What is in it is ours to change.
#[derive(Debug)]
pub(super) struct Cursor<K>(pub(super) K);

impl<K: Serialize> Cursor<K> {
    fn written(&self) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).ok()?))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = URL_SAFE_NO_PAD.decode(text).ok();
        let key = key.and_then(|key| serde_json::from_slice(&key).ok());
        key.map(Self).ok_or_else(|| {
            D::Error::custom("is no cursor of this list: take it from `next` of the page before")
        })
    }
}

/// How many rows a page is to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl Limit {
    /// The page of `rows` that is in memory already, from its beginning.
    pub(super) fn cut<R, K: Serialize, T>(
        self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl Fn(R) -> T,
    ) -> Listing<T> {
        let limit = self.0 as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).and_then(|last| Cursor(key(last)).written());
        Listing { items: rows.into_iter().map(show).collect(), next }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rows = text.parse().ok().filter(|rows| (1..=MOST).contains(rows));
        rows.map(Self).ok_or_else(|| D::Error::custom(format!("must be from 1 to {MOST}")))
    }
}
