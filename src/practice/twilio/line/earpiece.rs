//! What the caller's ear is held to: it understands what is played, and keeps it.

use bytes::Bytes;

use crate::practice::speech::{Ear, Heard, Partial, duration_of};
use crate::practice::twilio::view::{CallView, HeardSpeech, Recording};

/// The ear of one call and the recording of both sides. Positions are samples of line time.
#[derive(Debug, Default)]
pub(super) struct Earpiece {
    ear: Ear,
    recording: Recording,
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
        let mut heard = self.quiet_until(at);
        heard.extend(self.ear.hear(ulaw));
        self.recording.agent.0.push((at, ulaw.clone()));
        self.told(heard)
    }

    /// None: silence told nothing new.
    pub(super) fn hear_nothing(&mut self, until: u64) -> Option<Told> {
        let heard = self.quiet_until(until);
        (!heard.is_empty()).then(|| self.told(heard))
    }

    pub(super) fn close(&mut self) -> Told {
        let heard = self.ear.finish();
        self.told(heard)
    }

    /// Feeds the silence since the last audio, so that the ear's position is line time.
    fn quiet_until(&mut self, at: u64) -> Vec<Heard> {
        let behind = at.saturating_sub(self.ear.position());
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
