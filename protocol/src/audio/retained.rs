//! The caller's audio that OpenAI has had but that would be lost with the session: what was sent
//! since the last commit, and turns that have no transcript yet (RES-2). The last 15 s, at most.

use std::collections::VecDeque;

use super::BYTES_PER_MS;
use super::payload::Payload;
use crate::ids::ItemId;

/// How much audio is kept, in bytes: 15 s.
const KEPT_BYTES: u64 = 15_000 * BYTES_PER_MS as u64;

/// What a session that died leaves to the one after it.
#[derive(Debug, PartialEq, Eq)]
pub struct Carryover {
    /// Committed turns without a transcript, oldest first, each whole (or the last 15 s of it):
    /// to be made again as `input_audio` items.
    pub turns: Vec<(ItemId, Payload)>,
    /// What came since the last commit, frame by frame: to be appended again before what is live.
    pub unfinished: Vec<Payload>,
}

/// What was appended to the present session, on that session's own clock: milliseconds of audio
/// appended, which is the clock of `audio_start_ms` and `audio_end_ms`.
#[derive(Debug, Default)]
pub struct RetainedAudio {
    /// What came since the last commit, without a gap, up to `clock`.
    unfinished: VecDeque<Frame>,
    speech: Option<Speech>,
    turns: VecDeque<Turn>,
    /// Bytes appended over all sessions; what is appended again counts once.
    clock: u64,
    /// Where the present session began on `clock`.
    session_began: u64,
}

impl RetainedAudio {
    /// Nothing kept, and the clock at 0.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A frame was sent as `input_audio_buffer.append`, be it the caller's or silence.
    pub fn appended(&mut self, audio: &Payload) {
        if audio.is_empty() {
            return;
        }
        self.unfinished.push_back(Frame { began: self.clock, audio: audio.clone() });
        self.clock += audio.decoded_len() as u64;
        self.drop_oldest();
    }

    /// The server hears speech that will become `item`, from `audio_start_ms` of this session on.
    pub fn speech_started(&mut self, item: &ItemId, audio_start_ms: u64) {
        let began = self.position(audio_start_ms);
        self.speech = Some(Speech { item: item.clone(), began, ended: None, transcribed: false });
    }

    /// The speech of `item` ended at `audio_end_ms` of this session.
    pub fn speech_stopped(&mut self, item: &ItemId, audio_end_ms: u64) {
        let ended = self.position(audio_end_ms);
        if let Some(speech) = self.speech_of(item) {
            speech.ended = Some(ended);
        }
    }

    /// `item` was committed: the frames of its speech are a turn, those before it are over, and
    /// those after it belong to the next. A turn of which no speech was announced has every frame
    /// since the last commit.
    pub fn committed(&mut self, item: &ItemId) {
        let speech = self.speech.take_if(|speech| speech.item == *item);
        let (began, ended, transcribed) = speech.map_or((0, self.clock, false), |speech| {
            (speech.began, speech.ended.unwrap_or(self.clock), speech.transcribed)
        });
        let cut = self.unfinished.partition_point(|frame| frame.began < ended);
        let until_its_end = self.unfinished.drain(..cut);
        let frames: VecDeque<_> = until_its_end.filter(|frame| frame.ends() > began).collect();
        if !transcribed && !frames.is_empty() {
            self.turns.push_back(Turn { item: item.clone(), frames });
        }
    }

    /// The transcript of `item` is there (or will never be missed): its audio may go.
    pub fn transcribed(&mut self, item: &ItemId) {
        self.turns.retain(|turn| turn.item != *item);
        if let Some(speech) = self.speech_of(item) {
            speech.transcribed = true;
        }
    }

    /// The session is over: gives what the next one needs and sets the clock to 0 for it. The
    /// unfinished frames are to be appended again, and reported here as they are; the turns stay
    /// remembered until they have a transcript or are older than 15 s, should the next session
    /// die too.
    pub fn take_for_new_session(&mut self) -> Carryover {
        let turns = self.turns.iter().map(|turn| (turn.item.clone(), turn.joined())).collect();
        // What is appended again takes its old place, so that it makes nothing else older.
        self.clock = self.unfinished.front().map_or(self.clock, |frame| frame.began);
        self.session_began = self.clock;
        self.speech = None;
        let unfinished = self.unfinished.drain(..).map(|frame| frame.audio).collect();
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
        for turn in &mut self.turns {
            drop_before(horizon, &mut turn.frames);
        }
        self.turns.retain(|turn| !turn.frames.is_empty());
        drop_before(horizon, &mut self.unfinished);
    }
}

/// The speech that the server hears or has heard since the last commit.
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
    frames: VecDeque<Frame>,
}

impl Turn {
    fn joined(&self) -> Payload {
        let audio: Vec<u8> = self.frames.iter().flat_map(|frame| frame.audio.decode()).collect();
        Payload::encode(&audio)
    }
}

#[derive(Debug)]
struct Frame {
    began: u64,
    audio: Payload,
}

impl Frame {
    fn ends(&self) -> u64 {
        self.began + self.audio.decoded_len() as u64
    }
}

fn drop_before(horizon: u64, frames: &mut VecDeque<Frame>) {
    while frames.front().is_some_and(|frame| frame.began < horizon) {
        frames.pop_front();
    }
}

#[cfg(test)]
mod tests;
