//! When a caller speaks, in frames.

/// From `start` to a caller's first words. The greeting takes 3 s.
const FIRST: u32 = 225;
/// Callers begin to speak spread over this time.
const SPREAD: u32 = 200;
/// A caller who warms the subject up has few words: the second of them interrupt the answer to the first.
const FIRST_OF_FEW: u32 = 150;
const PAUSE_OF_FEW: u32 = 130;
/// How long a caller speaks: 1.6 s.
const SPEAKS: u32 = 80;
/// From the beginning of a turn to that of the next. An answer begins 2.1 s into a turn, has been sent 1.1 s
/// later and lasts 4 s. So the short ones interrupt it: the first when it has been sent, the second before.
const PAUSES: [u32; 8] = [400, 400, 400, 180, 400, 400, 400, 130];

pub(super) struct Script {
    begins: u32,
    turn: usize,
    pauses: &'static [u32],
}

impl Script {
    pub(super) fn new(caller: u32) -> Self {
        let begins = FIRST + caller % SPREAD * 37 % SPREAD;
        Self { begins, turn: caller as usize, pauses: &PAUSES }
    }

    pub(super) fn of_few_words() -> Self {
        Self { begins: FIRST_OF_FEW, turn: 0, pauses: &[PAUSE_OF_FEW] }
    }

    /// Whether the caller speaks in this frame. Frames are asked for in order.
    pub(super) fn speaks(&mut self, frame: u32) -> bool {
        if frame >= self.begins + SPEAKS {
            self.begins += self.pauses[self.turn % self.pauses.len()];
            self.turn += 1;
        }
        frame >= self.begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_speaks_for_80_frames_and_interrupts_every_fourth_time() {
        let mut script = Script::new(0);
        let speaks: Vec<bool> = (0..3200).map(|frame| script.speaks(frame)).collect();
        let begins = |frame: &usize| speaks[*frame] && !speaks[*frame - 1];
        let turns: Vec<usize> = (1..3200).filter(begins).collect();
        assert_eq!(turns, [225, 625, 1025, 1425, 1605, 2005, 2405, 2805, 2935]);
        assert_eq!(speaks.iter().filter(|speaks| **speaks).count(), 9 * 80);
    }
}
