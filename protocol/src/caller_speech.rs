//! When the caller's speech begins and ends, as OpenAI's turn detection tells it (PIPE-11).
//!
//! A commit ends speech, whether its end was reported or not. Speech can last too long without a
//! commit, such as a television in the room. Then the daemon commits it; `actors::realtime` sends
//! that. It is the only manual commit while turn detection is on.

use std::time::{Duration, Instant};

/// How long speech may last without a commit.
pub const LONGEST_SPEECH: Duration = Duration::from_secs(30);

/// The caller's speech in one session.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallerSpeech {
    /// When it began, or when the daemon last asked for its commit. `None` while nobody speaks.
    since: Option<Instant>,
    /// Its end was reported. Its commit follows.
    stopped: bool,
    /// The daemon has asked for a commit, and the server has not answered.
    asked: bool,
}

/// Who ended a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommittedBy {
    /// The server's turn detection.
    TurnDetection,
    /// The daemon, because the speech did not end.
    Daemon,
}

impl CallerSpeech {
    /// Whether the caller speaks.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.since.is_some()
    }

    /// `input_audio_buffer.speech_started`.
    pub fn started(&mut self, now: Instant) {
        (self.since, self.stopped) = (Some(now), false);
    }

    /// `input_audio_buffer.speech_stopped`.
    pub fn stopped(&mut self) {
        (self.since, self.stopped) = (None, true);
    }

    /// `input_audio_buffer.committed`. A commit of turn detection that crosses the daemon's comes
    /// first: the reported end tells them apart.
    pub fn committed(&mut self) -> CommittedBy {
        self.since = None;
        if !std::mem::take(&mut self.stopped) && std::mem::take(&mut self.asked) {
            CommittedBy::Daemon
        } else {
            CommittedBy::TurnDetection
        }
    }

    /// The server had nothing to commit. Returns whether it still hears speech, and must be told to
    /// forget it.
    pub fn nothing_to_commit(&mut self) -> bool {
        std::mem::take(&mut self.asked) && self.since.take().is_some()
    }

    /// Takes the order to commit the speech, if it is due. If the server does not answer, it is asked again
    /// as much later.
    pub fn take_commit(&mut self, now: Instant) -> bool {
        let due = self.poll_timeout().is_some_and(|at| at <= now);
        if due {
            (self.since, self.asked) = (Some(now), true);
        }
        due
    }

    /// When the speech is to be committed. `None` while nobody speaks.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        Some(self.since? + LONGEST_SPEECH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves by hand")]
    fn base() -> Instant {
        Instant::now()
    }

    #[test]
    fn pipe_11_a_commit_ends_the_speech_with_or_without_its_reported_end() {
        for is_reported in [true, false] {
            let mut speech = CallerSpeech::default();
            speech.started(base());
            assert!(speech.is_active());
            if is_reported {
                speech.stopped();
            }
            assert_eq!(speech.committed(), CommittedBy::TurnDetection);
            assert!(!speech.is_active());
            assert_eq!(speech.poll_timeout(), None);
        }
    }

    #[test]
    fn pipe_11_speech_without_a_commit_is_committed_after_30_s_and_the_time_begins_with_each_turn()
    {
        let (mut speech, began) = (CallerSpeech::default(), base());
        speech.started(began);
        assert!(!speech.take_commit(began + Duration::from_millis(29_999)));
        speech.stopped();
        speech.committed();
        let again = began + Duration::from_secs(20);
        speech.started(again);
        assert!(!speech.take_commit(began + LONGEST_SPEECH));
        assert!(speech.take_commit(again + LONGEST_SPEECH));
        assert!(!speech.take_commit(again + LONGEST_SPEECH), "it is asked once");
        assert_eq!(speech.committed(), CommittedBy::Daemon);
        assert!(!speech.is_active());
    }

    #[test]
    fn pipe_11_a_commit_that_crosses_the_daemons_own_is_turn_detections() {
        let (mut speech, began) = (CallerSpeech::default(), base());
        speech.started(began);
        assert!(speech.take_commit(began + LONGEST_SPEECH));
        speech.stopped();
        assert_eq!(speech.committed(), CommittedBy::TurnDetection);
        assert!(!speech.nothing_to_commit(), "nobody speaks any more");
        speech.started(began + LONGEST_SPEECH);
        assert_eq!(speech.committed(), CommittedBy::TurnDetection, "the daemon's was refused");
    }

    #[test]
    fn pipe_11_speech_of_which_the_server_has_no_audio_is_forgotten() {
        let (mut speech, began) = (CallerSpeech::default(), base());
        assert!(!speech.nothing_to_commit(), "nothing was asked");
        speech.started(began);
        assert!(!speech.nothing_to_commit(), "an error about something else");
        assert!(speech.is_active());
        assert!(speech.take_commit(began + LONGEST_SPEECH));
        assert!(speech.nothing_to_commit());
        assert!(!speech.is_active());
    }

    #[test]
    fn pipe_11_a_server_that_does_not_answer_the_commit_is_asked_again() {
        let (mut speech, began) = (CallerSpeech::default(), base());
        speech.started(began);
        assert!(speech.take_commit(began + LONGEST_SPEECH));
        assert!(speech.take_commit(began + 2 * LONGEST_SPEECH));
    }
}
