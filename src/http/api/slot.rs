//! A slot as the API shows it.

use jiff::Timestamp;
use protocol::calendar::{self, Calendar};
use serde::Serialize;
use utoipa::ToSchema;

/// A time that an appointment can take.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Slot {
    /// When it begins, with the business's offset.
    #[schema(format = DateTime, example = "2026-11-22T08:30:00+02:00")]
    start: String,
    /// When it ends.
    #[schema(format = DateTime, example = "2026-11-22T09:15:00+02:00")]
    end: String,
}

impl Slot {
    /// When it begins.
    pub(super) fn starts_at(&self) -> Option<Timestamp> {
        self.start.parse().ok()
    }

    /// The slot in the time zone of `calendar`.
    pub(super) fn new(slot: &calendar::Slot, calendar: &Calendar<'_>) -> Self {
        Self { start: calendar.rfc3339(slot.start), end: calendar.rfc3339(slot.end) }
    }
}
