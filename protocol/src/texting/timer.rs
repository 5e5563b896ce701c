//! The deadlines of a conversation, by the wall clock: they outlive a process.

use std::time::Duration;

use jiff::Timestamp;

use super::Conversation;
use super::sending::GIVE_UP_AFTER;
use super::state::Phase;

/// How long texts of one batch may keep coming (WA-5).
pub const LONGEST_SETTLE: Duration = Duration::from_secs(10);
/// How often it is looked whether a call goes on that another node may have.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long after a person's last text free messages may be sent.
pub const WINDOW: Duration = Duration::from_hours(24);
/// A message on its way must arrive within the window too.
const WINDOW_MARGIN: Duration = Duration::from_mins(1);

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The person has stopped writing, or has written for long enough.
    Settled,
    /// Whether the call still goes on is looked for again.
    CallLook,
    /// A message that was not sent is tried again.
    SendAgain,
}

/// Whether a free message may be sent to who wrote last at `last_came`.
#[must_use]
pub fn window_is_open(last_came: Option<Timestamp>, now: Timestamp) -> bool {
    last_came.is_some_and(|came| now < came + (WINDOW - WINDOW_MARGIN))
}

impl Conversation {
    /// The next deadline, and what it is for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        match &self.state.phase {
            Phase::Resting => Some((self.settles_at()?, Timer::Settled)),
            Phase::OnCall { look_at } => Some((*look_at, Timer::CallLook)),
            Phase::Pausing { until, .. } => Some((*until, Timer::SendAgain)),
            Phase::Preparing
            | Phase::Asking
            | Phase::Running
            | Phase::Clearing
            | Phase::Sending { .. } => None,
        }
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        let Some((at, timer)) = self.poll_timeout() else { return };
        if at > now {
            return;
        }
        match timer {
            Timer::Settled => self.begin_round(now),
            Timer::CallLook => self.look_again(now),
            Timer::SendAgain => self.send_again(now),
        }
    }

    fn settles_at(&self) -> Option<Timestamp> {
        let (first, last) = (self.state.owed.front()?, self.state.owed.back()?);
        let quiet = last.at + self.rules.settings.whatsapp.settle;
        Some(quiet.min(first.at + LONGEST_SETTLE))
    }

    /// Whether a send that keeps failing is given up.
    pub(super) fn is_too_late_to_send(&self, now: Timestamp) -> bool {
        !window_is_open(self.state.last_came, now)
            || self.state.sends_since.is_some_and(|since| now >= since + GIVE_UP_AFTER)
    }
}
