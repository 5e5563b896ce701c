//! The start of an appointment as it is written in arguments, and the moment that it means (CAL-7).
//!
//! Models write offsets carelessly: `Z` behind a local time is common. So an offset that is not the
//! business's own counts under two conditions. With it the time is a slot that was offered; read as
//! local time it is not.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::date::{DateParseError, civil};

/// Who has written the arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// The model, in a conversation.
    Model {
        /// The starts that the conversation's tools have offered.
        offered: Arc<[Timestamp]>,
    },
    /// A program of the operator's, which means the offset that it writes.
    Program,
}

/// A start that can mean more than one moment, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnclearStart {
    /// What is unclear.
    pub why: Unclear,
    /// What the clock shows in the text.
    pub clock: DateTime,
    /// The moments that can be meant, likelier ones first: those of them that were offered, or else all.
    /// Empty if the clocks skip the time.
    pub meant: Vec<Timestamp>,
}

/// Why a start is not clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear {
    /// The offset is not the business's at that moment.
    Offset,
    /// The clocks are set forward over this local time.
    Skipped,
    /// The clocks are set back, and show this local time twice.
    Doubled,
}

/// A date with a time of day, and the moment if there is an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenStart {
    clock: DateTime,
    moment: Option<Timestamp>,
}

impl WrittenStart {
    /// Reads a date with a time of day, with or without an offset.
    pub(super) fn read(text: &str) -> Result<Self, DateParseError> {
        let text = text.trim();
        if let Some((clock, moment)) = with_offset(text) {
            return Ok(Self { clock, moment: Some(moment) });
        }
        let clock = civil(text)?;
        if !text.contains(':') {
            return Err(DateParseError::NoTime);
        }
        Ok(Self { clock, moment: None })
    }

    /// The moment that is meant.
    pub(super) fn resolve(
        self,
        zone: &TimeZone,
        writer: &Writer,
    ) -> Result<Timestamp, UnclearStart> {
        let unclear = |why, meant| UnclearStart { why, clock: self.clock, meant };
        let locally = zone.to_ambiguous_timestamp(self.clock);
        let Some(moment) = self.moment else {
            return match locally.offset() {
                AmbiguousOffset::Fold { .. } => {
                    Err(unclear(Unclear::Doubled, local(self.clock, zone)))
                }
                AmbiguousOffset::Gap { .. } => Err(unclear(Unclear::Skipped, Vec::new())),
                // A few days at both ends of the calendar are no moments: the last moment stands for
                // them, and the rules refuse it as too far or past.
                AmbiguousOffset::Unambiguous { .. } => {
                    Ok(locally.unambiguous().unwrap_or(end_of_time(self.clock)))
                }
            };
        };
        let offered = match writer {
            Writer::Model { offered } if moment.to_zoned(zone.clone()).datetime() != self.clock => {
                offered
            }
            Writer::Model { .. } | Writer::Program => return Ok(moment),
        };
        let readings = self.readings(zone);
        let known: Vec<Timestamp> =
            readings.iter().copied().filter(|one| offered.contains(one)).collect();
        match known[..] {
            [only] if only == moment => Ok(moment),
            [] => Err(unclear(Unclear::Offset, readings)),
            [..] => Err(unclear(Unclear::Offset, known)),
        }
    }

    /// Every moment that can be meant: by the clock reading, then by the offset.
    pub(super) fn readings(self, zone: &TimeZone) -> Vec<Timestamp> {
        let mut readings = match self.moment {
            // The business's own offset says which of two times is meant.
            Some(moment) if moment.to_zoned(zone.clone()).datetime() == self.clock => Vec::new(),
            Some(_) | None => local(self.clock, zone),
        };
        readings.extend(self.moment);
        readings
    }
}

/// The last moment in the direction of a clock reading that is none.
fn end_of_time(clock: DateTime) -> Timestamp {
    if clock.year() > 0 { Timestamp::MAX } else { Timestamp::MIN }
}

/// The moments at which the clock shows this: one, two where it is set back, none where it is set
/// forward.
fn local(clock: DateTime, zone: &TimeZone) -> Vec<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(clock);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { .. } => Vec::new(),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
            let both = [ambiguous.earlier(), ambiguous.later()];
            let mut moments: Vec<Timestamp> = both.into_iter().filter_map(Result::ok).collect();
            moments.dedup();
            moments
        }
    }
}

/// The clock reading and the moment of a text with an offset, or with the name of a time zone.
fn with_offset(text: &str) -> Option<(DateTime, Timestamp)> {
    let pieces = Pieces::parse(text).ok()?;
    let clock = pieces.date().to_datetime(pieces.time()?);
    let moment = match pieces.offset() {
        Some(_) => match text.parse::<Timestamp>() {
            Ok(moment) => moment,
            Err(_) if clock.year().abs() == Date::MAX.year() => end_of_time(clock),
            Err(_) => return None,
        },
        None => {
            pieces.time_zone_annotation()?;
            text.parse::<Zoned>().ok()?.timestamp()
        }
    };
    Some((clock, moment))
}
