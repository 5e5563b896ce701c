//! Which slots a business has: working hours, dates and what is booked in, slots out. What is booked is
//! the database's to know, and that two appointments never overlap is its own rule (CAL-3).
//!
//! A calendar is made for one moment, asked, and dropped.

mod asked;
mod day;
mod done;
mod refusal;
mod tool;
mod wording;

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::business::{Appointments, BusinessSettings};

pub use asked::{Asked, Unreadable};
pub use done::Done;
pub use refusal::{Misfit, Refusal};
pub use tool::{Answers, AppointmentKey, Booked, Free, Tool, Wish, sorry};
pub use wording::Tongue;

/// How many slots are offered at once (CAL-1).
pub const OFFERED: usize = 3;

/// How many days of appointments are looked at in one go for the next day that has a slot.
pub const DAYS_AT_ONCE: i32 = 14;

/// The shortest step between two starts, and the shortest appointment.
const SHORTEST: Duration = Duration::from_mins(1);

/// A time that an appointment can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// When the next may begin: its end and the business's buffer.
    pub busy_until: Timestamp,
}

/// A time that is not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// From then.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

/// The rules of one business at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    rules: &'a Appointments,
    zone: &'a TimeZone,
    now: Timestamp,
}

impl<'a> Calendar<'a> {
    /// The calendar of a business as it stands at `now`.
    #[must_use]
    pub fn of(business: &'a BusinessSettings, now: Timestamp) -> Self {
        Self { rules: &business.appointments, zone: business.timezone.rules(), now }
    }

    /// The moment it was made for.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Where the business counts its days.
    #[must_use]
    pub fn zone(&self) -> &'a TimeZone {
        self.zone
    }

    /// The business's date at the moment it was made for.
    #[must_use]
    pub fn today(&self) -> Date {
        self.date_of(self.now)
    }

    /// The last date on which an appointment can begin.
    #[must_use]
    pub fn last_day(&self) -> Date {
        self.date_of(self.latest())
    }

    /// How long an appointment is to last.
    ///
    /// # Errors
    /// [`Refusal::Length`] if it would be shorter than a minute or longer than a day.
    pub fn length(&self, minutes: Option<u64>) -> Result<Duration, Refusal> {
        match minutes {
            None => Ok(self.rules.length),
            Some(minutes @ 1..=1440) => Ok(Duration::from_mins(minutes)),
            Some(_) => Err(Refusal::Length),
        }
    }

    /// The time in which appointments of the dates `from` to `until` (both included) can lie; `None`
    /// if none can be made on any of them.
    #[must_use]
    pub fn range(&self, from: Date, until: Date, length: Duration) -> Option<Taken> {
        let mut possible = days(from, until).flat_map(|date| self.possible_on(date, length));
        let first = possible.next()?;
        let busy_until = possible.map(|slot| slot.busy_until).max();
        Some(Taken { from: first.start, until: busy_until.unwrap_or(first.busy_until) })
    }

    /// The free slots of a date, the first first.
    #[must_use]
    pub fn free_on(&self, date: Date, length: Duration, taken: &[Taken]) -> Vec<Slot> {
        self.possible_on(date, length)
            .filter(|slot| !taken.iter().any(|taken| slot.overlaps(*taken)))
            .collect()
    }

    /// The slots to be offered for a date: those nearest to the time of day, else the first ones.
    #[must_use]
    pub fn nearest_on(
        &self,
        date: Date,
        time: Option<Time>,
        length: Duration,
        taken: &[Taken],
    ) -> Vec<Slot> {
        let mut free = self.free_on(date, length, taken);
        let target = time.and_then(|time| day::instant(date.to_datetime(time), self.zone));
        if let Some(target) = target {
            free.sort_by_key(|slot| slot.start.duration_since(target).abs());
        }
        free.truncate(OFFERED);
        free.sort_unstable();
        free
    }

    /// The first of the dates `from` to `until` (both included) that has a free slot, with the slots
    /// to be offered for it.
    #[must_use]
    pub fn next_free(
        &self,
        (from, until): (Date, Date),
        time: Option<Time>,
        length: Duration,
        taken: &[Taken],
    ) -> Option<(Date, Vec<Slot>)> {
        days(from, until)
            .map(|date| (date, self.nearest_on(date, time, length, taken)))
            .find(|(_, slots)| !slots.is_empty())
    }

    /// The slot that begins at `start`, whoever may have taken it.
    ///
    /// # Errors
    /// [`Misfit`] says which rule of the business it breaks.
    pub fn slot_at(&self, start: Timestamp, length: Duration) -> Result<Slot, Misfit> {
        if start < self.now {
            return Err(Misfit::Past);
        }
        if start < self.earliest() {
            return Err(Misfit::TooSoon);
        }
        if start > self.latest() {
            return Err(Misfit::TooFar);
        }
        let spans = day::spans(self.rules, self.date_of(start), self.zone);
        if spans.is_empty() {
            return Err(Misfit::Closed);
        }
        let slot = self.slot(start, length).ok_or(Misfit::TooFar)?;
        let around = spans.iter().find(|span| span.open <= start && slot.end <= span.close);
        let span = around.ok_or(Misfit::OutsideHours)?;
        if span.starts(self.step(), length).any(|possible| possible == start) {
            Ok(slot)
        } else {
            Err(Misfit::BetweenSlots)
        }
    }

    /// A moment as the tools write it: RFC 3339 with the business's offset (CAL-1).
    #[must_use]
    pub fn written(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// The business's date at a moment.
    #[must_use]
    pub fn date_of(&self, moment: Timestamp) -> Date {
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
    /// Whether the two cannot both be.
    #[must_use]
    pub fn overlaps(self, taken: Taken) -> bool {
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
