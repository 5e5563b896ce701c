//! The input audio buffer: turn detection and speech decoding.

use std::collections::VecDeque;

use bytes::Bytes;

use super::behaviour::SpeechFault;
use super::settings::{Detection, Format};
use super::wire::WireError;
use crate::speech::{Decoded, FRAME_BYTES, Fault, SpeechDecoder, mulaw, rms};

/// Takes the audio that a client appends. Its clock is the length of the audio, not wall time.
#[derive(Debug, Default)]
pub(super) struct InputBuffer {
    decoder: SpeechDecoder,
    /// Audio that does not fill a window yet.
    rest: Vec<u8>,
    /// Bytes of an incomplete PCM sample.
    odd: Vec<u8>,
    /// Audio that is not committed, as µ-law. It ends at `clock`.
    buffer: Vec<u8>,
    /// Samples at 8 kHz received in whole windows.
    clock: u64,
    state: State,
    /// Decoded since the last commit.
    decoded: Vec<Decoded>,
    /// Faults of the turns to come.
    faults: VecDeque<SpeechFault>,
    /// The fault of the turn that is being spoken.
    fault: SpeechFault,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Quiet,
    /// The last window was loud, which is too short for speech.
    Rising { since: u64 },
    /// The last loud window ended at `last_loud`.
    Speaking { last_loud: u64 },
}

/// An event of turn detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TurnEvent {
    Started {
        audio_start_ms: u64,
    },
    Stopped {
        audio_end_ms: u64,
        segment: Segment,
        /// False if the client is not told of the end, only of the commit.
        is_told: bool,
    },
}

/// Committed audio and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) ulaw: Bytes,
    /// Broken utterances are marked as such.
    pub(super) text: String,
    /// Faults other than [`Fault::CutOff`].
    pub(super) faults: Vec<Fault>,
}

impl InputBuffer {
    /// A buffer whose first turns have these faults.
    pub(super) fn with_faults(faults: &[SpeechFault]) -> Self {
        Self { faults: faults.iter().copied().collect(), ..Self::default() }
    }

    /// Appends audio and runs turn detection on it.
    pub(super) fn append(
        &mut self,
        audio: &[u8],
        format: Format,
        detection: Detection,
    ) -> Vec<TurnEvent> {
        let ulaw = self.as_ulaw(audio, format);
        self.rest.extend_from_slice(&ulaw);
        let rest = std::mem::take(&mut self.rest);
        let windows = rest.chunks_exact(FRAME_BYTES);
        self.rest = windows.remainder().to_vec();
        windows.filter_map(|window| self.window(window, detection)).collect()
    }

    /// Commits the audio appended since the last commit.
    ///
    /// # Errors
    /// It is shorter than 100 ms.
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
        let decoded = self.decoder.decode(&rest);
        self.decoded.extend(decoded);
        self.buffer.extend_from_slice(&rest);
        self.state = State::Quiet;
        Ok(self.take_segment())
    }

    /// Drops the audio that is not committed, and the state of turn detection.
    pub(super) fn clear(&mut self) {
        self.clock += self.rest.len() as u64;
        let rest = std::mem::take(&mut self.rest);
        self.decoder.decode(&rest);
        self.decoder.finish();
        self.buffer.clear();
        self.decoded.clear();
        self.state = State::Quiet;
    }

    fn window(&mut self, window: &[u8], detection: Detection) -> Option<TurnEvent> {
        self.buffer.extend_from_slice(window);
        self.clock += window.len() as u64;
        let decoded = self.decoder.decode(window);
        self.decoded.extend(decoded);
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
            State::Quiet => self.trim_to(prefix_ms),
            State::Rising { since } if loud => {
                self.state = State::Speaking { last_loud: self.clock };
                self.fault = self.faults.pop_front().unwrap_or_default();
                return Some(self.started(since, prefix_ms));
            }
            State::Rising { .. } => self.state = State::Quiet,
            State::Speaking { .. } if loud => {
                self.state = State::Speaking { last_loud: self.clock };
            }
            State::Speaking { .. } if self.fault == SpeechFault::NeverStops => {}
            State::Speaking { last_loud } => {
                if (self.clock - last_loud) / 8 >= silence_ms {
                    self.state = State::Quiet;
                    let audio_end_ms = self.clock / 8;
                    let is_told = self.fault != SpeechFault::CommittedUnstopped;
                    let segment = self.take_segment();
                    return Some(TurnEvent::Stopped { audio_end_ms, segment, is_told });
                }
            }
        }
        None
    }

    fn started(&self, since: u64, prefix_ms: u64) -> TurnEvent {
        let earliest = self.clock - self.buffer.len() as u64;
        let from = since.saturating_sub(prefix_ms * 8).max(earliest);
        TurnEvent::Started { audio_start_ms: from / 8 }
    }

    /// A whole utterance ends the turn soon. After a broken one the wait is longer.
    fn semantic_wait(&self, longest_ms: u64) -> u64 {
        let whole = matches!(self.decoded.last(), Some(Decoded::Utterance { .. }));
        if whole && self.decoder.partial().is_none() { 300 } else { longest_ms }
    }

    /// While nobody speaks, keeps only the audio that may become the padding before speech.
    fn trim_to(&mut self, prefix_ms: u64) {
        let keep = (prefix_ms * 8) as usize + 2 * FRAME_BYTES;
        if self.buffer.len() > keep {
            self.buffer.drain(..self.buffer.len() - keep);
        }
    }

    fn take_segment(&mut self) -> Segment {
        let unfinished = self.decoder.finish();
        self.decoded.extend(unfinished);
        let decoded = std::mem::take(&mut self.decoded);
        let (text, faults) = words_of(&decoded);
        Segment { ulaw: std::mem::take(&mut self.buffer).into(), text, faults }
    }

    fn as_ulaw(&mut self, audio: &[u8], format: Format) -> Vec<u8> {
        match format {
            Format::Pcmu => audio.to_vec(),
            // A-law is not decoded; it only takes time.
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

/// Decodes audio outside the buffer, such as an `input_audio` part of an item.
pub(super) fn decode_all(audio: &[u8], format: Format) -> Segment {
    let mut buffer = InputBuffer::default();
    buffer.append(audio, format, Detection::Off);
    let rest = std::mem::take(&mut buffer.rest);
    buffer.buffer.extend_from_slice(&rest);
    let decoded = buffer.decoder.decode(&rest);
    buffer.decoded.extend(decoded);
    buffer.take_segment()
}

/// Converts µ-law. A-law becomes silence.
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

/// 100 ms in samples.
const SHORTEST_COMMIT: usize = 800;
/// The loudness of a `threshold` of 1.0, in 16-bit linear units.
const FULL_THRESHOLD_RMS: f64 = 600.0;

fn words_of(decoded: &[Decoded]) -> (String, Vec<Fault>) {
    let (mut words, mut faults) = (Vec::new(), Vec::new());
    for event in decoded {
        match event {
            Decoded::Started { .. } => {}
            Decoded::Utterance { text, .. } => words.push(text.clone()),
            Decoded::Broken { text_so_far, fault: Fault::CutOff, .. } => {
                words.push(text_so_far.clone())
            }
            Decoded::Broken { text_so_far, fault, .. } => {
                words.push(format!("⟨broken: {fault}⟩ {text_so_far}").trim_end().to_owned());
                faults.push(*fault);
            }
        }
    }
    words.retain(|text| !text.is_empty());
    (words.join(" "), faults)
}
