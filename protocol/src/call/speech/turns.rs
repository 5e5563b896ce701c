//! What the caller says, turn by turn, and how the transcript is kept.

use crate::call::command::{Command, Record};
use crate::call::conversation::{Body, Words};
use crate::call::{Call, Now};
use crate::caller_speech::CommittedBy;
use crate::ids::ItemId;

impl Call {
    /// A turn was committed. That ends the caller's speech, even if its end was not reported
    /// (PIPE-11).
    pub(in crate::call) fn on_turn_committed(&mut self, item: ItemId, by: CommittedBy, now: Now) {
        if self.conversation.entry_of(&item).is_some() {
            return;
        }
        if self.speech.caller_speaks {
            self.on_speech_stopped(now);
        }
        self.note_turn(item.clone(), now);
        self.speech.caller_has_spoken = true;
        self.take_turn(item.clone(), by, now);
        if self.transcription_model().is_none() {
            self.on_turn_transcribed(&item, None, now);
        }
    }

    pub(in crate::call) fn on_speech_stopped(&mut self, now: Now) {
        self.speech.caller_speaks = false;
        self.latencies.caller_stopped(now.at);
        self.measures.caller_stopped(now.at);
    }

    pub(in crate::call) fn note_turn(&mut self, item: ItemId, now: Now) {
        if self.conversation.entry_of(&item).is_none() {
            self.measure_turn();
            self.add_entry(Body::Caller { item, words: Words::Awaited }, now);
        }
    }

    pub(in crate::call) fn on_turn_transcribed(
        &mut self,
        item: &ItemId,
        text: Option<String>,
        now: Now,
    ) {
        let words = text.clone().map_or(Words::Unknown, Words::Known);
        if let Some(entry) = self.conversation.set_words(item, words) {
            self.send(Command::Record(Record::Turn(entry)));
            self.take_words(item, text.as_deref(), now);
        }
    }

    /// Adds to the transcript, and tells the model what it does not know from its own session.
    pub(in crate::call) fn add_entry(&mut self, body: Body, now: Now) {
        let told = matches!(body, Body::Digits(_) | Body::System(_) | Body::ToolOutput { .. });
        let entry = self.conversation.push(body, now.wall);
        self.send(Command::Record(Record::Turn(entry.clone())));
        if told && self.session.is_ready() {
            self.send(Command::Tell(entry));
        }
    }
}
