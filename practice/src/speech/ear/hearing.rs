//! One utterance as far as it was heard, and the verdict on it.

use super::{Fault, Partial};
use crate::speech::FRAME_BYTES;
use crate::speech::mark::Mark;

/// The frames of one utterance as they came.
#[derive(Debug)]
pub(super) struct Hearing {
    id: u32,
    total: u16,
    text: Vec<Option<u8>>,
    /// Frame numbers in the order of their coming.
    came: Vec<u16>,
    altered: bool,
    from: u64,
    until: u64,
    /// Whether all that came since `until` was silence.
    silent_since: bool,
}

/// What became of an utterance.
pub(super) enum Verdict {
    Whole(String),
    Flawed(Fault),
}

impl Hearing {
    /// Begins with a frame at sample `from`; `damaged_before` when the stretch just before it
    /// looked like a frame with something altered.
    pub(super) fn new(mark: &Mark, from: u64, damaged_before: bool) -> Self {
        Self {
            id: mark.utterance,
            total: mark.total,
            text: vec![None; usize::from(mark.text_len)],
            came: Vec::new(),
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

    /// The sample after the last frame that came.
    pub(super) fn until(&self) -> u64 {
        self.until
    }

    pub(super) fn is_of(&self, mark: &Mark) -> bool {
        self.id == mark.utterance
    }

    /// Whether this frame is the very next one.
    pub(super) fn goes_on_with(&self, mark: &Mark) -> bool {
        self.is_of(mark) && self.came.last().is_some_and(|last| last + 1 == mark.number)
    }

    /// Takes a frame of this utterance that begins at sample `at`.
    pub(super) fn take(&mut self, mark: &Mark, at: u64) {
        if let Some(&last) = self.came.last() {
            // As many samples as the missing frames have, and not silence: they came, altered.
            let missing = u64::from(mark.number.saturating_sub(last + 1));
            let gap = at.saturating_sub(self.until);
            self.altered |= gap == missing * FRAME_BYTES as u64 && !self.silent_since;
        }
        self.came.push(mark.number);
        let offset = mark.text_offset();
        for (known, byte) in self.text.iter_mut().skip(offset).zip(mark.text) {
            *known = Some(byte);
        }
        self.until = at + FRAME_BYTES as u64;
        self.silent_since = true;
    }

    /// A sample passed that belongs to no intact frame.
    pub(super) fn pass(&mut self, sample: u8) {
        self.silent_since &= matches!(sample, 0xFF | 0x7F);
    }

    pub(super) fn has_all(&self) -> bool {
        self.distinct() == self.total
    }

    /// What is to be said of it as it stands; `damaged_at` is where a frame last began with
    /// something altered in it.
    pub(super) fn verdict(&self, damaged_at: Option<u64>) -> Verdict {
        let distinct = self.distinct();
        let in_order = self.came.is_sorted();
        if self.altered || (distinct < self.total && damaged_at == Some(self.until)) {
            Verdict::Flawed(Fault::Altered)
        } else if usize::from(distinct) < self.came.len() {
            Verdict::Flawed(Fault::Doubled)
        } else if !in_order {
            Verdict::Flawed(Fault::Swapped)
        } else if self.heard_from_start() < distinct {
            Verdict::Flawed(Fault::Lost)
        } else if distinct < self.total {
            Verdict::Flawed(Fault::CutOff)
        } else {
            Verdict::Whole(self.known(self.text.len()))
        }
    }

    pub(super) fn partial(&self) -> Partial {
        let heard = self.heard_from_start();
        let share = self.text.len() * usize::from(heard) / usize::from(self.total.max(1));
        Partial {
            text: self.words_within(share),
            frames_heard: self.distinct(),
            frames_in_all: self.total,
            from_sample: self.from,
        }
    }

    fn sorted(&self) -> Vec<u16> {
        let mut frames = self.came.clone();
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    fn distinct(&self) -> u16 {
        self.sorted().len() as u16
    }

    /// Frames from the first one on without a hole.
    fn heard_from_start(&self) -> u16 {
        self.sorted().iter().zip(0_u16..).take_while(|(frame, n)| *frame == n).count() as u16
    }

    /// The first bytes of the text without a word that reaches over their end.
    fn words_within(&self, bytes: usize) -> String {
        let all = self.known(self.text.len());
        let until = all.floor_char_boundary(bytes);
        if until == all.len() || all[until..].starts_with(char::is_whitespace) {
            return all[..until].trim_end().to_owned();
        }
        let cut = all[..until].rfind(char::is_whitespace).unwrap_or(0);
        all[..cut].trim_end().to_owned()
    }

    /// The first bytes of the text as far as frames with them came; the rest as `?`.
    fn known(&self, bytes: usize) -> String {
        let bytes: Vec<u8> =
            self.text.iter().take(bytes).map(|byte| byte.unwrap_or(b'?')).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
