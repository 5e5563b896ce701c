//! An audio item on its way to the caller.

use std::ops::Range;

use super::Heard;
use super::mark::{Epoch, MarkName};
use crate::audio::BYTES_PER_MS;
use crate::ids::{ItemId, ResponseId};

#[derive(Debug, Clone)]
pub(super) struct Item {
    response: ResponseId,
    item: ItemId,
    /// The number of its response, and its own in the response.
    ordinals: (u32, u32),
    /// Bytes that were heard before a clear, if it goes on after one.
    before: u64,
    /// The positions of its audio in the buffer. More than one range if another item's came in
    /// between.
    spans: Vec<Range<u64>>,
    ended: bool,
}

impl Item {
    pub(super) fn new(
        response: &ResponseId,
        item: &ItemId,
        ordinals: (u32, u32),
        before: u64,
    ) -> Self {
        let (response, item) = (response.clone(), item.clone());
        Self { response, item, ordinals, before, spans: Vec::new(), ended: false }
    }

    /// More of its audio was sent.
    pub(super) fn extend(&mut self, span: Range<u64>) {
        match self.spans.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            Some(_) | None => self.spans.push(span),
        }
    }

    pub(super) fn item(&self) -> &ItemId {
        &self.item
    }

    pub(super) fn is(&self, item: &ItemId) -> bool {
        self.item == *item
    }

    /// All its audio was sent.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Where its audio ends in the buffer.
    pub(super) fn ends_at(&self) -> u64 {
        self.spans.last().map_or(0, |span| span.end)
    }

    /// How many of its bytes stand before `position` in the buffer.
    fn bytes_before(&self, position: u64) -> u64 {
        self.spans.iter().map(|span| position.clamp(span.start, span.end) - span.start).sum()
    }

    /// The name of a mark behind all of it that was sent so far.
    pub(super) fn mark(&self, epoch: Epoch) -> MarkName {
        let (response, item) = self.ordinals;
        let position = u32::try_from(self.bytes_before(u64::MAX)).unwrap_or(u32::MAX);
        MarkName { epoch, response, item, position }
    }

    pub(super) fn is_marked_by(&self, name: MarkName) -> bool {
        self.ordinals == (name.response, name.item)
    }

    /// Whether it ended and an echo tells that all of it was played.
    pub(super) fn is_played(&self, confirmed: u64) -> bool {
        self.ended && self.ends_at() <= confirmed
    }

    /// Whole milliseconds of it before a mark of its own.
    pub(super) fn heard_ms_at_mark(&self, name: MarkName) -> u32 {
        millis(self.before + u64::from(name.position))
    }

    /// Whole milliseconds of it before `position` in the buffer.
    pub(super) fn heard_ms(&self, position: u64) -> u32 {
        millis(self.before + self.bytes_before(position))
    }

    /// How much of it was heard if playing stops at `position` in the buffer.
    pub(super) fn heard(self, position: u64) -> Heard {
        Heard {
            heard_ms: self.heard_ms(position),
            sent_ms: self.heard_ms(u64::MAX),
            response: self.response,
            item: self.item,
            ended: self.ended,
        }
    }
}

fn millis(bytes: u64) -> u32 {
    u32::try_from(bytes / u64::from(BYTES_PER_MS)).unwrap_or(u32::MAX)
}
