//! What is left of the agent's speech when its session is lost (BARGE-6, RES-2). Words come ahead of
//! their audio. Those whose audio never came are not kept.

use crate::call::command::{Command, Record};
use crate::call::conversation::{AgentSpeech, Body, letters};
use crate::call::{Call, Now};
use crate::ids::{ItemId, ResponseId};

/// Milliseconds of speech for one letter, before the call has said anything by which to measure.
const USUAL_MS_PER_LETTER: u64 = 70;

impl Call {
    /// The transcript keeps the words whose audio came. All of that is played, unless the caller
    /// interrupts it.
    pub(in crate::call) fn on_agent_broke_off(
        &mut self,
        response: ResponseId,
        item: ItemId,
        came_ms: u32,
        now: Now,
    ) {
        self.speech.know(response.clone());
        self.note_agent_item(response, item.clone(), now);
        if let Some(known) = self.speech.item_mut(&item) {
            known.began = true;
        }
        let whole_ms = self.time_to_say(&item);
        if let Some(entry) = self.conversation.break_off(&item, came_ms, whole_ms.max(came_ms)) {
            self.send(Command::Record(Record::Turn(entry)));
        }
    }

    /// How long an item is, of whose audio `came_ms` have come. Words that are known can be ahead of it.
    pub(super) fn length_of_known_words(&mut self, item: &ItemId, came_ms: u32) -> u32 {
        if self.speech.item_mut(item).is_some_and(|known| known.came_whole) || self.is_cut(item) {
            return came_ms;
        }
        self.time_to_say(item).max(came_ms)
    }

    /// Whether its words are those whose audio came.
    fn is_cut(&self, item: &ItemId) -> bool {
        let entry = self.conversation.entry_of(item);
        entry
            .is_some_and(|entry| matches!(entry.body, Body::Agent { speech: AgentSpeech::Cut, .. }))
    }

    /// How long the words of an item that are known take, as fast as the agent speaks in this call.
    fn time_to_say(&self, item: &ItemId) -> u32 {
        let said = self.speech.responses.iter().flat_map(|known| &known.items);
        let said = said.filter_map(|known| {
            let letters = self.letters(&known.item, |speech| speech == AgentSpeech::Whole)?;
            Some((u64::from(known.length_ms?.get()), letters))
        });
        let (ms, letters) = said.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let (ms, letters) = if letters == 0 { (USUAL_MS_PER_LETTER, 1) } else { (ms, letters) };
        let to_say = self.letters(item, |_| true).unwrap_or_default();
        u32::try_from(to_say.saturating_mul(ms) / letters).unwrap_or(u32::MAX)
    }

    fn letters(&self, item: &ItemId, counts: impl Fn(AgentSpeech) -> bool) -> Option<u64> {
        let Body::Agent { text, speech, .. } = &self.conversation.entry_of(item)?.body else {
            return None;
        };
        counts(*speech).then(|| letters(text))
    }
}
