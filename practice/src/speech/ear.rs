//! Who listens: finds marked frames in a stream of audio and puts the utterances together again.

mod hearing;

use std::collections::VecDeque;
use std::fmt;

use self::hearing::{Hearing, Verdict};
use super::mark::{Mark, Reading};
use super::{FRAME_BYTES, SAMPLE_RATE, SILENCE};

/// Something an [`Ear`] made out. Positions are samples since the ear's first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An utterance began.
    Started {
        /// Its first sample.
        at: u64,
    },
    /// An utterance came whole: every frame once, in order and intact.
    Utterance {
        /// What was said.
        text: String,
        /// Its first sample.
        from_sample: u64,
        /// The sample after its last.
        to_sample: u64,
    },
    /// An utterance did not come as it was spoken.
    Broken {
        /// The words wholly heard before the first flaw, judged by the share of frames heard.
        text_so_far: String,
        /// What is wrong with it.
        why: Fault,
        /// Its first sample.
        from_sample: u64,
        /// The sample after the last of its frames that came.
        at: u64,
        /// Different frames that came.
        frames_heard: u16,
        /// Frames it has.
        frames_in_all: u16,
    },
}

/// What went wrong with an utterance; of several faults the first in this order is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A sample of it was changed.
    Altered,
    /// A frame came twice.
    Doubled,
    /// Frames came in another order.
    Swapped,
    /// A frame is missing, and later ones came.
    Lost,
    /// It ended early: nothing else is wrong. An interrupted speaker sounds so.
    CutOff,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Altered => "altered",
            Self::Doubled => "doubled",
            Self::Swapped => "swapped",
            Self::Lost => "lost",
            Self::CutOff => "cut off",
        })
    }
}

/// An utterance that is being heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The words wholly heard.
    pub text: String,
    /// Different frames that came.
    pub frames_heard: u16,
    /// Frames it has.
    pub frames_in_all: u16,
    /// Its first sample.
    pub from_sample: u64,
}

/// Listens to one stream of µ-law audio, in chunks of any size. Audio without words passes by.
#[derive(Debug)]
pub struct Ear {
    /// Samples not yet judged: fewer than a frame between two calls.
    waiting: Vec<u8>,
    /// The position of the first of them.
    at: u64,
    hearing: Option<Hearing>,
    /// The utterance that was cut off last; a speaker who was only held up goes on with it.
    cut_off: Option<Hearing>,
    /// Utterances that came whole lately: another frame of one is a doubled one.
    whole: VecDeque<(u32, String)>,
    damaged_at: Option<u64>,
    patience: u64,
}

impl Ear {
    /// An ear that takes an utterance as cut off after [`Ear::PATIENCE`] samples without it.
    #[must_use]
    pub fn new() -> Self {
        Self::with_patience(Self::PATIENCE)
    }

    /// An ear that waits so many samples for the rest of an utterance.
    #[must_use]
    pub fn with_patience(samples: u64) -> Self {
        Self {
            waiting: Vec::new(),
            at: 0,
            hearing: None,
            cut_off: None,
            whole: VecDeque::new(),
            damaged_at: None,
            patience: samples,
        }
    }

    /// 1.2 s: longer than a speaker is held up by an interruption that proves false.
    pub const PATIENCE: u64 = SAMPLE_RATE as u64 * 12 / 10;

    /// Samples heard so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.at + self.waiting.len() as u64
    }

    /// The utterance that is being heard, if one is.
    #[must_use]
    pub fn hearing(&self) -> Option<Partial> {
        self.hearing.as_ref().map(Hearing::partial)
    }

    /// How many samples the frame lacks that is being heard; none, if what came ends with a frame.
    #[must_use]
    pub fn lacks(&self) -> usize {
        let goes_on = self.hearing.as_ref().is_some_and(|hearing| hearing.until() == self.at);
        if goes_on && !self.waiting.is_empty() { FRAME_BYTES - self.waiting.len() } else { 0 }
    }

    /// Listens to the next samples and tells what was made out by them.
    pub fn hear(&mut self, ulaw: &[u8]) -> Vec<Heard> {
        self.waiting.extend_from_slice(ulaw);
        let waiting = std::mem::take(&mut self.waiting);
        let mut heard = Vec::new();
        let mut from = 0;
        while from + FRAME_BYTES <= waiting.len() {
            from += match Mark::read(&waiting[from..]) {
                Reading::Intact(mark) => {
                    self.on_frame(&mark, &mut heard);
                    self.at += FRAME_BYTES as u64;
                    FRAME_BYTES
                }
                Reading::Damaged => {
                    if !breaks_off(&waiting[from..from + FRAME_BYTES]) {
                        self.damaged_at = Some(self.at);
                    }
                    self.pass(waiting[from], &mut heard);
                    1
                }
                Reading::Nothing => {
                    self.pass(waiting[from], &mut heard);
                    1
                }
            };
        }
        self.waiting = waiting[from..].to_vec();
        heard
    }

    /// Waits no longer for the rest of the utterance that is being heard, if one is.
    pub fn finish(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        self.close(&mut heard);
        heard
    }

    fn on_frame(&mut self, mark: &Mark, heard: &mut Vec<Heard>) {
        if self.is_echo(mark, heard) {
            return;
        }
        if self.hearing.as_ref().is_some_and(|hearing| !hearing.is_of(mark)) {
            self.close(heard);
        }
        if self.hearing.is_none() {
            self.hearing = self.cut_off.take().filter(|cut| cut.goes_on_with(mark));
        }
        if self.hearing.is_none() {
            heard.push(Heard::Started { at: self.at });
        }
        let before = self.at.checked_sub(FRAME_BYTES as u64);
        let damaged_before = before.is_some() && self.damaged_at == before;
        let hearing =
            self.hearing.get_or_insert_with(|| Hearing::new(mark, self.at, damaged_before));
        hearing.take(mark, self.at);
        if hearing.has_all() {
            self.close(heard);
        }
    }

    /// A frame of an utterance that was already whole: told once, not for each further frame.
    fn is_echo(&mut self, mark: &Mark, heard: &mut Vec<Heard>) -> bool {
        let Some((_, text)) = self.whole.iter_mut().find(|(id, _)| *id == mark.utterance) else {
            return false;
        };
        if !text.is_empty() {
            heard.push(Heard::Broken {
                text_so_far: std::mem::take(text),
                why: Fault::Doubled,
                from_sample: self.at,
                at: self.at + FRAME_BYTES as u64,
                frames_heard: mark.total,
                frames_in_all: mark.total,
            });
        }
        true
    }

    /// One sample that belongs to no intact frame.
    fn pass(&mut self, sample: u8, heard: &mut Vec<Heard>) {
        self.at += 1;
        if let Some(hearing) = &mut self.hearing {
            hearing.pass(sample);
            if self.at - hearing.until() >= self.patience {
                self.close(heard);
            }
        }
    }

    fn close(&mut self, heard: &mut Vec<Heard>) {
        let Some(hearing) = self.hearing.take() else { return };
        match hearing.verdict(self.damaged_at) {
            Verdict::Whole(text) => {
                heard.push(Heard::Utterance {
                    text: text.clone(),
                    from_sample: hearing.from(),
                    to_sample: hearing.until(),
                });
                self.whole.push_back((hearing.id(), text));
                if self.whole.len() > REMEMBERED {
                    self.whole.pop_front();
                }
            }
            Verdict::Flawed(why) => {
                let partial = hearing.partial();
                heard.push(Heard::Broken {
                    text_so_far: partial.text,
                    why,
                    from_sample: hearing.from(),
                    at: hearing.until(),
                    frames_heard: partial.frames_heard,
                    frames_in_all: partial.frames_in_all,
                });
                self.cut_off = (why == Fault::CutOff).then_some(hearing);
            }
        }
    }
}

impl Default for Ear {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a frame gives way to silence in its middle: its speaker was cut off there. Where more of
/// the utterance comes after it, it is found out as altered all the same.
fn breaks_off(frame: &[u8]) -> bool {
    frame.last() == Some(&SILENCE[0])
}

/// Whole utterances remembered, to notice a frame of one that comes again.
const REMEMBERED: usize = 8;
