//! The caller's speech as OpenAI detects it, turn by turn. Speech that does not end is committed
//! (PIPE-11).

use std::time::Instant;

use protocol::call::Event;
use protocol::caller_speech::CommittedBy;
use protocol::ids::ItemId;
use protocol::openai::client_event::ClientEvent;

use super::SessionState;
use super::wire::COMMIT;

impl SessionState {
    pub(super) fn speech_started(&mut self, item: &ItemId, audio_start_ms: u64, now: Instant) {
        self.speech.started(now);
        self.gate.caller_speaks(true, now);
        self.uplink.speech_started(item, audio_start_ms);
        self.reports.push(Event::SpeechStarted);
    }

    pub(super) fn speech_stopped(&mut self, item: &ItemId, audio_end_ms: u64, now: Instant) {
        self.speech.stopped();
        self.gate.caller_speaks(false, now);
        self.uplink.speech_stopped(item, audio_end_ms);
        self.reports.push(Event::SpeechStopped);
    }

    /// A turn is committed. That ends the speech, even if its end was not reported.
    pub(super) fn committed(&mut self, item: &ItemId, now: Instant) {
        if self.speech.is_active() {
            self.gate.caller_speaks(false, now);
        }
        self.gate.turn_committed(item.clone());
        self.uplink.committed(item);
        let item = item.clone();
        self.reports.push(match self.speech.committed() {
            CommittedBy::TurnDetection => Event::TurnCommitted { item },
            CommittedBy::Daemon => Event::EndlessTurnCommitted { item },
        });
    }

    /// Commits speech that has lasted too long.
    pub(super) fn commit_endless_speech(&mut self, now: Instant) {
        if self.connection.is_live() && self.speech.take_commit(now) {
            tracing::warn!("the caller's speech does not end: it is committed");
            self.commits += 1;
            let event_id = format!("{COMMIT}-{}", self.commits);
            self.send(vec![ClientEvent::Commit { event_id }.to_json()]);
        }
    }

    /// The server has no audio of the speech that it hears. It is told to forget that speech.
    pub(super) fn nothing_to_commit(&mut self, now: Instant) {
        if self.speech.nothing_to_commit() {
            let event_id = format!("clear-{}", self.commits);
            self.send(vec![ClientEvent::Clear { event_id }.to_json()]);
            self.gate.caller_speaks(false, now);
            self.uplink.speech_forgotten();
            self.reports.push(Event::SpeechStopped);
        }
    }
}
