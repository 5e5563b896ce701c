//! What the caller has heard, in milliseconds per item. Audio and marks that were sent go in, and
//! the marks that Twilio echoes.
//!
//! What was sent is not heard yet: seconds of it can wait in Twilio's buffer, and a `clear` drops
//! them. `actors::twilio_io` sends, and decides when to clear.

use std::collections::VecDeque;
use std::time::Instant;

use crate::audio::BYTES_PER_MS;
use crate::ids::{Generation, ItemId, ResponseId};

mod buffer;
mod item;
mod mark;

use buffer::Buffer;
use item::Item;
pub use mark::{Epoch, ForeignMark, MarkName};

/// Items followed at once. Past it the oldest is forgotten. It takes 32 items that were neither
/// played nor cleared.
const MOST_ITEMS: usize = 32;

/// How much of one item the caller has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The response it is part of.
    pub response: ResponseId,
    /// OpenAI's audio item.
    pub item: ItemId,
    /// Milliseconds that were played, rounded down. At most `sent_ms`.
    pub heard_ms: u32,
    /// Milliseconds that were sent, rounded down.
    pub sent_ms: u32,
    /// Whether all of its audio was sent.
    pub ended: bool,
}

impl Heard {
    /// Whether the caller did not hear all of the item.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.ended || self.heard_ms < self.sent_ms
    }
}

/// What the echo of a mark tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Echo {
    /// Nothing. The mark belongs to a buffer that was cleared, was echoed before, or is not ours.
    Stale,
    /// Part of an item was played.
    Progress {
        /// OpenAI's audio item.
        item: ItemId,
        /// Milliseconds up to the mark, rounded down.
        heard_ms: u32,
    },
    /// Items were played to the end, oldest first. More than one if echoes in between were lost.
    ItemsPlayed(Vec<Heard>),
}

/// What was sent to Twilio, and how much of it was played, item by item.
///
/// Every item that [`Playback::sent`] was told of is returned once: by [`Playback::mark_echoed`] if
/// it was played to its end, else by [`Playback::clear`] or [`Playback::stream_restarted`].
#[derive(Debug, Clone)]
pub struct Playback {
    epoch: Epoch,
    buffer: Buffer,
    items: VecDeque<Item>,
    /// The responses of which something may still be played, in order; always the last one.
    responses: VecDeque<ResponseAudio>,
    /// Responses so far, over all epochs.
    responses_sent: u32,
    /// The item that goes on after a clear has cut it, and its bytes that were heard before.
    resumed: Option<(ItemId, u64)>,
}

impl Playback {
    /// Nothing was sent yet. `generation` is that of the owner; marks of earlier owners are stale.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self {
            epoch: Epoch { generation, cleared: 0 },
            buffer: Buffer::default(),
            items: VecDeque::new(),
            responses: VecDeque::new(),
            responses_sent: 0,
            resumed: None,
        }
    }

    /// `bytes` of µ-law audio of this item are being sent to Twilio. If a mark is returned, send it
    /// right behind them. One is due after every 180 ms of audio.
    pub fn sent(
        &mut self,
        response: &ResponseId,
        item: &ItemId,
        bytes: u32,
        now: Instant,
    ) -> Option<MarkName> {
        if bytes == 0 {
            return None;
        }
        let span = self.buffer.push(bytes, now);
        let due = self.buffer.due(span.start).unwrap_or(now);
        let epoch = self.epoch;
        let entry = self.entry(response, item, span.start, due);
        entry.extend(span);
        let name = entry.mark(epoch);
        self.buffer.mark_is_due().then(|| {
            self.buffer.mark(name);
            name
        })
    }

    /// All audio of this item was sent. If a mark is returned, send it now. Its echo, or that of a
    /// later mark, tells that the item was played to its end.
    pub fn item_ended(&mut self, item: &ItemId) -> Option<MarkName> {
        let entry = self.items.iter_mut().find(|entry| entry.is(item))?;
        entry.end();
        if self.buffer.awaits(entry.ends_at()) {
            return None;
        }
        let name = entry.mark(self.epoch);
        self.buffer.mark(name);
        Some(name)
    }

    /// Twilio echoed a mark: the audio before it was played, or dropped by a `clear`.
    pub fn mark_echoed(&mut self, name: &str, now: Instant) -> Echo {
        let Ok(name) = name.parse::<MarkName>() else { return Echo::Stale };
        if !self.buffer.echoed(name, now) {
            return Echo::Stale;
        }
        self.update_responses();
        let played = self.take_played();
        if !played.is_empty() {
            return Echo::ItemsPlayed(played);
        }
        match self.items.iter().find(|entry| entry.is_marked_by(name)) {
            Some(entry) => Echo::Progress {
                item: entry.item().clone(),
                heard_ms: entry.heard_ms_at_mark(name),
            },
            None => Echo::Stale,
        }
    }

    /// `clear` is about to be sent: Twilio will drop what it has not played, and echo every mark.
    /// Returns the items that were not played to the end, oldest first. Their marks are stale from
    /// now on.
    pub fn clear(&mut self, now: Instant) -> Vec<Heard> {
        let heard = self.buffer.heard(now);
        self.empty(heard)
    }

    /// What [`Playback::clear`] would return, with nothing cleared: the stream is gone, and perhaps
    /// another one follows.
    #[must_use]
    pub fn unfinished(&self, now: Instant) -> Vec<Heard> {
        let heard = self.buffer.heard(now);
        self.items.iter().map(|entry| entry.clone().heard(heard)).collect()
    }

    /// A new stream of the call has opened. What the old one had not played is lost. Returns what
    /// [`Playback::clear`] returns.
    pub fn stream_restarted(&mut self, now: Instant) -> Vec<Heard> {
        let heard = self.buffer.heard_at_last(now);
        self.empty(heard)
    }

    fn empty(&mut self, heard: u64) -> Vec<Heard> {
        self.buffer.empty();
        self.epoch.cleared = self.epoch.cleared.wrapping_add(1);
        self.responses.clear();
        self.resumed = None;
        self.items.drain(..).map(|entry| entry.heard(heard)).collect()
    }

    /// The rest of an item that a clear has cut is about to be sent after all. It was heard up to
    /// `heard_ms`, and counting goes on from there.
    pub fn resumed(&mut self, item: &ItemId, heard_ms: u32) {
        self.resumed = Some((item.clone(), u64::from(heard_ms) * u64::from(BYTES_PER_MS)));
    }

    /// Milliseconds of this item that were heard, rounded down: up to the last echoed mark, plus
    /// the time since, but not past the next mark. `None` if the item was never sent, or already
    /// returned.
    #[must_use]
    pub fn heard_ms(&self, item: &ItemId, now: Instant) -> Option<u32> {
        let entry = self.items.iter().find(|entry| entry.is(item))?;
        Some(entry.heard_ms(self.buffer.heard(now)))
    }

    /// Whether audio that was sent is not played yet.
    #[must_use]
    pub fn audible(&self, now: Instant) -> bool {
        self.quiet_at(now).is_some()
    }

    /// When the first frame of the response that now plays was due to be heard. `None` in silence.
    #[must_use]
    pub fn agent_started(&self, now: Instant) -> Option<Instant> {
        self.quiet_at(now)?;
        let playing = self.buffer.playing(now);
        let response = self.responses.iter().rev().find(|response| response.began <= playing);
        response.or(self.responses.front()).map(|response| response.due)
    }

    /// The expected end of all that was sent. `None` if it was played. It can lie up to 3 s in the
    /// past, while the last echo is awaited.
    #[must_use]
    pub fn quiet_at(&self, now: Instant) -> Option<Instant> {
        self.buffer.quiet_at(now)
    }

    /// The item's entry. It is made with the item's first audio, which stands at `position` of the
    /// buffer and is to be heard at `due`.
    fn entry(
        &mut self,
        response: &ResponseId,
        item: &ItemId,
        position: u64,
        due: Instant,
    ) -> &mut Item {
        let index = self.items.iter().position(|entry| entry.is(item)).unwrap_or_else(|| {
            if self.items.len() == MOST_ITEMS {
                self.items.pop_front();
            }
            let resumed = self.resumed.take_if(|(resumed, _)| resumed == item);
            let before = resumed.map_or(0, |(_, before)| before);
            let ordinals = self.ordinals(response, position, due);
            self.items.push_back(Item::new(response, item, ordinals, before));
            self.items.len() - 1
        });
        &mut self.items[index]
    }

    /// The numbers of a new item: that of its response, and its own in the response.
    fn ordinals(&mut self, response: &ResponseId, began: u64, due: Instant) -> (u32, u32) {
        match self.responses.back_mut() {
            Some(last) if last.response == *response => {
                last.items += 1;
                (last.ordinal, last.items)
            }
            Some(_) | None => {
                self.responses_sent += 1;
                let ordinal = self.responses_sent;
                let response = response.clone();
                self.responses.push_back(ResponseAudio { response, ordinal, items: 1, began, due });
                (ordinal, 1)
            }
        }
    }

    /// After an echo: forgets responses that are over, and corrects when those to come are due.
    fn update_responses(&mut self) {
        let confirmed = self.buffer.confirmed();
        while self.responses.get(1).is_some_and(|next| next.began <= confirmed) {
            self.responses.pop_front();
        }
        for response in self.responses.iter_mut().filter(|response| response.began >= confirmed) {
            response.due = self.buffer.due(response.began).unwrap_or(response.due);
        }
    }

    fn take_played(&mut self) -> Vec<Heard> {
        let confirmed = self.buffer.confirmed();
        let mut played = Vec::new();
        while let Some(index) = self.items.iter().position(|entry| entry.is_played(confirmed)) {
            played.extend(self.items.remove(index).map(|entry| entry.heard(confirmed)));
        }
        played
    }
}

#[derive(Debug, Clone)]
struct ResponseAudio {
    response: ResponseId,
    /// Numbers the responses of the owner, from 1.
    ordinal: u32,
    /// Its items so far.
    items: u32,
    /// Where it begins in the buffer.
    began: u64,
    /// When its first frame was heard, or is expected to be.
    due: Instant,
}

#[cfg(test)]
mod tests;
