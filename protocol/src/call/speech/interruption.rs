//! What a call does when the caller talks over the agent: the transcript keeps what was heard, what
//! was cut off counts as said, and OpenAI is told (BARGE-3, BARGE-6).

use std::time::Duration;

use crate::call::command::{Command, Record};
use crate::call::{Call, Greeting, Now};
use crate::ids::{ItemId, ResponseId};

/// The agent was cut off: Twilio's buffer was cleared, and what had not gone there is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentCut {
    /// Which cut of the call this is, from 1.
    pub number: u64,
    /// From the caller's deciding frame to the `clear`.
    pub took: Duration,
    /// What of the agent's speech was on its way, in order.
    pub items: Vec<CutItem>,
}

/// An item of the agent's speech that was not heard to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutItem {
    /// Its response.
    pub response: ResponseId,
    /// The item.
    pub item: ItemId,
    /// Milliseconds of it that were played, rounded down.
    pub heard_ms: u32,
    /// Milliseconds of it that had come; at least `heard_ms`.
    pub came_ms: u32,
}

/// What is to be done about a cut at OpenAI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interruption {
    /// Which cut of the call this is.
    pub number: u64,
    /// What was on its way when the agent was cut off.
    pub items: Vec<CutItem>,
    /// Items that were heard to their ends: they stay.
    pub heard: Vec<ItemId>,
}

impl Call {
    pub(in crate::call) fn on_agent_interrupted(&mut self, cut: AgentCut, now: Now) {
        let AgentCut { number, took, items } = cut;
        self.latencies.interrupted(took);
        let mut responses: Vec<ResponseId> = Vec::new();
        for CutItem { response, item, heard_ms, came_ms } in &items {
            self.know_response(response.clone());
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
        for response in responses {
            if let Some(known) = self.speech.response_mut(&response) {
                known.interrupted = true;
            }
            if self.speech.is_greeting(&response) {
                self.speech.greeting = Greeting::Done;
            }
            self.look_whether_all_was_heard(&response, now);
        }
    }

    /// Of a response that was cut off nothing more is heard: what it still made was never said.
    pub(in crate::call) fn drop_what_was_never_said(&mut self, response: &ResponseId) {
        let unheard: Vec<ItemId> = (self.speech.response(response).into_iter())
            .flat_map(|known| known.items.iter().filter(|item| !item.began))
            .map(|item| item.item.clone())
            .collect();
        for item in unheard {
            self.keep_what_was_heard(&item, 0, 0);
        }
    }

    fn keep_what_was_heard(&mut self, item: &ItemId, heard_ms: u32, came_ms: u32) {
        if let Some(entry) = self.conversation.interrupt_agent(item, heard_ms, came_ms) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }
}
