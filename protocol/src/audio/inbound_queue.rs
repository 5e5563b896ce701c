//! The caller's audio on its way to OpenAI: a bounded queue that puts silence in the place of
//! missing frames. OpenAI's turn detection counts audio, not time: without it, a hole would leave
//! it in the middle of speech. `actors::audio` shares it between tasks; the sender loop, in
//! `actors::realtime`, sends the frames.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::payload::Payload;
use super::{BYTES_PER_MS, FRAME_MS};

/// Milliseconds of audio that can wait, and of silence that is put into one hole.
const LONGEST_MS: u64 = 10_000;

/// [`LONGEST_MS`] in bytes of µ-law audio.
const LONGEST_BYTES: usize = LONGEST_MS as usize * BYTES_PER_MS as usize;

/// How long no frame may come before silence is sent in real time.
const PATIENCE: Duration = Duration::from_millis(750);

const FRAME: Duration = Duration::from_millis(FRAME_MS as u64);

/// Frames by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// The caller's frames that were taken to be sent.
    pub sent: u64,
    /// The caller's frames that were dropped because the queue was full.
    pub blocked: u64,
    /// Frames of silence (20 ms each) that were taken to be sent. Not counted as sent.
    pub padded: u64,
    /// Frames that wait now, silence included.
    pub depth: usize,
}

/// What the sender loop is to do while no frame comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadDecision {
    /// Nothing, until a frame comes or the server hears speech.
    Rest,
    /// Ask again at this time, unless a frame comes first.
    WaitUntil(Instant),
    /// This many frames of silence were added. Take them and ask again.
    Padded(u32),
}

/// A queue of at most 10 s of audio. The caller's frames leave it in order, each once, or are
/// counted as blocked.
#[derive(Debug, Default)]
pub struct InboundQueue {
    waiting: VecDeque<Entry>,
    bytes: usize,
    counters: Counters,
    /// The timestamp of the stream's next frame, if none is missing.
    expected_ms: Option<u64>,
    pause: Option<Pause>,
}

impl InboundQueue {
    /// Adds a frame at the end. If more than 10 s of audio wait, the oldest is dropped. An empty
    /// frame is ignored.
    ///
    /// `timestamp_ms` is the beginning of the frame by Twilio's clock. If it is past the end of the
    /// frame before, whole frames of silence fill the hole. They are 10 s at most, less what was
    /// padded in real time since.
    pub fn push_dropping_oldest(&mut self, payload: Payload, timestamp_ms: u64, now: Instant) {
        if payload.is_empty() {
            return;
        }
        let missing = self.missing_before(timestamp_ms);
        let end = timestamp_ms.saturating_add(payload.millis().into());
        // A frame that is late must not make the next one look as if it had jumped.
        self.expected_ms = self.expected_ms.max(Some(end));
        self.pause = Some(Pause { began: now, padded: 0, next_pad: None });
        self.pad(missing);
        self.append(Entry::Caller(payload));
    }

    /// Takes the oldest frame, to be sent now. `None` if the queue is empty.
    pub fn take(&mut self) -> Option<Payload> {
        let entry = self.remove_oldest()?;
        match &entry {
            Entry::Caller(_) => self.counters.sent += 1,
            Entry::Silence => self.counters.padded += 1,
        }
        Some(entry.into_payload())
    }

    /// A new stream of the call has opened. Its timestamps begin at 0.
    pub fn restart_clock(&mut self) {
        self.expected_ms = None;
    }

    /// Adds the silence that is due in real time, while the server hears speech (`hearing`). It
    /// begins 750 ms after the last frame and is a frame every 20 ms, for 10 s at most. Call this
    /// when the queue is empty, when `hearing` changes, and at the time it returns.
    pub fn pad_due(&mut self, hearing: bool, now: Instant) -> PadDecision {
        let Some(pause) = &mut self.pause else { return PadDecision::Rest };
        if !hearing {
            pause.next_pad = None;
            return PadDecision::Rest;
        }
        let due = pause.frames_due(now);
        let next = pause.next_pad;
        if due > 0 {
            self.pad(due);
            return PadDecision::Padded(due);
        }
        next.map_or(PadDecision::Rest, PadDecision::WaitUntil)
    }

    /// The frames so far, by what became of them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { depth: self.waiting.len(), ..self.counters }
    }

    /// Whole frames missing before `timestamp_ms`. A jump of less than one is jitter.
    fn missing_before(&self, timestamp_ms: u64) -> u32 {
        let Some(expected) = self.expected_ms else { return 0 };
        let hole_ms = timestamp_ms.saturating_sub(expected);
        let padded = self.pause.as_ref().map_or(0, |pause| pause.padded);
        frames_in(hole_ms).saturating_sub(padded)
    }

    fn pad(&mut self, frames: u32) {
        for _ in 0..frames {
            self.append(Entry::Silence);
        }
    }

    fn append(&mut self, entry: Entry) {
        self.bytes += entry.bytes();
        self.waiting.push_back(entry);
        while self.bytes > LONGEST_BYTES {
            match self.remove_oldest() {
                Some(Entry::Caller(_)) => self.counters.blocked += 1,
                Some(Entry::Silence) => {}
                None => break,
            }
        }
    }

    fn remove_oldest(&mut self) -> Option<Entry> {
        let entry = self.waiting.pop_front()?;
        self.bytes -= entry.bytes();
        Some(entry)
    }
}

#[derive(Debug)]
enum Entry {
    Caller(Payload),
    Silence,
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Caller(payload) => payload.decoded_len(),
            Self::Silence => super::FRAME_BYTES,
        }
    }

    fn into_payload(self) -> Payload {
        match self {
            Self::Caller(payload) => payload,
            Self::Silence => Payload::silence(1),
        }
    }
}

/// The time since the last frame came.
#[derive(Debug)]
struct Pause {
    began: Instant,
    /// Frames of silence made in real time since.
    padded: u32,
    /// When the next of them is due. `None` while the server hears no speech.
    next_pad: Option<Instant>,
}

impl Pause {
    /// Counts the frames due by `now` as padded, and sets the time of the next.
    fn frames_due(&mut self, now: Instant) -> u32 {
        // If speech is first heard late in a pause, padding begins then; it does not catch up.
        let mut next = self.next_pad.unwrap_or_else(|| now.max(self.began + PATIENCE));
        let mut due = 0;
        while next <= now && self.padded < frames_in(LONGEST_MS) {
            next += FRAME;
            self.padded += 1;
            due += 1;
        }
        self.next_pad = (self.padded < frames_in(LONGEST_MS)).then_some(next);
        due
    }
}

fn frames_in(hole_ms: u64) -> u32 {
    u32::try_from(hole_ms.min(LONGEST_MS)).unwrap_or(u32::MAX) / FRAME_MS
}

#[cfg(test)]
mod tests;
