//! The appointment calendar: opening hours, dates and booked times in, free slots out.
//!
//! The booked times come from the database, which also guarantees that two appointments never overlap
//! (CAL-3). A [`Calendar`] is made for one moment, asked, and dropped.

mod arguments;
mod date;
mod day;
mod error;
mod outcome;
mod reply;
mod start;
mod wording;

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::business::{Appointments, BusinessSettings};

pub use arguments::{AppointmentKey, CalendarArguments, CalendarTool};
pub use date::{DateParseError, RequestedDate};
pub use error::{CalendarError, SlotError};
pub use outcome::{BookedAppointment, CalendarOutcome, FreeSlots};
pub use reply::{ReplyWriter, error_reply};
pub use start::{Unclear, UnclearStart, Writer};

/// The most slots offered at once (CAL-1).
pub const MAX_OFFERED: usize = 3;

/// The search for the next day with a free slot reads the appointments of this many days per query.
pub const SEARCH_DAYS: i32 = 14;

/// The shortest step between two starts, and the shortest appointment.
const SHORTEST: Duration = Duration::from_mins(1);

/// A time span that the business's rules allow for an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// First moment.
    pub start: Timestamp,
    /// First moment after it.
    pub end: Timestamp,
    /// When the next appointment may begin: `end` plus the business's buffer.
    pub busy_until: Timestamp,
}

/// A half-open span of time: booked, or to be searched for appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First moment.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

/// The appointment rules of one business at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    rules: &'a Appointments,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl<'a> Calendar<'a> {
    /// The calendar of `business` at `now`, which notice and horizon are counted from.
    #[must_use]
    pub fn of(business: &'a BusinessSettings, now: Timestamp) -> Self {
        Self { rules: &business.appointments, zone: business.timezone.rules(), now }
    }

    /// The moment that the calendar was made for.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The time zone in which the business's days and hours are counted.
    #[must_use]
    pub fn zone(&self) -> &'a TimeZone {
        self.zone
    }

    /// The business's date at [`now`](Self::now).
    #[must_use]
    pub fn today(&self) -> Date {
        self.date_of(self.now)
    }

    /// The date of the booking horizon: the last on which an appointment can begin.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.date_of(self.latest())
    }

    /// The length of an appointment of so many minutes; the business's own for `None`.
    ///
    /// # Errors
    /// [`CalendarError::Length`] if it is not from 1 to 1440 minutes.
    pub fn length(&self, minutes: Option<u64>) -> Result<Duration, CalendarError> {
        match minutes {
            None => Ok(self.rules.length),
            Some(minutes @ 1..=1440) => Ok(Duration::from_mins(minutes)),
            Some(_) => Err(CalendarError::Length),
        }
    }

    /// The span in which appointments of the dates `from` to `until` (both included) can lie, buffer
    /// included. `None` if the rules allow none on any of these dates.
    #[must_use]
    pub fn range(&self, from: Date, until: Date, length: Duration) -> Option<TimeRange> {
        let mut possible = days(from, until).flat_map(|date| self.possible_on(date, length));
        let first = possible.next()?;
        let busy_until = possible.map(|slot| slot.busy_until).max();
        Some(TimeRange { from: first.start, until: busy_until.unwrap_or(first.busy_until) })
    }

    /// The free slots of a date, earliest first.
    #[must_use]
    pub fn free_on(&self, date: Date, length: Duration, taken: &[TimeRange]) -> Vec<Slot> {
        self.possible_on(date, length)
            .filter(|slot| !taken.iter().any(|taken| slot.overlaps(*taken)))
            .collect()
    }

    /// At most [`MAX_OFFERED`] slots of a date, earliest first: those nearest to the time of day, or
    /// the first of the day without one.
    pub(crate) fn nearest_on(
        &self,
        date: Date,
        time: Option<Time>,
        length: Duration,
        taken: &[TimeRange],
    ) -> Vec<Slot> {
        let mut free = self.free_on(date, length, taken);
        let target = time.and_then(|time| day::instant(date.to_datetime(time), self.zone));
        if let Some(target) = target {
            free.sort_by_key(|slot| slot.start.duration_since(target).abs());
        }
        free.truncate(MAX_OFFERED);
        free.sort_unstable();
        free
    }

    /// The first of the dates `from` to `until` (both included) that has a free slot, with the slots
    /// to offer on it.
    #[must_use]
    pub fn next_free(
        &self,
        (from, until): (Date, Date),
        time: Option<Time>,
        length: Duration,
        taken: &[TimeRange],
    ) -> Option<(Date, Vec<Slot>)> {
        days(from, until)
            .map(|date| (date, self.nearest_on(date, time, length, taken)))
            .find(|(_, slots)| !slots.is_empty())
    }

    /// The slot that begins at `start`, booked or not.
    ///
    /// # Errors
    /// [`SlotError`] says which rule of the business it breaks.
    pub fn slot_at(&self, start: Timestamp, length: Duration) -> Result<Slot, SlotError> {
        if start < self.now {
            return Err(SlotError::Past);
        }
        if start < self.earliest() {
            return Err(SlotError::TooSoon);
        }
        if start > self.latest() {
            return Err(SlotError::TooFar);
        }
        let spans = day::spans(self.rules, self.date_of(start), self.zone);
        if spans.is_empty() {
            return Err(SlotError::Closed);
        }
        let slot = self.slot(start, length).ok_or(SlotError::TooFar)?;
        let around = spans.iter().find(|span| span.open <= start && slot.end <= span.close);
        let span = around.ok_or(SlotError::OutsideHours)?;
        if span.starts(self.step(), length).any(|possible| possible == start) {
            Ok(slot)
        } else {
            Err(SlotError::BetweenSlots)
        }
    }

    /// A moment in RFC 3339 with the business's offset, whole seconds: `2026-11-22T08:30:00+02:00`
    /// (CAL-1).
    #[must_use]
    pub fn rfc3339(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The business's date at a moment.
    pub(crate) fn date_of(&self, moment: Timestamp) -> Date {
        moment.to_zoned(self.zone.clone()).date()
    }

    /// All starts that the rules allow on a date, in order.
    fn possible_on(&self, date: Date, length: Duration) -> impl Iterator<Item = Slot> + use<'a> {
        let (this, earliest, latest) = (*self, self.earliest(), self.latest());
        let step = self.step();
        day::spans(self.rules, date, self.zone)
            .into_iter()
            .flat_map(move |span| span.starts(step, length))
            .filter(move |start| (earliest..=latest).contains(start))
            .filter_map(move |start| this.slot(start, length))
    }

    fn slot(&self, start: Timestamp, length: Duration) -> Option<Slot> {
        let end = start.checked_add(length).ok()?;
        Some(Slot { start, end, busy_until: end.checked_add(self.rules.buffer).ok()? })
    }

    fn step(&self) -> Duration {
        self.rules.slot_step.max(SHORTEST)
    }

    fn earliest(&self) -> Timestamp {
        saturating(self.now, self.rules.min_notice)
    }

    fn latest(&self) -> Timestamp {
        saturating(self.now, self.rules.horizon)
    }
}

impl Slot {
    /// Whether the slot, buffer included, and the range share a moment.
    #[must_use]
    pub fn overlaps(self, taken: TimeRange) -> bool {
        taken.until > self.start && taken.from < self.busy_until
    }
}

fn saturating(moment: Timestamp, later: Duration) -> Timestamp {
    let later = SignedDuration::try_from(later).unwrap_or(SignedDuration::MAX);
    moment.saturating_add(later).unwrap_or(Timestamp::MAX)
}

fn days(from: Date, until: Date) -> impl Iterator<Item = Date> {
    from.series(jiff::Span::new().days(1)).take_while(move |date| *date <= until)
}

#[cfg(test)]
mod tests;
