//! The queue of the agent's audio: the session's reader fills it, TwilioIoActor empties it.
//! CallSupervisor holds it, so audio that has arrived is played whichever actor crashes (RES-2).
//!
//! It is bounded in bytes. A full queue makes the session's socket wait. A barge-in cuts it: what
//! waits is dropped, and so is what arrives, until the next `response.create` opens it again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::payload::Payload;
use protocol::ids::{ItemId, ResponseId};
use ractor::{ActorRef, Message};
use supervision::wake::{self, WakeFlag, WakeFn, wake};
use tokio::sync::Notify;

use super::{BYTES_PER_MS, millis};
use crate::mistake::planted;

/// The most audio in one message to Twilio: 180 ms. A mark follows each piece (BARGE-3). It is a
/// whole number of frames and of base64 groups (PIPE-1).
const PIECE_BYTES: usize = 1440;

/// The most audio that waits here: two minutes. With more, OpenAI's socket waits.
const MAX_BYTES: usize = BYTES_PER_MS * 1000 * 120;

/// Ended items whose length is remembered. It is asked for at once.
const ENDED_ITEMS: usize = 8;

/// An entry of the downlink.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentAudio {
    Piece(Piece),
    /// No more pieces of the item follow.
    ItemEnd {
        response: ResponseId,
        item: ItemId,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub response: ResponseId,
    pub item: ItemId,
    /// At most 180 ms of µ-law, as OpenAI encoded it.
    pub payload: Payload,
    /// When it arrived from OpenAI.
    pub received_at: Instant,
}

/// An item, or the rest of one, that a cut kept from Twilio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    pub response: ResponseId,
    pub item: ItemId,
    /// Bytes of audio that waited. 0 if only the item's end did.
    pub bytes: usize,
}

#[derive(Default)]
pub struct Downlink {
    state: Mutex<State>,
    room: Notify,
}

#[derive(Default)]
struct State {
    /// The session whose audio is taken. `None` while there is none.
    session: Option<u32>,
    waiting: VecDeque<AgentAudio>,
    bytes: usize,
    /// Items whose audio has begun to arrive and has not ended.
    open: Vec<OpenItem>,
    /// The items that ended last, and the bytes of each.
    ended: VecDeque<(ItemId, usize)>,
    /// The response of the last entry that the reader has seen. Some of it may be at Twilio.
    begun: Option<ResponseId>,
    /// Counts the cuts. The latest cut has this number.
    cuts: u64,
    /// Whether arriving audio is dropped, because it belongs to an interrupted response.
    is_cut: bool,
    wake: WakeFlag,
}

struct OpenItem {
    response: ResponseId,
    item: ItemId,
    /// Bytes of audio that have arrived.
    bytes: usize,
}

/// What is left of the responses that broke off with their session.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BrokenOff {
    /// Responses of which nothing has gone to Twilio and nothing will.
    pub unplayed: Vec<ResponseId>,
    /// The items that are played as far as they arrived, and the milliseconds that did.
    pub played: Vec<(ResponseId, ItemId, u32)>,
}

impl Downlink {
    /// Makes `actor` the reader. It is woken at once if something waits.
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) {
        self.attach_with(wake::for_actor(actor, wake));
    }

    /// From now on the audio of `session` is taken, and no other's.
    pub fn begin_session(&self, session: u32) {
        self.state().session = Some(session);
    }

    /// Adds audio from OpenAI. Waits while there is no room. Returns whether it is the first of its
    /// item and was not dropped. Audio of a session that is over is dropped.
    pub async fn push(
        &self,
        session: u32,
        response: &ResponseId,
        item: &ItemId,
        audio: &Payload,
        received_at: Instant,
    ) -> bool {
        loop {
            let room = self.room.notified();
            if let Some(first) = self.try_push(session, response, item, audio, received_at) {
                return first;
            }
            room.await;
        }
    }

    /// OpenAI has sent all audio of the item.
    pub fn end_item(&self, session: u32, response: &ResponseId, item: &ItemId) {
        let mut state = self.state();
        if state.session != Some(session) {
            return;
        }
        if let Some(place) = state.open.iter().position(|open| open.item == *item) {
            let OpenItem { bytes, .. } = state.open.remove(place);
            if state.ended.len() == ENDED_ITEMS {
                state.ended.pop_front();
            }
            state.ended.push_back((item.clone(), bytes));
            let (response, item) = (response.clone(), item.clone());
            state.waiting.push_back(AgentAudio::ItemEnd { response, item });
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The milliseconds of an item that has just ended. 0 if a cut dropped it.
    #[must_use]
    pub fn length_ms(&self, item: &ItemId) -> u32 {
        let state = self.state();
        let known = state.ended.iter().rev().find(|(ended, _)| ended == item);
        known.map_or(0, |(_, bytes)| millis(*bytes))
    }

    /// The session is closed: no more audio of the open items will arrive.
    pub fn end_open_items(&self) {
        let mut state = self.state();
        state.session = None;
        for OpenItem { response, item, .. } in std::mem::take(&mut state.open) {
            state.waiting.push_back(AgentAudio::ItemEnd { response, item });
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The session is lost: responses that broke off are dropped if nothing of them has gone to
    /// Twilio, and ended if something has.
    pub fn drop_unplayed(&self) -> BrokenOff {
        let mut state = self.state();
        state.session = None;
        let begun = state.begun.clone();
        let mut dropped: Vec<ResponseId> = Vec::new();
        let mut played = Vec::new();
        for OpenItem { response, item, bytes } in std::mem::take(&mut state.open) {
            if begun.as_ref() == Some(&response) {
                played.push((response.clone(), item.clone(), millis(bytes)));
                state.waiting.push_back(AgentAudio::ItemEnd { response, item });
            } else if !dropped.contains(&response) {
                dropped.push(response);
            }
        }
        let State { waiting, bytes, .. } = &mut *state;
        waiting.retain(|audio| {
            let (response, length) = match audio {
                AgentAudio::Piece(piece) => (&piece.response, piece.payload.decoded_len()),
                AgentAudio::ItemEnd { response, .. } => (response, 0),
            };
            let kept = !dropped.contains(response);
            *bytes -= if kept { 0 } else { length };
            kept
        });
        let due = state.wake.raise();
        drop(state);
        self.room.notify_one();
        wake(due);
        BrokenOff { unplayed: dropped, played }
    }

    /// The caller interrupts: drops what waits, and what arrives until [`open`](Self::open).
    /// Returns the number of this cut, and what was dropped of each item.
    pub fn cut(&self) -> (u64, Vec<Dropped>) {
        let mut state = self.state();
        state.cuts += 1;
        state.bytes = 0;
        state.open.clear();
        let dropped = by_item(&std::mem::take(&mut state.waiting));
        state.is_cut = !planted!(UnfencedCut if dropped.is_empty());
        let number = state.cuts;
        drop(state);
        self.room.notify_one();
        (number, dropped)
    }

    /// What waits of each item.
    #[must_use]
    pub fn waiting(&self) -> Vec<Dropped> {
        by_item(&self.state().waiting)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// The number of cuts so far.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.state().cuts
    }

    /// A response is about to be requested by someone who knows of `cuts` cuts: lets its audio
    /// pass. If there was another cut since, that cut interrupts this response too, and nothing
    /// opens.
    pub fn open(&self, cuts: u64) {
        let mut state = self.state();
        if state.cuts == cuts {
            state.is_cut = false;
        }
    }

    /// The reader took the wake message: the next addition wakes it again.
    pub fn woken(&self) {
        self.state().wake.lower();
    }

    /// The first entry. It stays until [`pop`](Self::pop).
    pub fn peek(&self) -> Option<AgentAudio> {
        let mut state = self.state();
        let first = state.waiting.front().cloned()?;
        let (AgentAudio::Piece(Piece { response, .. }) | AgentAudio::ItemEnd { response, .. }) =
            &first;
        if state.begun.as_ref() != Some(response) {
            state.begun = Some(response.clone());
        }
        Some(first)
    }

    pub fn pop(&self) {
        let mut state = self.state();
        if let Some(AgentAudio::Piece(piece)) = state.waiting.pop_front() {
            state.bytes -= piece.payload.decoded_len();
        }
        drop(state);
        self.room.notify_one();
    }

    /// Puts back, in order and before everything else, what a lost stream did not play.
    pub fn put_back(&self, unplayed: impl DoubleEndedIterator<Item = AgentAudio>) {
        let mut state = self.state();
        for audio in unplayed.rev() {
            if let AgentAudio::Piece(piece) = &audio {
                state.bytes += piece.payload.decoded_len();
            }
            state.waiting.push_front(audio);
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    #[must_use]
    pub fn waiting_ms(&self) -> usize {
        self.state().bytes / BYTES_PER_MS
    }

    fn attach_with(&self, reader: WakeFn) {
        let mut state = self.state();
        state.wake.attach(reader);
        let due = if state.waiting.is_empty() { None } else { state.wake.raise() };
        drop(state);
        wake(due);
    }

    fn try_push(
        &self,
        session: u32,
        response: &ResponseId,
        item: &ItemId,
        audio: &Payload,
        received_at: Instant,
    ) -> Option<bool> {
        let mut state = self.state();
        // Invariant 10: after a cut no audio goes to Twilio until the next response is requested.
        if state.is_cut || state.session != Some(session) {
            return Some(false);
        }
        let bytes = audio.decoded_len();
        if state.bytes > 0 && state.bytes + bytes > MAX_BYTES {
            return None;
        }
        state.bytes += bytes;
        let open = state.open.iter_mut().find(|open| open.item == *item);
        let first = open.is_none();
        match open {
            Some(open) => open.bytes += bytes,
            None => {
                let (response, item) = (response.clone(), item.clone());
                state.open.push(OpenItem { response, item, bytes });
            }
        }
        for payload in audio.pieces(PIECE_BYTES) {
            let (response, item) = (response.clone(), item.clone());
            state.waiting.push_back(AgentAudio::Piece(Piece {
                response,
                item,
                payload,
                received_at,
            }));
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
        Some(first)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn by_item(waiting: &VecDeque<AgentAudio>) -> Vec<Dropped> {
    let mut items: Vec<Dropped> = Vec::new();
    for audio in waiting {
        let (response, item, bytes) = match audio {
            AgentAudio::Piece(Piece { response, item, payload, .. }) => {
                (response, item, payload.decoded_len())
            }
            AgentAudio::ItemEnd { response, item } => (response, item, 0),
        };
        match items.iter_mut().find(|known| known.item == *item) {
            Some(known) => known.bytes += bytes,
            None => items.push(Dropped { response: response.clone(), item: item.clone(), bytes }),
        }
    }
    items
}

#[cfg(test)]
mod tests;
