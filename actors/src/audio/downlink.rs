//! The one way of the agent's audio: the session's reader puts it in, the media stream's actor takes
//! it out. Held by the call's supervisor: what has come is played out, whoever dies (RES-2).
//!
//! Bounded in bytes; a full one makes the session's socket wait. A barge-in cuts it: what waits is
//! dropped, and so is what comes, until the next `response.create` opens it again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::audio::payload::Payload;
use protocol::ids::{ItemId, ResponseId};
use ractor::{ActorRef, Message};
use supervision::wake::{self, WakeFlag, WakeFn, wake};
use tokio::sync::Notify;

/// The largest piece that goes to Twilio in one message: 180 ms, so that a mark follows each
/// (BARGE-3); a whole number of frames and of base64 groups (PIPE-1).
const PIECE_BYTES: usize = 1440;

/// The most audio that waits here: two minutes. More makes OpenAI's socket wait.
const MOST_BYTES: usize = 8 * 1000 * 120;

/// Something of the agent's on its way to Twilio.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentAudio {
    /// A piece of an item.
    Piece(Piece),
    /// The item's last piece has gone before.
    ItemEnd {
        /// The response.
        response: ResponseId,
        /// The item.
        item: ItemId,
    },
}

/// A piece of the agent's audio.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The response it is part of.
    pub response: ResponseId,
    /// The item it is part of.
    pub item: ItemId,
    /// At most 180 ms of µ-law, as OpenAI encoded it.
    pub payload: Payload,
    /// When it came from OpenAI.
    pub came: Instant,
}

/// An item that a cut kept from Twilio, or the rest of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The response.
    pub response: ResponseId,
    /// The item.
    pub item: ItemId,
    /// Bytes of it that waited; none if only its end did.
    pub bytes: usize,
}

/// The agent's audio on its way to Twilio.
#[derive(Default)]
pub struct Downlink {
    state: Mutex<State>,
    room: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<AgentAudio>,
    bytes: usize,
    /// Items some of whose audio came, and not yet their end.
    open: Vec<(ResponseId, ItemId)>,
    /// How often it was cut.
    cuts: u64,
    /// Whether what comes is dropped: it belongs to what was cut off.
    is_cut: bool,
    wake: WakeFlag,
}

impl Downlink {
    /// Makes `actor` the one that takes audio. It is woken at once if something waits.
    pub fn attach<M: Message>(&self, actor: ActorRef<M>, wake: fn() -> M) {
        self.attach_with(wake::for_actor(actor, wake));
    }

    /// Audio came from OpenAI; waits while there is no room. Returns whether it is the item's first,
    /// and is not dropped.
    pub async fn push(
        &self,
        response: &ResponseId,
        item: &ItemId,
        audio: &Payload,
        came: Instant,
    ) -> bool {
        loop {
            let room = self.room.notified();
            if let Some(first) = self.try_push(response, item, audio, came) {
                return first;
            }
            room.await;
        }
    }

    /// OpenAI has sent all audio of the item.
    pub fn end_item(&self, response: &ResponseId, item: &ItemId) {
        let mut state = self.state();
        let known = state.open.iter().position(|(_, open)| open == item);
        if let Some(place) = known {
            state.open.remove(place);
            let (response, item) = (response.clone(), item.clone());
            state.waiting.push_back(AgentAudio::ItemEnd { response, item });
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The session is gone: no more audio of any item will come.
    pub fn end_open_items(&self) {
        let mut state = self.state();
        for (response, item) in std::mem::take(&mut state.open) {
            state.waiting.push_back(AgentAudio::ItemEnd { response, item });
        }
        let due = state.wake.raise();
        drop(state);
        wake(due);
    }

    /// The caller interrupts: what waits is dropped, and so is all that comes until
    /// [`open`](Self::open). Returns the number of this cut, and what was dropped, item by item.
    pub fn cut(&self) -> (u64, Vec<Dropped>) {
        let mut state = self.state();
        state.cuts += 1;
        state.is_cut = true;
        state.bytes = 0;
        state.open.clear();
        let mut dropped: Vec<Dropped> = Vec::new();
        for audio in std::mem::take(&mut state.waiting) {
            let (response, item, bytes) = match audio {
                AgentAudio::Piece(Piece { response, item, payload, .. }) => {
                    (response, item, payload.decoded_len())
                }
                AgentAudio::ItemEnd { response, item } => (response, item, 0),
            };
            match dropped.iter_mut().find(|known| known.item == item) {
                Some(known) => known.bytes += bytes,
                None => dropped.push(Dropped { response, item, bytes }),
            }
        }
        let number = state.cuts;
        drop(state);
        self.room.notify_one();
        (number, dropped)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().waiting.is_empty()
    }

    /// How often it was cut so far.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.state().cuts
    }

    /// A response is about to be asked for by someone who knows of `cuts` cuts: its audio may pass. If
    /// there was another cut since, it is one of those that were cut off, and stays so.
    pub fn open(&self, cuts: u64) {
        let mut state = self.state();
        if state.cuts == cuts {
            state.is_cut = false;
        }
    }

    /// The wake message is out of the mailbox: the next frame wakes the actor again.
    pub fn woken(&self) {
        self.state().wake.lower();
    }

    /// What is to go next; it stays until [`taken`](Self::taken).
    pub fn peek(&self) -> Option<AgentAudio> {
        self.state().waiting.front().cloned()
    }

    /// What was looked at is on its way.
    pub fn taken(&self) {
        let mut state = self.state();
        if let Some(AgentAudio::Piece(piece)) = state.waiting.pop_front() {
            state.bytes -= piece.payload.decoded_len();
        }
        drop(state);
        self.room.notify_one();
    }

    /// Puts back, in order and before all else, what a stream that is gone did not play.
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

    /// Milliseconds of audio that wait.
    #[must_use]
    pub fn waiting_ms(&self) -> usize {
        self.state().bytes / 8
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
        response: &ResponseId,
        item: &ItemId,
        audio: &Payload,
        came: Instant,
    ) -> Option<bool> {
        let mut state = self.state();
        // Invariant 10: after a cut nothing of the agent's goes to Twilio until the next response
        // is asked for.
        if state.is_cut {
            return Some(false);
        }
        let bytes = audio.decoded_len();
        if state.bytes > 0 && state.bytes + bytes > MOST_BYTES {
            return None;
        }
        state.bytes += bytes;
        let first = !state.open.iter().any(|(_, open)| open == item);
        if first {
            state.open.push((response.clone(), item.clone()));
        }
        for payload in audio.pieces(PIECE_BYTES) {
            let (response, item) = (response.clone(), item.clone());
            state.waiting.push_back(AgentAudio::Piece(Piece { response, item, payload, came }));
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

#[cfg(test)]
mod tests;
