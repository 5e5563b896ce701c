//! The caller's audio, frame by frame: speech, noise, keys and silence. Pure.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::speech::{FRAME_BYTES, SILENCE, Utterance, mulaw};

/// The caller's queue of audio and keys. Without an open stream nothing is taken from it.
#[derive(Debug, Default)]
pub(super) struct AudioSource {
    queue: VecDeque<Sound>,
    queued: u64,
    taken: u64,
    silence: Silence,
}

#[derive(Debug)]
enum Sound {
    Frame(Bytes),
    Digit(char),
}

/// What is sent while nobody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Silence {
    /// Every sample is 0xFF.
    #[default]
    Flat,
    /// Samples alternate irregularly between 0xFF and 0x7F (+0 and -0), as on real lines.
    Wobbling,
    /// Silent frames are left out, and the timestamps jump, as on some calls.
    Skipped,
}

/// 20 ms of the caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// Keys pressed before the frame.
    pub(super) digits: Vec<char>,
    /// `None` if silence is skipped.
    pub(super) frame: Option<Bytes>,
}

impl AudioSource {
    pub(super) fn new(silence: Silence) -> Self {
        Self { silence, ..Self::default() }
    }

    /// Queues an utterance. Returns the value of [`Self::taken`] once it is sent.
    pub(super) fn say(&mut self, utterance: &Utterance) -> u64 {
        self.extend(utterance.frames().map(Sound::Frame))
    }

    pub(super) fn frames(&mut self, frames: Vec<[u8; FRAME_BYTES]>) -> u64 {
        self.extend(frames.into_iter().map(|frame| Sound::Frame(frame.to_vec().into())))
    }

    /// Queues key presses, 100 ms apart.
    pub(super) fn press(&mut self, digits: &str) -> u64 {
        let silence = Bytes::from_static(&SILENCE);
        self.extend(digits.chars().flat_map(|digit| {
            let gap = std::iter::repeat_n(silence.clone(), FRAMES_PER_KEY).map(Sound::Frame);
            std::iter::once(Sound::Digit(digit)).chain(gap)
        }))
    }

    /// Queues frames of a buzz with this loudness (16-bit linear RMS).
    pub(super) fn noise(&mut self, rms: u16, frames: u32) -> u64 {
        let level = i16::try_from(rms).unwrap_or(i16::MAX);
        let (up, down) = (mulaw::encode(level), mulaw::encode(-level));
        let mut frame = [up; FRAME_BYTES];
        for half_wave in frame.chunks_mut(HALF_WAVE).skip(1).step_by(2) {
            half_wave.fill(down);
        }
        self.frames(vec![frame; frames as usize])
    }

    /// Frames and keys taken from the queue so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Drops what waits in the queue.
    pub(super) fn clear(&mut self) {
        self.taken += self.queue.len() as u64;
        self.queue.clear();
    }

    /// Takes the next 20 ms.
    pub(super) fn tick(&mut self) -> Tick {
        let mut digits = Vec::new();
        while let Some(sound) = self.queue.pop_front() {
            self.taken += 1;
            match sound {
                Sound::Digit(digit) => digits.push(digit),
                Sound::Frame(frame) => return Tick { digits, frame: Some(frame) },
            }
        }
        Tick { digits, frame: self.silent_frame() }
    }

    fn silent_frame(&self) -> Option<Bytes> {
        match self.silence {
            Silence::Flat => Some(Bytes::from_static(&SILENCE)),
            Silence::Wobbling => Some(wobbling()),
            Silence::Skipped => None,
        }
    }

    fn extend(&mut self, sounds: impl Iterator<Item = Sound>) -> u64 {
        let before = self.queue.len();
        self.queue.extend(sounds);
        self.queued += (self.queue.len() - before) as u64;
        self.queued
    }
}

const FRAMES_PER_KEY: usize = 5;

/// Samples of half a period of the buzz: 500 Hz.
const HALF_WAVE: usize = 8;

fn wobbling() -> Bytes {
    let wobble = |n: usize| if n.is_multiple_of(7) || n.is_multiple_of(11) { 0x7F } else { 0xFF };
    (0..FRAME_BYTES).map(wobble).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::rms;

    #[test]
    fn keys_are_pressed_in_order_and_apart() {
        let mut source = AudioSource::new(Silence::Flat);
        let until = source.press("5#");
        let digits: Vec<_> = (0..12).flat_map(|_| source.tick().digits).collect();
        assert_eq!(digits, ['5', '#']);
        assert_eq!(source.taken(), until);
    }

    #[test]
    fn barge_2_noise_has_the_loudness_asked_for_and_lasts_as_long() {
        let mut source = AudioSource::new(Silence::Skipped);
        source.noise(1000, 3);
        let frames: Vec<_> = std::iter::from_fn(|| source.tick().frame).collect();
        assert_eq!(frames.len(), 3);
        assert!((rms(&frames[0]) - 1000.0).abs() < 40.0, "{}", rms(&frames[0]));
    }

    #[test]
    fn silence_is_flat_or_wobbles_between_the_two_zeros_or_is_left_out() {
        let silent = |silence| AudioSource::new(silence).tick().frame;
        assert_eq!(silent(Silence::Flat).unwrap(), SILENCE.as_slice());
        let wobbling = silent(Silence::Wobbling).unwrap();
        assert!(wobbling.contains(&0x7F) && rms(&wobbling).abs() < f64::EPSILON);
        assert_eq!(silent(Silence::Skipped), None);
    }
}
