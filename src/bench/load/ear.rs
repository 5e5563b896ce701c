//! The model's turn detection: frames say themselves whether they are speech.

/// Frames of speech after which it has begun: 200 ms.
const BEGUN: u32 = 10;
/// Frames of silence after which it has ended: 500 ms.
const ENDED: u32 = 25;
/// Frames from a turn's end to its transcript.
const TRANSCRIBED: u64 = 15;

/// What a frame brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Nothing,
    Begun { turn: u32 },
    Ended { turn: u32 },
    Words { turn: u32 },
}

#[derive(Default)]
pub(super) struct Ear {
    frames: u64,
    loud: u32,
    quiet: u32,
    hears_speech: bool,
    turn: u32,
    words_at: Option<u64>,
}

impl Ear {
    /// Milliseconds heard.
    pub(super) fn heard_ms(&self) -> u64 {
        self.frames * 20
    }

    pub(super) fn hear(&mut self, is_loud: bool) -> Heard {
        self.frames += 1;
        (self.loud, self.quiet) = if is_loud { (self.loud + 1, 0) } else { (0, self.quiet + 1) };
        if !self.hears_speech && self.loud == BEGUN {
            self.hears_speech = true;
            self.turn += 1;
            return Heard::Begun { turn: self.turn };
        }
        if self.hears_speech && self.quiet == ENDED {
            self.hears_speech = false;
            self.words_at = Some(self.frames + TRANSCRIBED);
            return Heard::Ended { turn: self.turn };
        }
        match self.words_at {
            Some(at) if self.frames >= at => {
                self.words_at = None;
                Heard::Words { turn: self.turn }
            }
            _ => Heard::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_turn_begins_ends_and_gets_its_words() {
        let mut ear = Ear::default();
        let frames = (0..400).map(|frame| (frame % 200) >= 50 && (frame % 200) < 130);
        let heard: Vec<_> = frames.map(|is_loud| ear.hear(is_loud)).enumerate().collect();
        let heard: Vec<_> = heard.into_iter().filter(|(_, it)| *it != Heard::Nothing).collect();
        let turn = |turn: u32, from: usize| {
            let (begun, ended, words) =
                (Heard::Begun { turn }, Heard::Ended { turn }, Heard::Words { turn });
            [(from + 9, begun), (from + 104, ended), (from + 119, words)]
        };
        assert_eq!(heard, [turn(1, 50), turn(2, 250)].concat());
    }
}
