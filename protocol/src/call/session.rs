//! The call's Realtime session as the call sees it: there, or missing since when.

use std::time::Instant;

use super::command::Command;
use super::ending::Phase;
use super::event::SessionFault;
use super::reason::EndReason;
use super::{Call, Now};
use crate::business::OpeningLine;

/// Whether there is a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// None is wanted before the stream opens.
    NotWanted,
    /// None; one is being connected.
    Missing {
        /// Since when.
        since: Instant,
    },
    /// One is configured.
    Ready,
}

impl Session {
    /// At the webhook: it is being connected, unless it waits for the stream.
    pub(super) fn at_webhook(opening: &OpeningLine, now: Instant) -> Self {
        if opening.session_waits_for_stream() {
            Self::NotWanted
        } else {
            Self::Missing { since: now }
        }
    }
}

impl Call {
    /// The stream has opened: now there is something to do for a session that waited for it.
    pub(super) fn want_session(&mut self, now: Now) {
        if self.session == Session::NotWanted {
            self.session = Session::Missing { since: now.at };
            self.send(Command::OpenSession);
        }
    }

    pub(super) fn on_session_configured(&mut self, session: u32) {
        self.session = Session::Ready;
        let history = self.conversation.entries().to_vec();
        self.send(Command::Replay { session, history });
        self.ask_for_what_is_owed();
    }

    pub(super) fn on_session_lost(&mut self, fault: SessionFault, now: Now) {
        if self.session == Session::Ready {
            self.session = Session::Missing { since: now.at };
            self.settle_broken_responses(now);
        }
        if fault == SessionFault::Lasting {
            self.on_no_session(now);
        }
    }

    /// A session can't be had: the caller hears so by TwiML; an ending that was under way goes on
    /// without its line (END-6).
    pub(super) fn on_no_session(&mut self, now: Now) {
        match &self.phase {
            Phase::Open => self.apologise(EndReason::UpstreamFailed, now),
            Phase::Closing { .. } | Phase::Pausing { .. } => self.hang_up(now),
            Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
    }
}
