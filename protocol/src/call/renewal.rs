//! A session is replaced before OpenAI ends it, which is 60 min after it began (RES-3).
//!
//! From 50 min on it is replaced at the first quiet moment: nobody speaks, nothing runs and nothing is
//! owed, so nobody notices. If there was none by 58 min, a caller who speaks does not hold it up: what
//! they say is sent to the next session, too. At 59 min it is replaced whatever happens, as if it had
//! been lost: an answer that is being spoken is finished by one response.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::command::Command;
use super::ending::Phase;
use super::session::SessionState;
use super::{Call, Moment, Now};

/// How long after an order that was not carried out the next one follows.
const ORDER_AGAIN: Duration = Duration::from_secs(1);

/// How old a session may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionAges {
    /// From here on it is replaced at a quiet moment.
    pub quiet: Duration,
    /// From here on it is replaced while the agent is silent.
    pub between_answers: Duration,
    /// Here it is replaced whatever happens.
    pub last: Duration,
}

impl Default for SessionAges {
    fn default() -> Self {
        let minutes = Duration::from_mins;
        Self { quiet: minutes(50), between_answers: minutes(58), last: minutes(59) }
    }
}

/// Why a session is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// Its responses say nothing (PIPE-9).
    SaysNothing,
    /// It is old and nobody is busy. Not carried out if OpenAI hears speech or a response is under way.
    AtQuietMoment,
    /// It is older, and the agent is silent. Not carried out if a response is under way.
    BetweenAnswers,
    /// OpenAI would end it within a minute.
    AtOnce,
}

impl Call {
    /// When the session is to be replaced because of its age, if everything stays as it is.
    pub(super) fn renewal_deadline(&self) -> Option<Moment> {
        let SessionState::Ready { since, renewal_ordered, .. } = self.session else { return None };
        let ages = self.setup.session_ages;
        let age = if self.is_quiet() {
            ages.quiet
        } else if self.agent_is_silent() {
            ages.between_answers
        } else {
            ages.last
        };
        let again = renewal_ordered.map(|at| at + ORDER_AGAIN);
        Some((since + age).max(again.unwrap_or_default()))
    }

    pub(super) fn on_renewal_due(&mut self, now: Now) {
        let ages = self.setup.session_ages;
        let SessionState::Ready { session, since, renewal_ordered, .. } = &mut self.session else {
            return;
        };
        *renewal_ordered = Some(now.at);
        let why = if now.at >= *since + ages.last {
            Renewal::AtOnce
        } else if now.at >= *since + ages.between_answers {
            Renewal::BetweenAnswers
        } else {
            Renewal::AtQuietMoment
        };
        let session = *session;
        self.send(Command::RenewSession { session, why });
    }

    /// Nobody speaks, nothing runs, nothing is owed, and no words are awaited that would be lost.
    fn is_quiet(&self) -> bool {
        self.nobody_is_busy() && self.silence.awaits_no_words()
    }

    fn agent_is_silent(&self) -> bool {
        self.phase == Phase::Open && self.tools.running() == 0 && !self.speech.agent_speaks()
    }
}
