//! The call's media stream, as the call sees it.

use serde::{Deserialize, Serialize};

use super::command::{Command, Record};
use super::ending::{HangUp, Phase};
use super::event::StreamEnd;
use super::reason::{EndReason, EndedBy};
use super::{Call, CallSetup, Moment, Now};
use crate::ids::StreamSid;
use crate::mistake::planted;
use crate::twilio::forms::CallStatus;

/// Whether there is a media stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamState {
    /// None has opened yet.
    Awaited {
        /// When to give up.
        until: Moment,
    },
    /// The newest one of the call. Older sockets are closed (CALL-9).
    Open {
        /// The stream that opened last.
        stream: StreamSid,
    },
    /// The socket broke. Twilio may come back by `/twilio/voice/resume`.
    Lost {
        /// When to give up.
        until: Moment,
    },
    /// It ended, and no other is awaited.
    Closed,
}

impl StreamState {
    /// The state at the webhook. A recording that plays before the stream can be of any length, and
    /// Twilio reports nothing of it. Then the call's longest duration is the bound; no session
    /// waits.
    pub(super) fn awaited(setup: &CallSetup, now: Moment) -> Self {
        let patience = if setup.opening.session_waits_for_stream() {
            setup.settings.ending.max_duration
        } else {
            setup.stream_patience
        };
        Self::Awaited { until: now + patience }
    }

    /// Whether audio can reach the caller.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl Call {
    pub(super) fn on_stream_opened(&mut self, stream: StreamSid, now: Now) {
        self.latencies.stream_opened(now.at);
        if matches!(self.stream, StreamState::Awaited { .. }) {
            self.send(Command::Record(Record::Answered(now.wall)));
        }
        self.stream = StreamState::Open { stream };
        self.note_recording(now);
        if !matches!(self.phase, Phase::HangingUp { .. }) {
            self.want_session(now);
        }
        self.speech.forget_play_times();
        self.settle_refused_put_through();
    }

    /// Whether a media stream is open.
    #[must_use]
    pub fn has_stream(&self) -> bool {
        self.stream.is_open()
    }

    /// At most one node has a session. The one that is cut off gives its own up when the stream has ended, and
    /// opens another if the stream comes back (RES-9).
    pub(super) fn on_cut_off(&mut self) {
        if matches!(self.stream, StreamState::Lost { .. }) && !planted!(KeptSession) {
            self.close_session();
        }
    }

    pub(super) fn on_stream_closed(&mut self, stream: &StreamSid, how: StreamEnd, now: Now) {
        let current = matches!(&self.stream, StreamState::Open { stream: open } if open == stream);
        if !current {
            return;
        }
        match (&self.phase, how) {
            (Phase::HandingOver { .. }, _) => self.on_stream_handed_over(),
            // The redirect stopped it. The call goes on until its terminal status.
            (Phase::HangingUp { how: HangUp::Apology | HangUp::PutThrough { .. }, .. }, _) => {
                self.stream = StreamState::Closed;
            }
            (Phase::HangingUp { how: HangUp::Rest | HangUp::Answered, .. }, _)
            | (_, StreamEnd::Stopped) => self.on_caller_gone(),
            // A page that has gone does not come back.
            (_, StreamEnd::Lost) if self.setup.is_test => self.on_caller_gone(),
            (_, StreamEnd::Lost) => {
                let patience = self.setup.stream_patience;
                let patience = if planted!(KeptSession) { patience * 20 } else { patience };
                self.stream = StreamState::Lost { until: now.at + patience };
            }
        }
    }

    fn on_caller_gone(&mut self) {
        self.stream = StreamState::Closed;
        self.over(EndReason::CallerHungUp, EndedBy::Caller);
    }

    pub(super) fn on_status(&mut self, status: CallStatus, duration_secs: Option<u32>, now: Now) {
        if !status.is_terminal() {
            return;
        }
        self.duration_secs = duration_secs.or(self.duration_secs);
        self.status = Some(status);
        let connected = !matches!(self.stream, StreamState::Awaited { .. });
        let reason = if status == CallStatus::Completed && connected {
            self.reason_while_handed_over(now).unwrap_or(EndReason::CallerHungUp)
        } else {
            EndReason::NotConnected
        };
        // Whoever has hung up on whom, the agent has put the caller through.
        let was_put_through = reason == EndReason::Transferred;
        let by = if was_put_through { EndedBy::Agent } else { EndedBy::Caller };
        self.stream = StreamState::Closed;
        self.over(reason, by);
    }
}
