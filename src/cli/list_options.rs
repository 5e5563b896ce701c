//! What the lists of calls, leads and appointments have in common.

use std::collections::BTreeMap;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use entities::Database;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::ids::{BusinessId, Slug};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::listing::Format;
use super::moment::Moment;
use super::stored::{self, StoredError};

#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ListOptions {
    /// The business's slug. Without it, of all businesses.
    business: Option<Slug>,
    /// Only from then on: a day in UTC, a time with its offset, or how long ago, as in 24h or 7days.
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,
    /// Only before then.
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
    /// How many at most, the newest first.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) limit: u32,
    #[command(flatten)]
    pub(super) format: Format,
}

/// The options, with what the database knows of the businesses.
pub(super) struct Listed {
    /// `None`: all.
    pub(super) business: Option<BusinessId>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    businesses: BTreeMap<BusinessId, Owner>,
}

/// The business that has a row.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) slug: Slug,
    /// Times are shown as the business's clock has them.
    zone: TimeZone,
}

impl Owner {
    pub(super) fn local(&self, at: Timestamp) -> String {
        self.written(at, "%Y-%m-%d %H:%M")
    }

    pub(super) fn written(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}

/// A row of a list, and its business.
pub(super) struct Owned<R> {
    pub(super) owner: Owner,
    pub(super) row: R,
}

/// A row as the API shows it, and its business's slug.
#[derive(Serialize)]
pub(super) struct OwnedShown<S> {
    pub(super) business: Slug,
    #[serde(flatten)]
    pub(super) shown: S,
}

impl<R> Owned<R> {
    pub(super) fn shown<S: From<R>>(self) -> OwnedShown<S> {
        OwnedShown { business: self.owner.slug, shown: S::from(self.row) }
    }
}

impl Listed {
    pub(super) async fn read(
        db: &Database,
        options: &ListOptions,
        now: Timestamp,
    ) -> Result<Self, StoredError> {
        let businesses = owners(db).await?;
        let business = options.business.as_ref().map(|slug| {
            let found = businesses.iter().find(|(_, owner)| owner.slug == *slug);
            found.map(|(id, _)| *id).ok_or_else(|| StoredError::Unknown(slug.clone()))
        });
        Ok(Self {
            business: business.transpose()?,
            since: options.since.map(|moment| moment.at(now)),
            until: options.until.map(|moment| moment.at(now)),
            businesses,
        })
    }

    /// Names the business of each row. A row of a business that was imported just now is left out.
    pub(super) fn own<R>(&self, rows: Vec<R>, of: impl Fn(&R) -> BusinessId) -> Vec<Owned<R>> {
        let owned = rows
            .into_iter()
            .filter_map(|row| Some(Owned { owner: self.businesses.get(&of(&row))?.clone(), row }));
        owned.collect()
    }
}

/// Every business by its key.
pub(super) async fn owners(db: &Database) -> Result<BTreeMap<BusinessId, Owner>, StoredError> {
    let businesses = stored::all(db).await?.into_iter().map(|business| {
        let zone = TimeZone::get(&business.timezone).unwrap_or(TimeZone::UTC);
        (business.id, Owner { slug: business.slug, zone })
    });
    Ok(businesses.collect())
}

/// Reads one of these values by the word that JSON has for it. The help and the shell's completion list the words.
pub(super) fn one_of<T>(all: impl IntoIterator<Item = T>) -> impl TypedValueParser<Value = T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.into_iter().map(|value| word(&value)))
        .try_map(|word| serde_json::from_value(serde_json::Value::String(word)))
}

/// The word that JSON has for a value, as in `in-progress`.
pub(super) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// The text, or a dash in a table.
pub(super) fn or_dash(text: Option<impl ToString>) -> String {
    text.map_or_else(|| "-".to_owned(), |text| text.to_string())
}

/// The text, or an empty cell.
pub(super) fn or_empty(text: Option<impl ToString>) -> String {
    text.map(|text| text.to_string()).unwrap_or_default()
}
