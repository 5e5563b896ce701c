//! Writes a call's recording: a stereo WAV file, caller left, agent right.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use hound::{SampleFormat, WavSpec, WavWriter};

use super::speech::{SAMPLE_RATE, mulaw};

/// Two tracks of µ-law audio.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    caller: Vec<u8>,
    agent: Vec<u8>,
}

impl Recording {
    /// The longest recording, in samples: one hour. Later audio is left out.
    pub const LONGEST: u64 = 60 * 60 * SAMPLE_RATE as u64;

    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the caller's audio at a sample since the call's start, and overwrites what was there.
    pub fn caller(&mut self, at: u64, ulaw: &[u8]) {
        put(&mut self.caller, at, ulaw);
    }

    /// Puts the agent's audio at a sample since the call's start, and overwrites what was there.
    pub fn agent(&mut self, at: u64, ulaw: &[u8]) {
        put(&mut self.agent, at, ulaw);
    }

    /// Length of the longer track, in samples.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.caller.len().max(self.agent.len()) as u64
    }

    /// Writes the file, 16-bit at 8 kHz. An existing file is replaced.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn save(&self, path: &Path) -> Result<(), hound::Error> {
        self.write(BufWriter::new(File::create(path)?))
    }

    /// Writes the WAV stream.
    ///
    /// # Errors
    /// The stream can't be written.
    pub fn write(&self, to: impl Write + Seek) -> Result<(), hound::Error> {
        let spec = WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut wav = WavWriter::new(to, spec)?;
        for n in 0..self.caller.len().max(self.agent.len()) {
            wav.write_sample(audible(self.caller.get(n)))?;
            wav.write_sample(audible(self.agent.get(n)))?;
        }
        wav.finalize()
    }
}

fn put(track: &mut Vec<u8>, at: u64, ulaw: &[u8]) {
    let Ok(from) = usize::try_from(at.min(Recording::LONGEST)) else { return };
    let room = Recording::LONGEST as usize - from;
    let ulaw = &ulaw[..ulaw.len().min(room)];
    let until = from + ulaw.len();
    if track.len() < until {
        track.resize(until, 0xFF);
    }
    track[from..until].copy_from_slice(ulaw);
}

/// A sample without the mark in its low bit. Setting the bit keeps silence silent.
fn audible(sample: Option<&u8>) -> i16 {
    mulaw::decode(sample.copied().unwrap_or(0xFF) | 1)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::speech::{SILENCE, Voice};

    fn written(recording: &Recording) -> hound::WavReader<Cursor<Vec<u8>>> {
        let mut bytes = Cursor::new(Vec::new());
        recording.write(&mut bytes).unwrap();
        hound::WavReader::new(Cursor::new(bytes.into_inner())).unwrap()
    }

    #[test]
    fn prac_1_the_caller_is_left_the_agent_right_each_at_its_time() {
        let mut recording = Recording::new();
        recording.caller(2, &[0x80, 0x80]);
        recording.agent(1, &[0x00]);
        let mut wav = written(&recording);
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8000));
        let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
        let (loud, low) = (mulaw::decode(0x81), mulaw::decode(0x01));
        assert_eq!(samples, [0, 0, 0, low, loud, 0, loud, 0]);
    }

    #[test]
    fn prac_1_silence_is_silent_and_the_words_in_the_low_bits_are_not_written() {
        let utterance = Voice::built_in().speak("שלום", "he");
        let without: Vec<u8> = utterance.ulaw().iter().map(|sample| sample | 1).collect();
        let (mut marked, mut plain) = (Recording::new(), Recording::new());
        marked.agent(0, utterance.ulaw());
        plain.agent(0, &without);
        plain.caller(0, &SILENCE);
        let [marked, plain] = [marked, plain]
            .map(|r| written(&r).into_samples::<i16>().map(Result::unwrap).collect::<Vec<_>>());
        assert_eq!(marked, plain);
        assert!(marked.iter().step_by(2).all(|&sample| sample == 0));
    }

    #[test]
    fn a_piece_past_the_longest_recording_is_left_out() {
        let mut recording = Recording::new();
        recording.caller(Recording::LONGEST - 1, &SILENCE);
        recording.agent(u64::MAX, &SILENCE);
        assert_eq!(recording.samples(), Recording::LONGEST);
    }
}
