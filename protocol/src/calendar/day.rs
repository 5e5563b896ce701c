//! Opening hours of one date as instants. Hours are local time, also where the clocks change. A skipped
//! hour is not open. A repeated hour is open twice, if both passes lie within the hours.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::business::Appointments;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenSpan {
    pub(super) open: Timestamp,
    pub(super) close: Timestamp,
}

impl OpenSpan {
    /// The starts, a step apart, that leave room for `length` before the close.
    pub(super) fn starts(
        self,
        step: Duration,
        length: Duration,
    ) -> impl Iterator<Item = Timestamp> + use<> {
        let next = move |start: &Timestamp| start.checked_add(step).ok();
        std::iter::successors(Some(self.open), next)
            .take_while(move |start| start.checked_add(length).is_ok_and(|end| end <= self.close))
    }
}

/// The hours of a date, earliest first; empty on a day off.
pub(super) fn spans(rules: &Appointments, date: Date, zone: &TimeZone) -> Vec<OpenSpan> {
    if rules.days_off.contains(&date) {
        return Vec::new();
    }
    let mut spans = rules.hours.on(date.weekday()).to_vec();
    spans.sort_unstable();
    let span = |open, close| {
        let close = earliest(close, zone)?;
        // An opening inside a repeated hour means its second pass, unless the close is in that hour too.
        let open = [latest(open, zone)?, earliest(open, zone)?];
        let open = open.into_iter().find(|open| *open < close)?;
        Some(OpenSpan { open, close })
    };
    spans.into_iter().filter_map(|hours| span(hours.opens(date), hours.closes(date))).collect()
}

/// The instant of a local time: the first of two, or the end of a gap.
pub(super) fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    earliest(local, zone)
}

fn earliest(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    after_gap(local, zone).or_else(|| zone.to_ambiguous_timestamp(local).earlier().ok())
}

fn latest(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    after_gap(local, zone).or_else(|| zone.to_ambiguous_timestamp(local).later().ok())
}

/// The end of the gap, if the local time is in one.
fn after_gap(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}
