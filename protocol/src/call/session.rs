//! The call's Realtime session, as the call sees it.

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::conversation::Entry;
use super::ending::Phase;
use super::event::SessionFault;
use super::{Call, Moment, Now};
use crate::business::OpeningLine;
use crate::ids::ResponseId;
use crate::mistake::planted;

/// Whether there is a session. `actors::realtime` has the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionState {
    /// None is wanted, until the stream opens.
    NotWanted,
    /// There is none yet, or none any more. One is being connected.
    Missing { since: Moment },
    /// One is configured.
    Ready {
        /// Numbers the sessions of a call.
        session: u32,
        /// The first so many entries of the transcript were in its replay.
        told: u32,
        /// When it was configured.
        #[serde(default)]
        since: Moment,
        /// When it was last ordered to be replaced because of its age.
        #[serde(default)]
        renewal_ordered: Option<Moment>,
    },
}

impl SessionState {
    pub(super) fn is_ready(self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// Whether the entry was in the session's replay.
    pub(super) fn was_told(self, entry: &Entry) -> bool {
        matches!(self, Self::Ready { told, .. } if entry.number <= told)
    }

    /// The state at the webhook. A session is connected at once, unless it waits for the stream.
    pub(super) fn at_webhook(opening: &OpeningLine, now: Moment) -> Self {
        if opening.session_waits_for_stream() {
            Self::NotWanted
        } else {
            Self::Missing { since: now }
        }
    }
}

impl Call {
    /// The stream has opened. A session that waited for it is opened now.
    pub(super) fn want_session(&mut self, now: Now) {
        if self.session == SessionState::NotWanted {
            self.session = SessionState::Missing { since: now.at };
            self.send(Command::OpenSession);
        }
    }

    /// Nobody is to speak with the session any more. It would cost money unused.
    pub(super) fn close_session(&mut self) {
        if self.session != SessionState::NotWanted {
            self.session = SessionState::NotWanted;
            self.close_broken_responses();
            self.send(Command::CloseSession);
        }
    }

    /// One that was closed meanwhile is not used.
    pub(super) fn on_session_configured(&mut self, session: u32, now: Now) {
        if self.session == SessionState::NotWanted {
            return;
        }
        let told = self.conversation.last_number();
        self.session = SessionState::Ready { session, told, since: now.at, renewal_ordered: None };
        let history = self.conversation.entries().cloned().collect();
        self.send(Command::Replay { session, history });
        self.ask_for_what_is_owed();
    }

    pub(super) fn on_session_lost(
        &mut self,
        fault: SessionFault,
        unplayed: &[ResponseId],
        now: Now,
    ) {
        if self.session.is_ready() {
            self.session = SessionState::Missing { since: now.at };
            unplayed.iter().for_each(|response| self.speech.discard_audio_of(response));
            self.close_broken_responses();
        }
        self.note_lost_session(now);
        if matches!(fault, SessionFault::Lasting(_))
            || self.breaks_off_too_often()
            || planted!(ClippedClosing if self.is_closing())
        {
            self.on_no_session(now);
        }
    }

    #[cfg(feature = "mistakes")]
    fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    /// No session can be had. The caller is put through or hears an apology, by TwiML; an ending that
    /// was under way goes on without its line (END-6).
    pub(super) fn on_no_session(&mut self, now: Now) {
        match &self.phase {
            Phase::Open => self.give_up(now),
            Phase::Closing { .. } | Phase::Pausing { .. } => self.hang_up(now),
            Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
    }
}
