//! The frames of one utterance that arrived, and the verdict on them.

use crate::speech::decoded::{Fault, PartialUtterance};
use crate::speech::frame::FRAME_BYTES;
use crate::speech::mark::Mark;

/// The frames of one utterance as they arrived.
#[derive(Debug)]
pub(super) struct Assembly {
    id: u32,
    total: u16,
    text: Vec<Option<u8>>,
    /// Frame numbers in the order of arrival.
    arrived: Vec<u16>,
    altered: bool,
    from: u64,
    until: u64,
    /// Whether everything since `until` was silence.
    silent_since: bool,
}

pub(super) enum Verdict {
    Whole(String),
    Faulty(Fault),
}

impl Assembly {
    /// Begins with a frame at sample `from`. `damaged_before` is true if the samples just before it
    /// looked like an altered frame.
    pub(super) fn new(mark: &Mark, from: u64, damaged_before: bool) -> Self {
        Self {
            id: mark.utterance,
            total: mark.total,
            text: vec![None; usize::from(mark.text_len)],
            arrived: Vec::new(),
            altered: damaged_before && mark.number == 1,
            from,
            until: from,
            silent_since: true,
        }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn from(&self) -> u64 {
        self.from
    }

    /// The sample after the last frame that arrived.
    pub(super) fn until(&self) -> u64 {
        self.until
    }

    pub(super) fn is_of(&self, mark: &Mark) -> bool {
        self.id == mark.utterance
    }

    /// Whether this frame is the next one in order.
    pub(super) fn goes_on_with(&self, mark: &Mark) -> bool {
        self.is_of(mark) && self.arrived.last().is_some_and(|last| last + 1 == mark.number)
    }

    /// Adds a frame of this utterance that begins at sample `at`.
    pub(super) fn take(&mut self, mark: &Mark, at: u64) {
        if let Some(&last) = self.arrived.last() {
            // The gap is as long as the missing frames and not silent: they arrived altered.
            let missing = u64::from(mark.number.saturating_sub(last + 1));
            let gap = at.saturating_sub(self.until);
            self.altered |= gap == missing * FRAME_BYTES as u64 && !self.silent_since;
        }
        self.arrived.push(mark.number);
        let offset = mark.text_offset();
        for (known, byte) in self.text.iter_mut().skip(offset).zip(mark.text) {
            *known = Some(byte);
        }
        self.until = at + FRAME_BYTES as u64;
        self.silent_since = true;
    }

    /// Notes a sample that belongs to no intact frame.
    pub(super) fn skip(&mut self, sample: u8) {
        self.silent_since &= matches!(sample, 0xFF | 0x7F);
    }

    pub(super) fn has_all(&self) -> bool {
        self.distinct() == self.total
    }

    /// The verdict on the frames so far. `damaged_at` is where the last altered frame began.
    pub(super) fn verdict(&self, damaged_at: Option<u64>) -> Verdict {
        let distinct = self.distinct();
        let in_order = self.arrived.is_sorted();
        if self.altered || (distinct < self.total && damaged_at == Some(self.until)) {
            Verdict::Faulty(Fault::Altered)
        } else if usize::from(distinct) < self.arrived.len() {
            Verdict::Faulty(Fault::Doubled)
        } else if !in_order {
            Verdict::Faulty(Fault::Swapped)
        } else if self.heard_from_start() < distinct {
            Verdict::Faulty(Fault::Lost)
        } else if distinct < self.total {
            Verdict::Faulty(Fault::CutOff)
        } else {
            Verdict::Whole(self.known(self.text.len()))
        }
    }

    pub(super) fn partial(&self) -> PartialUtterance {
        let heard = self.heard_from_start();
        let share = self.text.len() * usize::from(heard) / usize::from(self.total.max(1));
        PartialUtterance {
            text: self.words_within(share),
            frames_heard: self.distinct(),
            total_frames: self.total,
            from_sample: self.from,
        }
    }

    fn sorted(&self) -> Vec<u16> {
        let mut frames = self.arrived.clone();
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    fn distinct(&self) -> u16 {
        self.sorted().len() as u16
    }

    /// Frames that arrived without a gap, counted from the first.
    fn heard_from_start(&self) -> u16 {
        self.sorted().iter().zip(0_u16..).take_while(|(frame, n)| *frame == n).count() as u16
    }

    /// The words that end within the first `bytes` of the text.
    fn words_within(&self, bytes: usize) -> String {
        let all = self.known(self.text.len());
        let until = all.floor_char_boundary(bytes);
        if until == all.len() || all[until..].starts_with(char::is_whitespace) {
            return all[..until].trim_end().to_owned();
        }
        let cut = all[..until].rfind(char::is_whitespace).unwrap_or(0);
        all[..cut].trim_end().to_owned()
    }

    /// The first `bytes` of the text. Bytes whose frames did not arrive are `?`.
    fn known(&self, bytes: usize) -> String {
        let bytes: Vec<u8> =
            self.text.iter().take(bytes).map(|byte| byte.unwrap_or(b'?')).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
