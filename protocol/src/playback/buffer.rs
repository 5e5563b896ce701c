//! Twilio's buffer, from one `clear` to the next: how much was sent, which marks came back, and how
//! far it must have been played since.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::mark::MarkName;
use crate::audio::BYTES_PER_MS;

/// Bytes after which a mark is due: 180 ms.
const MARK_EVERY: u64 = 180 * BYTES_PER_MS as u64;

/// How long past the expected end an echo is awaited. Then it counts as lost.
const ECHO_PATIENCE: Duration = Duration::from_secs(3);

/// Marks that wait for their echoes: 12 minutes of audio. Past it the oldest is forgotten, because
/// a later one tells more.
const MOST_MARKS: usize = 4096;

/// Twilio plays audio in order as it comes, 8 bytes to the millisecond. Positions are bytes since
/// the buffer was last cleared.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer {
    sent: u64,
    /// The position of the last mark.
    marked: u64,
    /// The furthest position whose mark came back.
    confirmed: u64,
    /// A position and when it began to be played.
    clock: Option<(u64, Instant)>,
    /// The marks without an echo, in order, and their positions.
    pending: VecDeque<(MarkName, u64)>,
    /// Whether a mark of this call has ever come back.
    marks_return: bool,
}

impl Buffer {
    pub(super) fn empty(&mut self) {
        *self = Self { marks_return: self.marks_return, ..Self::default() };
    }

    /// Adds `bytes` of audio at the end. Returns their positions.
    pub(super) fn push(&mut self, bytes: u32, now: Instant) -> Range<u64> {
        if self.playing(now) == self.sent {
            self.clock = Some((self.sent, now));
        }
        let began = self.sent;
        self.sent += u64::from(bytes);
        began..self.sent
    }

    /// Whether enough audio was sent since the last mark.
    pub(super) fn mark_is_due(&self) -> bool {
        self.sent - self.marked >= MARK_EVERY
    }

    /// Whether the echo of a mark at or after `position` is still to come.
    pub(super) fn awaits(&self, position: u64) -> bool {
        self.pending.back().is_some_and(|(_, at)| *at >= position)
    }

    /// A mark is sent behind all audio so far.
    pub(super) fn mark(&mut self, name: MarkName) {
        if self.pending.len() == MOST_MARKS {
            self.pending.pop_front();
        }
        self.marked = self.sent;
        self.pending.push_back((name, self.sent));
    }

    /// An echo came: everything before that mark was played, even if earlier marks were not echoed.
    /// `false` if no such mark is awaited.
    pub(super) fn echoed(&mut self, name: MarkName, now: Instant) -> bool {
        let Some(index) = self.pending.iter().position(|(pending, _)| *pending == name) else {
            return false;
        };
        self.marks_return = true;
        if let Some((_, position)) = self.pending.drain(..=index).next_back() {
            self.confirmed = position;
            self.clock = Some((position, now));
        }
        true
    }

    /// The furthest position whose mark came back.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// How far the caller has heard: the last echo plus the time since. It is never past a mark that
    /// has not come back, nor past what was sent.
    pub(super) fn heard(&self, now: Instant) -> u64 {
        let most = self.pending.front().map_or(self.sent, |(_, position)| *position);
        self.playing(now).min(most)
    }

    /// How far the caller counts as having heard, now that no echo can come any more. If no mark of the call
    /// has ever come back, what was due more than [`ECHO_PATIENCE`] ago was heard.
    pub(super) fn heard_at_last(&self, now: Instant) -> u64 {
        match now.checked_sub(ECHO_PATIENCE) {
            Some(then) if !self.marks_return => self.heard(now).max(self.playing(then)),
            Some(_) | None => self.heard(now),
        }
    }

    /// How far playing has come by the clock alone.
    pub(super) fn playing(&self, now: Instant) -> u64 {
        self.clock.map_or(0, |(position, at)| {
            let played = now.saturating_duration_since(at).as_micros() / MICROS_PER_BYTE;
            self.sent.min(position.saturating_add(u64::try_from(played).unwrap_or(u64::MAX)))
        })
    }

    /// When the byte at `position` is expected to be played, if it is not yet.
    pub(super) fn due(&self, position: u64) -> Option<Instant> {
        let (began, at) = self.clock?;
        let bytes = u128::from(position.saturating_sub(began));
        let micros = u64::try_from(bytes * MICROS_PER_BYTE).unwrap_or(u64::MAX);
        at.checked_add(Duration::from_micros(micros))
    }

    /// The expected end of what was sent, while it plays or its last echo is awaited. `None` after
    /// that: a lost echo must not keep the agent audible for ever.
    pub(super) fn quiet_at(&self, now: Instant) -> Option<Instant> {
        let end = self.due(self.sent)?;
        let patience = if self.pending.is_empty() { Duration::ZERO } else { ECHO_PATIENCE };
        (now < end + patience).then_some(end)
    }
}

const MICROS_PER_BYTE: u128 = 1_000 / BYTES_PER_MS as u128;
