//! What a call does when the caller interrupts the agent (BARGE-3, BARGE-6). The transcript keeps
//! what was heard, the asks of the cut responses are settled, and OpenAI is told.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::call::command::{Command, Record};
use crate::call::ending::{MARK_GRACE, Phase};
use crate::call::{Call, Greeting, Now};
use crate::ids::{ItemId, ResponseId};

/// The agent was cut off: Twilio's buffer was cleared, and audio that had not gone there was
/// dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCut {
    /// Numbers the cuts of a call, from 1.
    pub number: u64,
    /// From the caller's frame that decided it to Twilio's `clear`.
    pub took: Duration,
    /// The items that were on their way to the caller, in order.
    pub items: Vec<CutItem>,
}

/// An item of the agent's that was not heard to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutItem {
    /// The response it is part of.
    pub response: ResponseId,
    /// OpenAI's audio item.
    pub item: ItemId,
    /// Milliseconds that were played, rounded down.
    pub heard_ms: u32,
    /// Milliseconds that had come from OpenAI; at least `heard_ms`.
    pub came_ms: u32,
}

/// Tells the Realtime session of a cut, so that the conversation at OpenAI keeps what was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// The cut's number: [`AgentCut::number`].
    pub number: u64,
    /// The items that were cut off.
    pub items: Vec<CutItem>,
    /// Items that were heard to the end. They stay as they are.
    pub heard: Vec<ItemId>,
}

impl Call {
    pub(in crate::call) fn on_agent_interrupted(&mut self, cut: AgentCut, now: Now) {
        let AgentCut { number, took, items } = cut;
        self.latencies.interrupted(took);
        let mut responses: Vec<ResponseId> = Vec::new();
        for CutItem { response, item, heard_ms, came_ms } in &items {
            self.speech.know(response.clone());
            self.note_agent_item(response.clone(), item.clone(), now);
            if let Some(known) = self.speech.item_mut(item) {
                (known.began, known.heard, known.cut) = (true, true, true);
            }
            self.keep_what_was_heard(item, *heard_ms, *came_ms);
            if !responses.contains(response) {
                responses.push(response.clone());
            }
        }
        let heard = self.speech.heard_items().cloned().collect();
        self.send(Command::Interrupt(Interruption { number, items, heard }));
        self.withdraw_resuming();
        for response in responses {
            if let Some(known) = self.speech.response_mut(&response) {
                known.interrupted = true;
            }
            if self.speech.is_greeting(&response) {
                self.speech.greeting = Greeting::Done;
            }
        }
    }

    pub(in crate::call) fn on_playback_stopped(&mut self, items: Vec<CutItem>, now: Now) {
        for CutItem { response, item, .. } in &items {
            if self.conversation.entry_of(item).is_none() {
                self.speech.know(response.clone());
                self.note_agent_item(response.clone(), item.clone(), now);
            }
            if let Some(known) = self.speech.item_mut(item) {
                known.began = true;
                // Its mark was lost, or Twilio would have echoed it by now.
                known.heard |= known.plays_until.is_some_and(|at| at + MARK_GRACE <= now.at);
            }
        }
        self.speech.stopped = Some(items);
        if matches!(self.phase, Phase::Over { .. }) {
            self.keep_what_was_played();
        }
    }

    /// The call is over, and nothing more is played: of what was on its way the transcript keeps
    /// what was heard (BARGE-6). If that is not known yet, it follows.
    pub(in crate::call) fn keep_what_was_played(&mut self) {
        let Some(items) = self.speech.stopped.take() else { return };
        for CutItem { item, heard_ms, came_ms, .. } in &items {
            // Playback may still wait for the mark of one that counts as heard.
            if self.speech.item_mut(item).is_some_and(|known| !known.heard) {
                self.keep_what_was_heard(item, *heard_ms, *came_ms);
            }
        }
        let all: Vec<ResponseId> =
            self.speech.responses.iter().map(|known| known.id.clone()).collect();
        all.iter().for_each(|response| self.drop_what_was_never_said(response));
    }

    /// Items of a cut response that had not begun to play are never heard.
    pub(super) fn drop_what_was_never_said(&mut self, response: &ResponseId) {
        let unheard: Vec<ItemId> = (self.speech.response(response).into_iter())
            .flat_map(|known| known.items.iter().filter(|item| !item.began && !item.heard))
            .map(|item| item.item.clone())
            .collect();
        for item in unheard {
            self.keep_what_was_heard(&item, 0, 0);
        }
    }

    pub(super) fn keep_what_was_heard(&mut self, item: &ItemId, heard_ms: u32, came_ms: u32) {
        let whole_ms = self.length_of_known_words(item, came_ms);
        let before = self.conversation.entry_of(item).and_then(|entry| entry.text());
        if let Some(entry) = self.conversation.interrupt_agent(item, heard_ms, whole_ms) {
            self.send(Command::Record(Record::Turn(Arc::clone(&entry))));
            if self.session.was_told(&entry) && entry.text() != before {
                self.send(Command::Correct(entry));
            }
        }
    }
}
