//! What the caller has heard: audio and marks out, echoes in, whole milliseconds per item out.
//! What went to Twilio was not heard yet: seconds of it wait in Twilio's buffer, and a `clear`
//! drops them. Who sends and who decides to clear lives in `actors`.

use std::collections::VecDeque;
use std::time::Instant;

use crate::audio::BYTES_PER_MS;
use crate::ids::{Generation, ItemId, ResponseId};

mod item;
mod line;
mod mark;

use item::Item;
use line::Line;
pub use mark::{Epoch, ForeignMark, MarkName};

/// Items followed at once. Past it the oldest is forgotten, which takes 32 items that were sent
/// without being ended, played or cleared.
const MOST_ITEMS: usize = 32;

/// How much of one item the caller has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The answer it belongs to.
    pub response: ResponseId,
    /// The item.
    pub item: ItemId,
    /// Milliseconds of the item that were played, rounded down; never more than `sent_ms`.
    pub heard_ms: u32,
    /// Milliseconds of the item that were sent, rounded down.
    pub sent_ms: u32,
    /// Whether all audio of the item had been sent.
    pub ended: bool,
}

impl Heard {
    /// Whether there is something of this item that the caller did not hear.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.ended || self.heard_ms < self.sent_ms
    }
}

/// What the echo of a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Echo {
    /// Nothing: the mark is of a buffer that was cleared, was echoed before, or was never ours.
    Stale,
    /// The item was played up to here.
    Progress {
        /// The item.
        item: ItemId,
        /// Milliseconds of it, rounded down.
        heard_ms: u32,
    },
    /// These items ended and everything of them was played, oldest first. More than one if echoes
    /// in between were lost.
    ItemsPlayed(Vec<Heard>),
}

/// What was sent to Twilio and what of it was played, item by item.
///
/// Every item that [`Playback::sent`] brought is given back once: by [`Playback::mark_echoed`] when
/// it was played to its end, or by [`Playback::clear`] or [`Playback::stream_restarted`].
#[derive(Debug, Clone)]
pub struct Playback {
    epoch: Epoch,
    line: Line,
    items: VecDeque<Item>,
    /// The answers of which something may still be played, in order; the last one always.
    answers: VecDeque<Answer>,
    /// Answers so far, over all epochs.
    answered: u32,
    /// The item that a clear cut and that goes on, and the bytes of it that were heard before.
    resumed: Option<(ItemId, u64)>,
}

impl Playback {
    /// Nothing sent yet. `generation` is that of the owner: no mark of an earlier one counts.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self {
            epoch: Epoch { generation, cleared: 0 },
            line: Line::default(),
            items: VecDeque::new(),
            answers: VecDeque::new(),
            answered: 0,
            resumed: None,
        }
    }

    /// `bytes` of audio of this item go to Twilio now. The mark that comes back, if any, is to be
    /// sent right behind them: it is due when 180 ms of audio or more went since the last.
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
        let span = self.line.push(bytes, now);
        let due = self.line.due(span.start).unwrap_or(now);
        let epoch = self.epoch;
        let entry = self.entry(response, item, span.start, due);
        entry.extend(span);
        let name = entry.mark(epoch);
        self.line.mark_is_due().then(|| {
            self.line.mark(name);
            name
        })
    }

    /// All audio of this item was sent. The mark that comes back, if any, is to be sent now: its
    /// echo, or that of a later one, says that the item was played to its end.
    pub fn item_ended(&mut self, item: &ItemId) -> Option<MarkName> {
        let entry = self.items.iter_mut().find(|entry| entry.is(item))?;
        entry.end();
        if self.line.awaits(entry.ends_at()) {
            return None;
        }
        let name = entry.mark(self.epoch);
        self.line.mark(name);
        Some(name)
    }

    /// Twilio echoed a mark: all audio before it was played, or a clear discarded it.
    pub fn mark_echoed(&mut self, name: &str, now: Instant) -> Echo {
        let Ok(name) = name.parse::<MarkName>() else { return Echo::Stale };
        if !self.line.echoed(name, now) {
            return Echo::Stale;
        }
        self.update_answers();
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

    /// `clear` is about to be sent: Twilio drops what it has not played and echoes every mark. Says
    /// what was heard of every item not wholly played, oldest first; their marks are stale from
    /// now on.
    pub fn clear(&mut self, now: Instant) -> Vec<Heard> {
        let line = std::mem::take(&mut self.line);
        let heard = line.heard(now);
        self.epoch.cleared = self.epoch.cleared.wrapping_add(1);
        self.answers.clear();
        self.resumed = None;
        self.items.drain(..).map(|entry| entry.heard(heard)).collect()
    }

    /// A new stream of the call has opened, and what the old one had not played is gone with it.
    /// Says what [`Playback::clear`] says.
    pub fn stream_restarted(&mut self, now: Instant) -> Vec<Heard> {
        self.clear(now)
    }

    /// What a clear cut off of this item is about to be sent after all: it was heard up to
    /// `heard_ms`, and counting goes on from there.
    pub fn resumed(&mut self, item: &ItemId, heard_ms: u32) {
        self.resumed = Some((item.clone(), u64::from(heard_ms) * u64::from(BYTES_PER_MS)));
    }

    /// Milliseconds of this item that were heard, rounded down: up to the last mark that came back
    /// plus the clock since, at most up to the next mark. None if the item is not followed: never
    /// sent, or already given back.
    #[must_use]
    pub fn heard_ms(&self, item: &ItemId, now: Instant) -> Option<u32> {
        let entry = self.items.iter().find(|entry| entry.is(item))?;
        Some(entry.heard_ms(self.line.heard(now)))
    }

    /// Whether something was sent that is not yet played.
    #[must_use]
    pub fn audible(&self, now: Instant) -> bool {
        self.quiet_at(now).is_some()
    }

    /// When the first frame of the answer that now plays was due to be heard. None in silence.
    #[must_use]
    pub fn agent_started(&self, now: Instant) -> Option<Instant> {
        self.quiet_at(now)?;
        let playing = self.line.playing(now);
        let answer = self.answers.iter().rev().find(|answer| answer.began <= playing);
        answer.or(self.answers.front()).map(|answer| answer.due)
    }

    /// The expected end of all that was sent; None if it was played. It can lie up to 3 s back
    /// while the last echo is waited for; after that it counts as lost.
    #[must_use]
    pub fn quiet_at(&self, now: Instant) -> Option<Instant> {
        self.line.quiet_at(now)
    }

    /// The item's entry, made if this is its first audio, which stands at `position` and is to be
    /// heard at `due`.
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

    /// The numbers of a new item: that of its answer, which begins with it if another one was last,
    /// and its own in that answer.
    fn ordinals(&mut self, response: &ResponseId, began: u64, due: Instant) -> (u32, u32) {
        match self.answers.back_mut() {
            Some(answer) if answer.response == *response => {
                answer.items += 1;
                (answer.ordinal, answer.items)
            }
            Some(_) | None => {
                self.answered += 1;
                let ordinal = self.answered;
                let response = response.clone();
                self.answers.push_back(Answer { response, ordinal, items: 1, began, due });
                (ordinal, 1)
            }
        }
    }

    /// After an echo: answers that are over go, and those to come are due when they now seem to be.
    fn update_answers(&mut self) {
        let confirmed = self.line.confirmed();
        while self.answers.get(1).is_some_and(|next| next.began <= confirmed) {
            self.answers.pop_front();
        }
        for answer in self.answers.iter_mut().filter(|answer| answer.began >= confirmed) {
            answer.due = self.line.due(answer.began).unwrap_or(answer.due);
        }
    }

    fn take_played(&mut self) -> Vec<Heard> {
        let confirmed = self.line.confirmed();
        let mut played = Vec::new();
        while let Some(index) = self.items.iter().position(|entry| entry.is_played(confirmed)) {
            played.extend(self.items.remove(index).map(|entry| entry.heard(confirmed)));
        }
        played
    }
}

#[derive(Debug, Clone)]
struct Answer {
    response: ResponseId,
    ordinal: u32,
    /// Its items so far.
    items: u32,
    /// Where it begins on the line.
    began: u64,
    /// When its first frame was, or is expected, to be heard.
    due: Instant,
}

#[cfg(test)]
mod tests;
