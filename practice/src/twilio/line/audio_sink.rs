//! The caller's end of the playback: decodes what is played, and records both sides.

use bytes::Bytes;

use crate::speech::{Decoded, PartialUtterance, SpeechDecoder, duration_of};
use crate::twilio::view::{CallView, HeardSpeech, Recording};

/// Decodes and records one call. Positions are samples of line time.
#[derive(Debug, Default)]
pub(super) struct AudioSink {
    decoder: SpeechDecoder,
    recording: Recording,
    /// The last audio will not go on: it was cut, or silence followed.
    cut: bool,
}

/// Changes to the call's view.
pub(super) struct SinkUpdate {
    speeches: Vec<HeardSpeech>,
    hearing: Option<PartialUtterance>,
}

impl SinkUpdate {
    pub(super) fn apply(self, view: &mut CallView) {
        view.heard.extend(self.speeches);
        view.hearing = self.hearing;
    }
}

impl AudioSink {
    pub(super) fn record_caller(&mut self, at: u64, ulaw: Bytes) {
        self.recording.caller.0.push((at, ulaw));
    }

    pub(super) fn recording(&self) -> Recording {
        self.recording.clone()
    }

    pub(super) fn forget_recording(&mut self) {
        self.recording = Recording::default();
    }

    pub(super) fn play(&mut self, at: u64, ulaw: &Bytes) -> SinkUpdate {
        // A gap within a frame is moved to the frame's end: a telephone knows no frames.
        let rest = self.missing().min(ulaw.len());
        let mut decoded = self.decoder.decode(&ulaw[..rest]);
        if self.missing() == 0 {
            decoded.extend(self.silence_until(at + rest as u64));
        }
        decoded.extend(self.decoder.decode(&ulaw[rest..]));
        self.cut = false;
        self.recording.agent.0.push((at, ulaw.clone()));
        self.update(decoded)
    }

    /// `None` if the silence changes nothing.
    pub(super) fn play_silence(&mut self, until: u64) -> Option<SinkUpdate> {
        if self.missing() > 0 && until < self.decoder.position() + SpeechDecoder::PATIENCE {
            return None;
        }
        let decoded = self.silence_until(until);
        (!decoded.is_empty()).then(|| self.update(decoded))
    }

    /// The current utterance will not go on: its speaker was silenced, or the stream is gone.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    pub(super) fn close(&mut self) -> SinkUpdate {
        let decoded = self.decoder.finish();
        self.update(decoded)
    }

    /// Samples missing to complete the frame; 0 if it was cut.
    fn missing(&self) -> usize {
        if self.cut { 0 } else { self.decoder.missing_samples() }
    }

    /// Decodes the silence since the last audio, so that the decoder's position is line time.
    fn silence_until(&mut self, at: u64) -> Vec<Decoded> {
        let behind = at.saturating_sub(self.decoder.position());
        self.cut |= behind > 0;
        self.decoder.decode(&vec![0xFF; behind as usize])
    }

    fn update(&self, decoded: Vec<Decoded>) -> SinkUpdate {
        let speech = |text, flaw, from, to| {
            Some(HeardSpeech { text, flaw, from: duration_of(from), to: duration_of(to) })
        };
        let speech = |event| match event {
            Decoded::Started { .. } => None,
            Decoded::Utterance { text, from_sample, to_sample } => {
                speech(text, None, from_sample, to_sample)
            }
            Decoded::Broken { text_so_far, fault, from_sample, to_sample, .. } => {
                speech(text_so_far, Some(fault), from_sample, to_sample)
            }
        };
        let speeches = decoded.into_iter().filter_map(speech).collect();
        SinkUpdate { speeches, hearing: self.decoder.partial() }
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

    /// What is decoded of two pieces with a gap of so many samples between them.
    fn heard(
        first: &Bytes,
        gap: u64,
        second: &Bytes,
        in_the_gap: impl Fn(&mut AudioSink),
    ) -> Speeches {
        let mut sink = AudioSink::default();
        let mut speeches = Vec::new();
        let mut take = |update: SinkUpdate| speeches.extend(update.speeches);
        take(sink.play(800, first));
        let resumes = 800 + first.len() as u64 + gap;
        for until in (800 + first.len() as u64..=resumes).step_by(100) {
            sink.play_silence(until).into_iter().for_each(&mut take);
        }
        in_the_gap(&mut sink);
        take(sink.play(resumes, second));
        take(sink.close());
        speeches.into_iter().map(|speech| (speech.text, speech.flaw)).collect()
    }

    type Speeches = Vec<(String, Option<Fault>)>;

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
        let (speech, mut sink) = (speech(), AudioSink::default());
        let mut speeches = sink.play(0, &speech.slice(..MID_FRAME)).speeches;
        let mut at = MID_FRAME as u64 + 500;
        for piece in [speech.slice(MID_FRAME..MID_FRAME + 9), speech.slice(MID_FRAME + 9..)] {
            speeches.extend(sink.play(at, &piece).speeches);
            at += piece.len() as u64;
        }
        assert_eq!((speeches.len(), speeches[0].flaw), (1, None));
        assert_eq!(sink.decoder.position(), at, "the gap is only moved");
    }

    #[test]
    fn prac_2_a_frame_that_was_cut_stays_cut() {
        let (speech, other) =
            (speech(), Bytes::from(Voice::built_in().speak("four", "en").ulaw().to_vec()));
        let found = heard(&speech.slice(..MID_FRAME), 500, &other, AudioSink::cut);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].1, &found[1]), (Some(Fault::CutOff), &("four".to_owned(), None)));
        let never = heard(&speech.slice(..MID_FRAME), 20_000, &other, |_| ());
        assert_eq!((never[0].1, &never[1]), (Some(Fault::CutOff), &("four".to_owned(), None)));
    }

    #[test]
    fn prac_2_what_is_lost_doubled_or_altered_at_a_gap_is_still_detected() {
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
