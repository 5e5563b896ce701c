//! What the caller's ear is held to: it understands what is played, and keeps it.

use bytes::Bytes;

use crate::speech::{Ear, Heard, Partial, duration_of};
use crate::twilio::view::{CallView, HeardSpeech, Recording};

/// The ear of one call and the recording of both sides. Positions are samples of line time.
#[derive(Debug, Default)]
pub(super) struct Earpiece {
    ear: Ear,
    recording: Recording,
    /// What was heard last will not go on: it was cut, or silence came after it.
    cut: bool,
}

/// What the ear made out, ready to be shown.
pub(super) struct Told {
    speeches: Vec<HeardSpeech>,
    hearing: Option<Partial>,
}

impl Told {
    pub(super) fn show(self, view: &mut CallView) {
        view.heard.extend(self.speeches);
        view.hearing = self.hearing;
    }
}

impl Earpiece {
    pub(super) fn record_caller(&mut self, at: u64, ulaw: Bytes) {
        self.recording.caller.0.push((at, ulaw));
    }

    pub(super) fn recording(&self) -> Recording {
        self.recording.clone()
    }

    pub(super) fn forget_recording(&mut self) {
        self.recording = Recording::default();
    }

    pub(super) fn hear(&mut self, at: u64, ulaw: &Bytes) -> Told {
        // A gap in the middle of a frame is put off to the frame's end: a telephone has no frames.
        let rest = self.awaited().min(ulaw.len());
        let mut heard = self.ear.hear(&ulaw[..rest]);
        if self.awaited() == 0 {
            heard.extend(self.quiet_until(at + rest as u64));
        }
        heard.extend(self.ear.hear(&ulaw[rest..]));
        self.cut = false;
        self.recording.agent.0.push((at, ulaw.clone()));
        self.told(heard)
    }

    /// None: silence told nothing new.
    pub(super) fn hear_nothing(&mut self, until: u64) -> Option<Told> {
        if self.awaited() > 0 && until < self.ear.position() + Ear::PATIENCE {
            return None;
        }
        let heard = self.quiet_until(until);
        (!heard.is_empty()).then(|| self.told(heard))
    }

    /// What is being heard will not go on: its speaker was silenced, or the stream is gone.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    pub(super) fn close(&mut self) -> Told {
        let heard = self.ear.finish();
        self.told(heard)
    }

    /// Samples without which the frame that is being heard is none, unless it was cut.
    fn awaited(&self) -> usize {
        if self.cut { 0 } else { self.ear.lacks() }
    }

    /// Feeds the silence since the last audio, so that the ear's position is line time.
    fn quiet_until(&mut self, at: u64) -> Vec<Heard> {
        let behind = at.saturating_sub(self.ear.position());
        self.cut |= behind > 0;
        self.ear.hear(&vec![0xFF; behind as usize])
    }

    fn told(&self, heard: Vec<Heard>) -> Told {
        let speech = |text, flaw, from, to| {
            Some(HeardSpeech { text, flaw, from: duration_of(from), to: duration_of(to) })
        };
        let speech = |heard| match heard {
            Heard::Started { .. } => None,
            Heard::Utterance { text, from_sample, to_sample } => {
                speech(text, None, from_sample, to_sample)
            }
            Heard::Broken { text_so_far, why, from_sample, at, .. } => {
                speech(text_so_far, Some(why), from_sample, at)
            }
        };
        let speeches = heard.into_iter().filter_map(speech).collect();
        Told { speeches, hearing: self.ear.hearing() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::{Fault, Voice};

    const TEXT: &str = "one two three";
    /// Into the eleventh frame.
    const MID_FRAME: usize = 10 * 160 + 57;

    fn speech() -> Bytes {
        Bytes::from(Voice::built_in().speak(TEXT, "en").ulaw().to_vec())
    }

    /// What is heard of two pieces with a gap of so many samples between them.
    fn heard(
        first: &Bytes,
        gap: u64,
        second: &Bytes,
        in_the_gap: impl Fn(&mut Earpiece),
    ) -> CallEar {
        let mut earpiece = Earpiece::default();
        let mut speeches = Vec::new();
        let mut take = |told: Told| speeches.extend(told.speeches);
        take(earpiece.hear(800, first));
        let resumes = 800 + first.len() as u64 + gap;
        for until in (800 + first.len() as u64..=resumes).step_by(100) {
            earpiece.hear_nothing(until).into_iter().for_each(&mut take);
        }
        in_the_gap(&mut earpiece);
        take(earpiece.hear(resumes, second));
        take(earpiece.close());
        speeches.into_iter().map(|speech| (speech.text, speech.flaw)).collect()
    }

    type CallEar = Vec<(String, Option<Fault>)>;

    #[test]
    fn prac_2_audio_that_comes_late_leaves_a_gap_between_frames_and_not_within_one() {
        let speech = speech();
        for at in [1600, MID_FRAME, 1601, 1759] {
            let (first, second) = (speech.slice(..at), speech.slice(at..));
            for gap in [1, 80, 160, 1000, 8000] {
                let found = heard(&first, gap, &second, |_| ());
                assert_eq!(found, [(TEXT.to_owned(), None)], "{gap} samples at {at}");
            }
        }
    }

    #[test]
    fn prac_2_the_rest_of_a_frame_may_come_in_pieces() {
        let (speech, mut earpiece) = (speech(), Earpiece::default());
        let mut speeches = earpiece.hear(0, &speech.slice(..MID_FRAME)).speeches;
        let mut at = MID_FRAME as u64 + 500;
        for piece in [speech.slice(MID_FRAME..MID_FRAME + 9), speech.slice(MID_FRAME + 9..)] {
            speeches.extend(earpiece.hear(at, &piece).speeches);
            at += piece.len() as u64;
        }
        assert_eq!((speeches.len(), speeches[0].flaw), (1, None));
        assert_eq!(earpiece.ear.position(), at, "the gap is only put off");
    }

    #[test]
    fn prac_2_a_frame_that_was_cut_stays_cut() {
        let (speech, other) =
            (speech(), Bytes::from(Voice::built_in().speak("four", "en").ulaw().to_vec()));
        let found = heard(&speech.slice(..MID_FRAME), 500, &other, Earpiece::cut);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].1, &found[1]), (Some(Fault::CutOff), &("four".to_owned(), None)));
        let never = heard(&speech.slice(..MID_FRAME), 20_000, &other, |_| ());
        assert_eq!((never[0].1, &never[1]), (Some(Fault::CutOff), &("four".to_owned(), None)));
    }

    #[test]
    fn prac_2_what_is_lost_doubled_or_altered_at_a_gap_is_still_found_out() {
        let speech = speech();
        let mut altered = speech.slice(MID_FRAME..).to_vec();
        altered[3] ^= 0x10;
        for (second, why) in [
            (speech.slice(MID_FRAME + 1..), "a sample lost"),
            (speech.slice(MID_FRAME + 160..), "a frame lost"),
            (speech.slice(MID_FRAME - 1..), "a sample doubled"),
            (Bytes::from(altered), "a sample altered"),
        ] {
            let found = heard(&speech.slice(..MID_FRAME), 300, &second, |_| ());
            assert!(
                found.iter().any(|(_, flaw)| flaw.is_some_and(|flaw| flaw != Fault::CutOff)),
                "{why}: {found:?}"
            );
        }
    }
}
