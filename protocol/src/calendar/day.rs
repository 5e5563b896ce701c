//! One date's opening hours as instants. Where the clocks change, the hours are what the clock on the
//! wall shows: an hour that is skipped is not open, and one that comes twice counts where all of it
//! lies within the hours.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::business::Appointments;

/// From an opening to a closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenSpan {
    pub(super) open: Timestamp,
    pub(super) close: Timestamp,
}

impl OpenSpan {
    /// The possible starts, each with room for `length` before the closing.
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

/// The hours of a date, the earliest first; none on a day off.
pub(super) fn spans(rules: &Appointments, date: Date, zone: &TimeZone) -> Vec<OpenSpan> {
    if rules.days_off.contains(&date) {
        return Vec::new();
    }
    let mut spans = rules.hours.on(date.weekday()).to_vec();
    spans.sort_unstable();
    let span = |open, close| {
        let close = earliest(close, zone)?;
        // An opening inside an hour that comes twice is its second time, unless the closing lies in
        // that hour too.
        let open = [latest(open, zone)?, earliest(open, zone)?];
        let open = open.into_iter().find(|open| *open < close)?;
        Some(OpenSpan { open, close })
    };
    spans.into_iter().filter_map(|hours| span(hours.opens(date), hours.closes(date))).collect()
}

/// The moment at which the clock on the wall shows `shown`, as people mean it: the first of two, and
/// the end of a gap.
pub(super) fn instant(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    earliest(shown, zone)
}

fn earliest(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    after_gap(shown, zone).or_else(|| zone.to_ambiguous_timestamp(shown).earlier().ok())
}

fn latest(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    after_gap(shown, zone).or_else(|| zone.to_ambiguous_timestamp(shown).later().ok())
}

/// Where the clock never shows `shown`: the moment at which it skips it.
fn after_gap(shown: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(shown);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before).next().map(|change| change.timestamp())
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}
