//! The caller's audio on its way to OpenAI: one bounded queue per call, in which silence takes the
//! place of what never came. Turn detection runs on audio received and not on time, so a hole would
//! leave it stuck in speech. The loop that takes from it lives in `actors`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::payload::Payload;
use super::{BYTES_PER_MS, FRAME_MS};

/// The most audio that waits, and the longest silence that is put into one hole.
const LONGEST_MS: u64 = 10_000;

/// [`LONGEST_MS`] in bytes of µ-law audio.
const LONGEST_BYTES: usize = LONGEST_MS as usize * BYTES_PER_MS as usize;

/// How long the line may be without a frame before silence is sent in real time.
const PATIENCE: Duration = Duration::from_millis(750);

const FRAME: Duration = Duration::from_millis(FRAME_MS as u64);

/// What has become of the call's frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// The caller's frames that were taken to be sent.
    pub sent: u64,
    /// The caller's frames that went because the queue was full.
    pub blocked: u64,
    /// Frames of silence (20 ms each) that were taken to be sent in the place of missing ones.
    /// They are not counted as sent.
    pub padded: u64,
    /// The frames, silence included, that wait now.
    pub depth: usize,
}

/// What the sender loop does about a line on which nothing comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PadDecision {
    /// Nothing is due, and nothing will be before a frame comes or the server hears speech.
    Rest,
    /// Ask again at this time, unless a frame comes first.
    WaitUntil(Instant),
    /// So many frames of silence stand in the queue now: take them and ask again.
    Padded(u32),
}

/// A queue of at most 10 s of audio. The caller's frames leave it in the order in which they came,
/// each once, or are counted as blocked.
#[derive(Debug, Default)]
pub struct InboundQueue {
    waiting: VecDeque<Entry>,
    bytes: usize,
    counters: Counters,
    /// Where the stream's next frame begins on its own clock, if none is missing.
    expected_ms: Option<u64>,
    pause: Option<Pause>,
}

impl InboundQueue {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a frame at the end. `timestamp_ms` is Twilio's presentation time of its beginning:
    /// where it jumps past the end of the frame before, whole frames of silence fill the hole (10 s
    /// at most), less what was sent in real time since. More than 10 s of audio do not wait: the
    /// oldest goes. A frame without audio is passed over.
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

    /// Takes the oldest frame, to be sent now.
    pub fn take(&mut self) -> Option<Payload> {
        let entry = self.remove_oldest()?;
        match &entry {
            Entry::Caller(_) => self.counters.sent += 1,
            Entry::Silence => self.counters.padded += 1,
        }
        Some(entry.into_payload())
    }

    /// A new stream of the same call has opened: its timestamps begin anew.
    pub fn restart_clock(&mut self) {
        self.expected_ms = None;
    }

    /// Puts the silence into the queue that is due in real time: a frame each 20 ms, from 750 ms
    /// after the last frame on, for as long as the server hears speech (`hearing`) and for 10 s at
    /// most. To be asked when the queue is empty, when `hearing` changes, and at the time it names.
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

    /// What has become of the frames so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters { depth: self.waiting.len(), ..self.counters }
    }

    /// How much audio waits, in whole milliseconds.
    #[must_use]
    pub fn waiting_ms(&self) -> u32 {
        u32::try_from(self.bytes / BYTES_PER_MS as usize).unwrap_or(u32::MAX)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The whole frames that are missing before `timestamp_ms`; a jump of less than one is jitter.
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
    /// When the next of them is due; none while the server hears no speech.
    next_pad: Option<Instant>,
}

impl Pause {
    /// Counts the frames due by `now` as padded and sets the time of the next.
    fn frames_due(&mut self, now: Instant) -> u32 {
        // Speech that is first heard late in a pause is padded from then on, not backwards.
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
