//! The caller's audio that would be lost with the session: what was sent since the last commit, and
//! turns without a transcript (RES-2). At most the last 15 s, and the whole of a turn that ended in them:
//! half a sentence can mean the opposite.

mod recording;

use std::collections::VecDeque;

use recording::Recording;

use super::BYTES_PER_MS;
use super::payload::Payload;
use crate::ids::ItemId;

/// Bytes of audio that are kept: 15 s.
const KEPT_BYTES: u64 = 15_000 * BYTES_PER_MS as u64;

/// What a new session needs of the one before.
#[derive(Debug, PartialEq, Eq)]
pub struct Carryover {
    /// Committed turns without a transcript that ended in the last 15 s, oldest first: to be created
    /// again as `input_audio` items. Of a longer turn only its last 15 s.
    pub turns: Vec<(ItemId, Payload)>,
    /// The frames since the last commit: to be appended again before live audio.
    pub unfinished: Vec<Payload>,
}

/// The audio that was appended to the present session. Its clock counts the audio appended since
/// the session began, as `audio_start_ms` and `audio_end_ms` do.
#[derive(Debug, Default)]
pub struct RetainedAudio {
    /// The frames since the last commit, up to `clock`, without a gap.
    unfinished: Recording,
    speech: Option<Speech>,
    turns: VecDeque<Turn>,
    /// Bytes appended over all sessions. What is appended again counts once.
    clock: u64,
    /// The value of `clock` when the present session began.
    session_began: u64,
}

impl RetainedAudio {
    /// A frame was sent as `input_audio_buffer.append`: the caller's, or silence.
    pub fn appended(&mut self, audio: &Payload) {
        if audio.is_empty() {
            return;
        }
        self.unfinished.push(audio);
        self.clock += audio.decoded_len() as u64;
        self.drop_oldest();
    }

    /// `input_audio_buffer.speech_started`: speech that will become `item` began at
    /// `audio_start_ms`.
    pub fn speech_started(&mut self, item: &ItemId, audio_start_ms: u64) {
        let began = self.position(audio_start_ms);
        self.speech = Some(Speech { item: item.clone(), began, ended: None, transcribed: false });
    }

    /// `input_audio_buffer.speech_stopped`: the speech of `item` ended at `audio_end_ms`.
    pub fn speech_stopped(&mut self, item: &ItemId, audio_end_ms: u64) {
        let ended = self.position(audio_end_ms);
        if let Some(speech) = self.speech_of(item) {
            speech.ended = Some(ended);
        }
    }

    /// `input_audio_buffer.committed`: the frames of the item's speech become a turn. Frames before
    /// it are dropped; those after it belong to the next turn. If no speech was reported, the turn
    /// has all frames since the last commit.
    pub fn committed(&mut self, item: &ItemId) {
        let speech = self.speech.take_if(|speech| speech.item == *item);
        let (began, ended, transcribed) = speech.map_or((0, self.clock, false), |speech| {
            (speech.began, speech.ended.unwrap_or(self.clock), speech.transcribed)
        });
        let mut frames = self.unfinished.take_before(ended);
        frames.drop_until(began);
        if !transcribed && !frames.is_empty() {
            self.turns.push_back(Turn { item: item.clone(), frames });
        }
    }

    /// The transcription of `item` has ended. Its audio is dropped.
    pub fn transcribed(&mut self, item: &ItemId) {
        self.turns.retain(|turn| turn.item != *item);
        if let Some(speech) = self.speech_of(item) {
            speech.transcribed = true;
        }
    }

    /// The session is over: returns what the next one needs, and sets the clock to 0 for it.
    ///
    /// The unfinished frames are to be appended again, and reported by [`Self::appended`]. The
    /// turns are kept for a further session until they have a transcript or ended more than 15 s ago.
    pub fn take_for_new_session(&mut self) -> Carryover {
        let turns =
            self.turns.iter().map(|turn| (turn.item.clone(), turn.frames.joined())).collect();
        // What is appended again keeps its place on the clock, so that nothing else grows older by
        // it.
        self.clock = self.unfinished.began();
        self.session_began = self.clock;
        self.speech = None;
        let unfinished = self.unfinished.frames();
        self.unfinished = Recording::starting_at(self.clock);
        Carryover { turns, unfinished }
    }

    fn position(&self, session_ms: u64) -> u64 {
        self.session_began.saturating_add(session_ms.saturating_mul(BYTES_PER_MS.into()))
    }

    fn speech_of(&mut self, item: &ItemId) -> Option<&mut Speech> {
        self.speech.as_mut().filter(|speech| speech.item == *item)
    }

    fn drop_oldest(&mut self) {
        let horizon = self.clock.saturating_sub(KEPT_BYTES);
        self.turns.retain(|turn| turn.frames.end() > horizon);
        self.unfinished.drop_before(horizon);
    }
}

/// Speech that the server has heard since the last commit.
#[derive(Debug)]
struct Speech {
    item: ItemId,
    began: u64,
    ended: Option<u64>,
    transcribed: bool,
}

#[derive(Debug)]
struct Turn {
    item: ItemId,
    frames: Recording,
}

#[cfg(test)]
mod tests;
