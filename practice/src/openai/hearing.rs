//! The input audio buffer: a clock of the audio received, turn detection on it, and an ear.

use bytes::Bytes;

use super::settings::{Detection, Format};
use super::wire::WireError;
use crate::speech::{Ear, FRAME_BYTES, Fault, Heard, mulaw, rms};

/// Listens to what a client appends. Its clock is the audio itself, never the wall's.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    ear: Ear,
    /// Audio that is not yet a whole window.
    rest: Vec<u8>,
    /// Bytes of an unfinished sample of PCM.
    odd: Vec<u8>,
    /// Audio not committed, as µ-law, that ends at `clock`.
    buffer: Vec<u8>,
    /// Samples at 8 kHz received, as far as they make whole windows.
    clock: u64,
    state: State,
    /// What the ear made out since the last commit.
    heard: Vec<Heard>,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    /// Nobody speaks; `loud` windows in a row were loud.
    #[default]
    Quiet,
    /// The last windows were loud, but too few to be speech.
    Rising { since: u64 },
    /// Someone speaks, or did until `last_loud`.
    Speaking { last_loud: u64 },
}

/// What turn detection made of the audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turned {
    Started { audio_start_ms: u64 },
    Stopped { audio_end_ms: u64, segment: Segment },
}

/// Committed audio and what was made out in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) ulaw: Bytes,
    /// The words, flawed utterances marked as such.
    pub(super) text: String,
    /// Flaws that a speaker who just stops doesn't make.
    pub(super) flaws: Vec<Fault>,
}

impl Hearing {
    /// Takes appended audio and tells what turn detection makes of it.
    pub(super) fn append(
        &mut self,
        audio: &[u8],
        format: Format,
        detection: Detection,
    ) -> Vec<Turned> {
        let ulaw = self.as_ulaw(audio, format);
        self.rest.extend_from_slice(&ulaw);
        let rest = std::mem::take(&mut self.rest);
        let windows = rest.chunks_exact(FRAME_BYTES);
        self.rest = windows.remainder().to_vec();
        windows.filter_map(|window| self.window(window, detection)).collect()
    }

    /// Commits what was appended since the last commit.
    ///
    /// # Errors
    /// When that is less than 100 ms.
    pub(super) fn commit(&mut self) -> Result<Segment, WireError> {
        let waiting = self.buffer.len() + self.rest.len();
        if waiting < SHORTEST_COMMIT {
            let milliseconds = waiting as f64 / 8.0;
            let message = format!(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms \
                 of audio, but buffer only has {milliseconds:.2}ms of audio."
            );
            return Err(WireError::new("input_audio_buffer_commit_empty", message));
        }
        let rest = std::mem::take(&mut self.rest);
        self.clock += rest.len() as u64;
        let heard = self.ear.hear(&rest);
        self.heard.extend(heard);
        self.buffer.extend_from_slice(&rest);
        self.state = State::Quiet;
        Ok(self.take_segment())
    }

    /// Forgets what was not committed, an onset of speech too.
    pub(super) fn clear(&mut self) {
        self.clock += self.rest.len() as u64;
        let rest = std::mem::take(&mut self.rest);
        self.ear.hear(&rest);
        self.ear.finish();
        self.buffer.clear();
        self.heard.clear();
        self.state = State::Quiet;
    }

    fn window(&mut self, window: &[u8], detection: Detection) -> Option<Turned> {
        self.buffer.extend_from_slice(window);
        self.clock += window.len() as u64;
        let heard = self.ear.hear(window);
        self.heard.extend(heard);
        let (threshold, prefix_ms, silence_ms) = match detection {
            Detection::Off => return None,
            Detection::Server { threshold, prefix_ms, silence_ms } => {
                (threshold, prefix_ms, silence_ms)
            }
            Detection::Semantic { longest_wait_ms } => {
                (0.5, 300, self.semantic_wait(longest_wait_ms))
            }
        };
        let loud = rms(window) > threshold * FULL_THRESHOLD_RMS;
        let window_start = self.clock - FRAME_BYTES as u64;
        match self.state {
            State::Quiet if loud => self.state = State::Rising { since: window_start },
            State::Quiet => self.forget_all_but(prefix_ms),
            State::Rising { since } if loud => {
                self.state = State::Speaking { last_loud: self.clock };
                return Some(self.started(since, prefix_ms));
            }
            State::Rising { .. } => self.state = State::Quiet,
            State::Speaking { .. } if loud => {
                self.state = State::Speaking { last_loud: self.clock };
            }
            State::Speaking { last_loud } => {
                if (self.clock - last_loud) / 8 >= silence_ms {
                    self.state = State::Quiet;
                    let audio_end_ms = self.clock / 8;
                    return Some(Turned::Stopped { audio_end_ms, segment: self.take_segment() });
                }
            }
        }
        None
    }

    fn started(&self, since: u64, prefix_ms: u64) -> Turned {
        let earliest = self.clock - self.buffer.len() as u64;
        let from = since.saturating_sub(prefix_ms * 8).max(earliest);
        Turned::Started { audio_start_ms: from / 8 }
    }

    /// A sentence that came whole is soon over; one that was cut is waited for.
    fn semantic_wait(&self, longest_ms: u64) -> u64 {
        let whole = matches!(self.heard.last(), Some(Heard::Utterance { .. }));
        if whole && self.ear.hearing().is_none() { 300 } else { longest_ms }
    }

    /// While nobody speaks only what could become the padding before speech is kept.
    fn forget_all_but(&mut self, prefix_ms: u64) {
        let keep = (prefix_ms * 8) as usize + 2 * FRAME_BYTES;
        if self.buffer.len() > keep {
            self.buffer.drain(..self.buffer.len() - keep);
        }
    }

    fn take_segment(&mut self) -> Segment {
        let unfinished = self.ear.finish();
        self.heard.extend(unfinished);
        let heard = std::mem::take(&mut self.heard);
        let (text, flaws) = words_of(&heard);
        Segment { ulaw: std::mem::take(&mut self.buffer).into(), text, flaws }
    }

    fn as_ulaw(&mut self, audio: &[u8], format: Format) -> Vec<u8> {
        match format {
            Format::Pcmu => audio.to_vec(),
            // Of A-law only the time is taken.
            Format::Pcma => vec![0xFF; audio.len()],
            Format::Pcm => {
                self.odd.extend_from_slice(audio);
                let odd = std::mem::take(&mut self.odd);
                let thirds = odd.chunks_exact(6);
                self.odd = thirds.remainder().to_vec();
                thirds
                    .map(|third| mulaw::encode(i16::from_le_bytes([third[0], third[1]])))
                    .collect()
            }
        }
    }
}

/// What an ear makes of audio that stands alone, such as an `input_audio` part of an item.
pub(super) fn hear_all(audio: &[u8], format: Format) -> Segment {
    let mut hearing = Hearing::default();
    hearing.append(audio, format, Detection::Off);
    let rest = std::mem::take(&mut hearing.rest);
    hearing.buffer.extend_from_slice(&rest);
    let heard = hearing.ear.hear(&rest);
    hearing.heard.extend(heard);
    hearing.take_segment()
}

/// µ-law in another coding; A-law becomes silence.
pub(super) fn from_ulaw(ulaw: &[u8], format: Format) -> Vec<u8> {
    match format {
        Format::Pcmu => ulaw.to_vec(),
        Format::Pcma => vec![0xD5; ulaw.len()],
        Format::Pcm => ulaw
            .iter()
            .flat_map(|&code| {
                let [low, high] = mulaw::decode(code).to_le_bytes();
                [low, high, low, high, low, high]
            })
            .collect(),
    }
}

/// 100 ms of µ-law.
const SHORTEST_COMMIT: usize = 800;
/// The loudness that a `threshold` of 1.0 asks for, in 16-bit linear units.
const FULL_THRESHOLD_RMS: f64 = 600.0;

fn words_of(heard: &[Heard]) -> (String, Vec<Fault>) {
    let (mut words, mut flaws) = (Vec::new(), Vec::new());
    for event in heard {
        match event {
            Heard::Started { .. } => {}
            Heard::Utterance { text, .. } => words.push(text.clone()),
            Heard::Broken { text_so_far, why: Fault::CutOff, .. } => {
                words.push(text_so_far.clone())
            }
            Heard::Broken { text_so_far, why, .. } => {
                words.push(format!("⟨broken: {why}⟩ {text_so_far}").trim_end().to_owned());
                flaws.push(*why);
            }
        }
    }
    words.retain(|text| !text.is_empty());
    (words.join(" "), flaws)
}
