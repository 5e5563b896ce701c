//! Looks for free slots in the database.

use std::time::Duration;

use entities::RecordsError;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use protocol::calendar::{FreeSlots, RequestedDate, SEARCH_DAYS, Slot, TimeRange};

use super::Operation;

impl Operation<'_> {
    /// The nearest free slots: on the requested day, or on the next day that has some.
    pub(super) async fn free_around(
        &self,
        around: RequestedDate,
        length: Duration,
    ) -> Result<Option<FreeSlots>, RecordsError> {
        let last = self.calendar.last_day();
        let mut days = Some((around.date, around.date));
        while let Some((from, until)) = days.filter(|(from, _)| *from <= last) {
            if let Some(range) = self.calendar.range(from, until, length) {
                let taken = self.ledger.taken(range).await?;
                let days = (from, until);
                let found = self.calendar.next_free(days, around.time, length, &taken);
                if let Some((date, slots)) = found {
                    return Ok(Some(FreeSlots { date, slots }));
                }
            }
            days = next_days(until, last);
        }
        Ok(None)
    }

    #[cfg(feature = "mistakes")]
    pub(super) async fn free_from(
        &self,
        start: Timestamp,
        length: Duration,
    ) -> Result<Option<Slot>, RecordsError> {
        let local = start.to_zoned(self.calendar.zone().clone());
        let around = RequestedDate { date: local.date(), time: Some(local.time()) };
        let free = self.free_around(around, length).await?;
        let distance = |slot: &Slot| slot.start.duration_since(start).abs();
        Ok(free.and_then(|free| free.slots.into_iter().min_by_key(distance)))
    }

    /// The free slots around a local time: on its day, or on the next that has some.
    pub(super) async fn free_near(
        &self,
        local: DateTime,
        length: Duration,
    ) -> Result<Option<FreeSlots>, RecordsError> {
        let date = local.date().max(self.calendar.today());
        self.free_around(RequestedDate { date, time: Some(local.time()) }, length).await
    }

    /// The slots that begin at these moments and are free: those of the first one's date.
    pub(super) async fn free_among(
        &self,
        starts: &[Timestamp],
        length: Duration,
    ) -> Result<Option<FreeSlots>, RecordsError> {
        let mut slots: Vec<Slot> = Vec::new();
        for start in starts {
            let Ok(slot) = self.calendar.slot_at(*start, length) else { continue };
            let taken =
                self.ledger.taken(TimeRange { from: slot.start, until: slot.busy_until }).await?;
            if taken.is_empty() {
                slots.push(slot);
            }
        }
        let date = |slot: &Slot| slot.start.to_zoned(self.calendar.zone().clone()).date();
        let Some(first) = slots.first().map(date) else { return Ok(None) };
        slots.retain(|slot| date(slot) == first);
        slots.sort_unstable();
        Ok(Some(FreeSlots { date: first, slots }))
    }
}

/// The days to search after `until`.
fn next_days(until: Date, last: Date) -> Option<(Date, Date)> {
    let from = until.tomorrow().ok()?;
    let days = jiff::Span::new().days(SEARCH_DAYS - 1);
    Some((from, from.saturating_add(days).min(last)))
}
