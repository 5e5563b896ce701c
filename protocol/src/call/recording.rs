//! The recording of a greeting, which Twilio plays before the stream opens (GREET-1, CALL-12).

use serde::{Deserialize, Serialize};

use super::conversation::Body;
use super::ending::Phase;
use super::stream::StreamState;
use super::{Call, Now};
use crate::business::OpeningLine;

/// How far the recording has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Recording {
    /// The business has none, it was played, or it can't be played.
    NotPlayed,
    /// Every voice webhook gets it: Twilio may not have had the answer before.
    Wanted,
}

impl Recording {
    pub(super) fn of(opening: &OpeningLine) -> Self {
        match opening {
            OpeningLine::Played { .. } => Self::Wanted,
            OpeningLine::Spoken { .. } | OpeningLine::Silent => Self::NotPlayed,
        }
    }
}

impl Call {
    /// URL of the recording that the next voice webhook gets; `None` once a stream has opened.
    #[must_use]
    pub fn recording_url(&self) -> Option<&str> {
        match (self.recording, &self.setup.opening) {
            (Recording::Wanted, OpeningLine::Played { audio_url, .. }) => Some(audio_url),
            _ => None,
        }
    }

    /// The stream follows the recording: the caller has heard it.
    pub(super) fn note_recording(&mut self, now: Now) {
        if let Some(text) = self.take_recording() {
            self.add_entry(Body::Recorded(text), now);
        }
    }

    /// The agent greets in its place, as in mode `realtime`.
    pub(super) fn on_recording_failed(&mut self, now: Now) {
        let Some(text) = self.take_recording() else { return };
        if self.phase != Phase::Open {
            return;
        }
        self.stream = StreamState::Awaited { until: now.at + self.setup.stream_patience };
        self.owe_spoken_greeting(text);
        self.want_session(now);
    }

    /// The recording's words, if it was to be played.
    fn take_recording(&mut self) -> Option<String> {
        let wanted = std::mem::replace(&mut self.recording, Recording::NotPlayed);
        match (wanted, &self.setup.opening) {
            (Recording::Wanted, OpeningLine::Played { text, .. }) => Some(text.clone()),
            _ => None,
        }
    }
}
