//! A business.

use entities::businesses::{BusinessRecord, Standing};
use jiff::Timestamp;
use protocol::ids::Slug;
use serde::Serialize;
use utoipa::ToSchema;

/// A business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Business {
    /// Its name in URLs.
    #[schema(value_type = String, example = "tel-aviv-locks")]
    slug: Slug,
    /// Its name in speech and text.
    name: String,
    /// Its IANA time zone.
    #[schema(example = "Asia/Jerusalem")]
    timezone: String,
    /// The language its calls start in: a BCP 47 tag.
    #[schema(example = "he")]
    language: String,
    /// Whether it answers.
    standing: Standing,
    /// When it was first imported.
    created_at: Timestamp,
    /// When it was last imported.
    updated_at: Timestamp,
}

impl From<BusinessRecord> for Business {
    fn from(record: BusinessRecord) -> Self {
        Self {
            slug: record.slug,
            name: record.name,
            timezone: record.timezone,
            language: record.language,
            standing: record.standing,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}
