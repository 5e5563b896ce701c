//! When a caller speaks, in frames.

/// From `start` to a caller's first words. The greeting takes 3 s.
const FIRST: u32 = 225;
/// Callers begin to speak spread over this time.
const SPREAD: u32 = 200;
/// How long a caller speaks: 1.6 s.
const SPEAKS: u32 = 80;
/// From the beginning of a turn to that of the next. An answer begins 2.1 s into a turn, has been sent 1.1 s
/// later and lasts 4 s. So the short ones interrupt it: the first when it has been sent, the second before.
const PAUSES: [u32; 8] = [400, 400, 400, 180, 400, 400, 400, 130];

pub(super) struct Script {
    begins: u32,
    turn: usize,
}

impl Script {
    pub(super) fn new(caller: u16) -> Self {
        Self { begins: FIRST + u32::from(caller) * 37 % SPREAD, turn: usize::from(caller) }
    }

    /// Whether the caller speaks in this frame. Frames are asked for in order.
    pub(super) fn speaks(&mut self, frame: u32) -> bool {
        if frame >= self.begins + SPEAKS {
            self.begins += PAUSES[self.turn % PAUSES.len()];
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
