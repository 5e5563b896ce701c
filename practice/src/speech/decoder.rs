//! Finds marked frames in a stream of audio and reassembles the utterances.

mod assembly;

use std::collections::VecDeque;

use self::assembly::{Assembly, Verdict};
use super::decoded::{Decoded, Fault, PartialUtterance};
use super::frame::{FRAME_BYTES, SAMPLE_RATE, SILENCE};
use super::mark::{Mark, Reading};

/// Decodes one stream of µ-law audio, in chunks of any size. Audio without words is skipped.
#[derive(Debug)]
pub struct SpeechDecoder {
    /// Samples not examined yet. Between two calls they are fewer than a frame.
    waiting: Vec<u8>,
    /// The position of the first waiting sample.
    at: u64,
    current: Option<Assembly>,
    /// The utterance that was cut off last. It goes on if its speaker was only held up.
    cut_off: Option<Assembly>,
    /// Utterances that completed lately. Another frame of one of them is a doubled one.
    completed: VecDeque<(u32, String)>,
    damaged_at: Option<u64>,
    patience: u64,
}

impl SpeechDecoder {
    /// A decoder that reports an utterance as cut off after [`Self::PATIENCE`] samples without it.
    #[must_use]
    pub fn new() -> Self {
        Self::with_patience(Self::PATIENCE)
    }

    /// A decoder that waits this many samples for the rest of an utterance.
    #[must_use]
    pub fn with_patience(samples: u64) -> Self {
        Self {
            waiting: Vec::new(),
            at: 0,
            current: None,
            cut_off: None,
            completed: VecDeque::new(),
            damaged_at: None,
            patience: samples,
        }
    }

    /// 1.2 s of samples: longer than a false interruption holds a speaker up.
    pub const PATIENCE: u64 = SAMPLE_RATE as u64 * 12 / 10;

    /// Samples decoded so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.at + self.waiting.len() as u64
    }

    /// The utterance that is still arriving, if there is one.
    #[must_use]
    pub fn partial(&self) -> Option<PartialUtterance> {
        self.current.as_ref().map(Assembly::partial)
    }

    /// Samples missing to complete the current frame; 0 between frames.
    #[must_use]
    pub fn missing_samples(&self) -> usize {
        let goes_on = self.current.as_ref().is_some_and(|current| current.until() == self.at);
        if goes_on && !self.waiting.is_empty() { FRAME_BYTES - self.waiting.len() } else { 0 }
    }

    /// Decodes the next samples.
    pub fn decode(&mut self, ulaw: &[u8]) -> Vec<Decoded> {
        self.waiting.extend_from_slice(ulaw);
        let waiting = std::mem::take(&mut self.waiting);
        let mut decoded = Vec::new();
        let mut from = 0;
        while from + FRAME_BYTES <= waiting.len() {
            from += match Mark::read(&waiting[from..]) {
                Reading::Intact(mark) => {
                    self.on_frame(&mark, &mut decoded);
                    self.at += FRAME_BYTES as u64;
                    FRAME_BYTES
                }
                Reading::Damaged => {
                    if !breaks_off(&waiting[from..from + FRAME_BYTES]) {
                        self.damaged_at = Some(self.at);
                    }
                    self.skip(waiting[from], &mut decoded);
                    1
                }
                Reading::Nothing => {
                    self.skip(waiting[from], &mut decoded);
                    1
                }
            };
        }
        self.waiting = waiting[from..].to_vec();
        decoded
    }

    /// Stops waiting for the rest of the current utterance.
    pub fn finish(&mut self) -> Vec<Decoded> {
        let mut decoded = Vec::new();
        self.close(&mut decoded);
        decoded
    }

    fn on_frame(&mut self, mark: &Mark, decoded: &mut Vec<Decoded>) {
        if self.is_repeat(mark, decoded) {
            return;
        }
        if self.current.as_ref().is_some_and(|current| !current.is_of(mark)) {
            self.close(decoded);
        }
        if self.current.is_none() {
            self.current = self.cut_off.take().filter(|cut| cut.goes_on_with(mark));
        }
        if self.current.is_none() {
            decoded.push(Decoded::Started { from_sample: self.at });
        }
        let before = self.at.checked_sub(FRAME_BYTES as u64);
        let damaged_before = before.is_some() && self.damaged_at == before;
        let current =
            self.current.get_or_insert_with(|| Assembly::new(mark, self.at, damaged_before));
        current.take(mark, self.at);
        if current.has_all() {
            self.close(decoded);
        }
    }

    /// Whether the frame belongs to an utterance that is complete. Only the first repeat is
    /// reported.
    fn is_repeat(&mut self, mark: &Mark, decoded: &mut Vec<Decoded>) -> bool {
        let Some((_, text)) = self.completed.iter_mut().find(|(id, _)| *id == mark.utterance)
        else {
            return false;
        };
        if !text.is_empty() {
            decoded.push(Decoded::Broken {
                text_so_far: std::mem::take(text),
                fault: Fault::Doubled,
                from_sample: self.at,
                to_sample: self.at + FRAME_BYTES as u64,
                frames_heard: mark.total,
                total_frames: mark.total,
            });
        }
        true
    }

    /// Passes over one sample that belongs to no intact frame.
    fn skip(&mut self, sample: u8, decoded: &mut Vec<Decoded>) {
        self.at += 1;
        if let Some(current) = &mut self.current {
            current.skip(sample);
            if self.at - current.until() >= self.patience {
                self.close(decoded);
            }
        }
    }

    fn close(&mut self, decoded: &mut Vec<Decoded>) {
        let Some(current) = self.current.take() else { return };
        match current.verdict(self.damaged_at) {
            Verdict::Whole(text) => {
                decoded.push(Decoded::Utterance {
                    text: text.clone(),
                    from_sample: current.from(),
                    to_sample: current.until(),
                });
                self.completed.push_back((current.id(), text));
                if self.completed.len() > REMEMBERED {
                    self.completed.pop_front();
                }
            }
            Verdict::Faulty(fault) => {
                let partial = current.partial();
                decoded.push(Decoded::Broken {
                    text_so_far: partial.text,
                    fault,
                    from_sample: current.from(),
                    to_sample: current.until(),
                    frames_heard: partial.frames_heard,
                    total_frames: partial.total_frames,
                });
                self.cut_off = (fault == Fault::CutOff).then_some(current);
            }
        }
    }
}

impl Default for SpeechDecoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a frame ends in silence, because its speaker was cut off in it. If more of the utterance
/// follows, the frame still counts as altered.
fn breaks_off(frame: &[u8]) -> bool {
    frame.last() == Some(&SILENCE[0])
}

/// Completed utterances remembered, to detect a repeated frame.
const REMEMBERED: usize = 8;
