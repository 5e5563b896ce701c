//! Frames of µ-law audio in a row, decoded: 160 bytes a frame and not the message that brought it.

use std::collections::VecDeque;

use base64::Engine;

use crate::audio::payload::{LENIENT, Payload};

/// The size of a chunk, in bytes: 200 ms. A memory block for each frame would cost more.
const CHUNK_BYTES: usize = 1_600;

/// Audio without a gap. It knows its place on the clock of [`RetainedAudio`](super::RetainedAudio),
/// and where each of its frames ends.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// Where the first frame begins.
    began: u64,
    lengths: Lengths,
    /// None is empty.
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that were removed.
    skipped: usize,
}

impl Recording {
    pub(super) fn starting_at(began: u64) -> Self {
        Self { began, ..Self::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    pub(super) fn began(&self) -> u64 {
        self.began
    }

    /// Where the last frame ends.
    pub(super) fn end(&self) -> u64 {
        self.began + self.lengths.total()
    }

    /// Adds a frame at the end.
    pub(super) fn push(&mut self, frame: &Payload) {
        // A payload was checked when it was made, so decoding it cannot fail.
        let decode = |room: &mut [u8]| drop(LENIENT.decode_slice(frame.as_str(), room));
        self.push_with(frame.decoded_len(), decode);
    }

    fn push_with(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) {
        let has_room = |chunk: &&mut Vec<u8>| chunk.capacity() - chunk.len() >= length;
        if self.chunks.back_mut().filter(has_room).is_none() {
            self.chunks.push_back(Vec::with_capacity(length.max(CHUNK_BYTES)));
        }
        if let Some(chunk) = self.chunks.back_mut() {
            let start = chunk.len();
            chunk.resize(start + length, 0);
            fill(&mut chunk[start..]);
        }
        self.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
    }

    /// Removes the frames that begin before `position`.
    pub(super) fn drop_before(&mut self, position: u64) {
        while self.began < position
            && let Some(length) = self.lengths.pop()
        {
            self.began += u64::from(length);
            self.skipped += usize::try_from(length).unwrap_or(usize::MAX);
        }
        while let Some(chunk) = self.chunks.front()
            && chunk.len() <= self.skipped
        {
            self.skipped -= chunk.len();
            self.chunks.pop_front();
        }
    }

    /// Removes the frames that end at `position` or before it.
    pub(super) fn drop_until(&mut self, position: u64) {
        let ends = self.lengths.iter().scan(self.began, |end, length| {
            *end += u64::from(length);
            Some(*end)
        });
        let last = ends.take_while(|end| *end <= position).last();
        self.drop_before(last.unwrap_or(self.began));
    }

    /// Removes the frames that begin before `position`, and returns them.
    pub(super) fn take_before(&mut self, position: u64) -> Self {
        let mut taken = Self::starting_at(self.began);
        let mut began = self.began;
        self.each_frame(|frame| {
            if began < position {
                taken.push_with(frame.len(), |room| room.copy_from_slice(frame));
            }
            began += frame.len() as u64;
        });
        self.drop_before(position);
        taken
    }

    /// All frames, encoded one by one.
    pub(super) fn frames(&self) -> Vec<Payload> {
        let mut frames = Vec::new();
        self.each_frame(|frame| frames.push(Payload::encode(frame)));
        frames
    }

    /// All frames as one payload.
    pub(super) fn joined(&self) -> Payload {
        Payload::encode(&self.decoded())
    }

    fn each_frame(&self, mut visit: impl FnMut(&[u8])) {
        let audio = self.decoded();
        let mut rest = audio.as_slice();
        for length in self.lengths.iter() {
            let length = usize::try_from(length).unwrap_or(usize::MAX).min(rest.len());
            let (frame, behind) = rest.split_at(length);
            visit(frame);
            rest = behind;
        }
    }

    fn decoded(&self) -> Vec<u8> {
        self.chunks.iter().flatten().copied().skip(self.skipped).collect()
    }
}

/// The bytes of each frame, in runs of equal ones: nearly all have 160.
#[derive(Debug, Default)]
struct Lengths(VecDeque<Run>);

#[derive(Debug)]
struct Run {
    length: u32,
    frames: u32,
}

impl Lengths {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, length: u32) {
        match self.0.back_mut() {
            Some(run) if run.length == length => run.frames += 1,
            Some(_) | None => self.0.push_back(Run { length, frames: 1 }),
        }
    }

    fn total(&self) -> u64 {
        self.0.iter().map(|run| u64::from(run.length) * u64::from(run.frames)).sum()
    }

    /// The first frame's.
    fn pop(&mut self) -> Option<u32> {
        let run = self.0.front_mut()?;
        let length = run.length;
        run.frames -= 1;
        if run.frames == 0 {
            self.0.pop_front();
        }
        Some(length)
    }

    fn iter(&self) -> impl Iterator<Item = u32> {
        let frames = |run: &Run| std::iter::repeat_n(run.length, run.frames as usize);
        self.0.iter().flat_map(frames)
    }
}
