//! Lists in pages. The next page begins after the last row of the page before, so that rows which are
//! added meanwhile move nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::Page;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// The rows of a page without `limit`.
const DEFAULT_LIMIT: u32 = 50;
/// The most rows of a page.
const MAX_LIMIT: u32 = 200;

/// What a cursor that isn't one is answered with.
pub(super) const NOT_A_CURSOR: &str =
    "is not a cursor of this list: take it from `next` of the page before";

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// The rows.
    items: Vec<T>,
    /// The `cursor` of the next page; null on the last page.
    next: Option<String>,
}

impl<T> Listing<T> {
    /// Shows a page that was read from the database.
    pub(super) fn new<R: Into<T>, C: Serialize>(page: Page<R, C>) -> Self {
        Self {
            items: page.items.into_iter().map(Into::into).collect(),
            next: page.next.and_then(|next| Cursor(next).encode()),
        }
    }
}

/// The key of the last row of a page, in base64. Clients must not look into it.
#[derive(Debug)]
pub(super) struct Cursor<K>(pub(super) K);

impl<K: Serialize> Cursor<K> {
    fn encode(&self) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).ok()?))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Cursor<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let key = URL_SAFE_NO_PAD.decode(text).ok();
        let key = key.and_then(|key| serde_json::from_slice(&key).ok());
        key.map(Self).ok_or_else(|| D::Error::custom(NOT_A_CURSOR))
    }
}

/// The most rows of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl Limit {
    /// The first page of rows that are in memory.
    pub(super) fn paginate<R, K: Serialize, T>(
        self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl Fn(R) -> T,
    ) -> Listing<T> {
        let limit = self.0 as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).and_then(|last| Cursor(key(last)).encode());
        Listing { items: rows.into_iter().map(show).collect(), next }
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rows = text.parse().ok().filter(|rows| (1..=MAX_LIMIT).contains(rows));
        rows.map(Self).ok_or_else(|| D::Error::custom(format!("must be from 1 to {MAX_LIMIT}")))
    }
}
