//! How a call ends: open, closing (the last line is asked for or being played), pausing, hanging up,
//! over. It ends once, whatever arrives together; the first reason stands.

use std::time::{Duration, Instant};

use super::command::{Command, Record};
use super::interjection::Interjection;
use super::reason::{EndReason, EndedBy, Ending};
use super::stream::StreamState;
use super::{Call, Now};
use crate::ids::ResponseId;
use crate::response_gate::{AskNumber, ScriptedLine, Want};

/// How long the last line may take to begin before the call is ended without it (END-6).
const FIRST_AUDIO_PATIENCE: Duration = Duration::from_secs(5);
/// How long after its expected end a line's mark may come (END-6).
pub(super) const MARK_GRACE: Duration = Duration::from_secs(3);
/// How long a line that has begun may go on arriving; a session that stalls is noticed far sooner.
const LINE_PATIENCE: Duration = Duration::from_secs(60);
/// How long a hang-up may stay unanswered: the REST client itself gives up after 30 s.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(35);
/// How long after an answered hang-up the stream or the status may take to say so.
pub(super) const AFTER_HANG_UP: Duration = Duration::from_secs(5);
/// How long a TwiML apology may take to be spoken.
const APOLOGY_PATIENCE: Duration = Duration::from_secs(60);

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The conversation goes on.
    Open,
    /// The last line is asked for, or being played.
    Closing {
        /// Why the call ends.
        ending: Ending,
        /// The line.
        line: ClosingLine,
        /// What the caller says meanwhile.
        interjection: Interjection,
    },
    /// The last line was heard; the hang-up follows.
    Pausing {
        /// Why the call ends.
        ending: Ending,
        /// When to hang up, unless the caller speaks.
        until: Instant,
        /// What the caller says meanwhile.
        interjection: Interjection,
    },
    /// The caller is put through to a person: Twilio rings them, or the two speak (CALL-10).
    HandingOver {
        /// Since when.
        since: Instant,
        /// When to end the call, whatever Twilio says.
        until: Instant,
    },
    /// Twilio was told to end the call.
    HangingUp {
        /// Why the call ends.
        ending: Ending,
        /// How Twilio was told.
        how: HangUp,
        /// When to stop waiting for it to be so.
        until: Instant,
    },
    /// The call is over.
    Over {
        /// Why it ended.
        ending: Ending,
    },
}

/// How Twilio is told to end a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// `Status=completed` (CALL-6).
    Rest,
    /// A document that apologises and hangs up (RES-3).
    Apology,
    /// The answer to the webhook that asked what follows a transfer (CALL-10).
    Answered,
}

/// The last line of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClosingLine {
    /// It was asked for; none of it came yet.
    Awaited {
        /// The ask.
        ask: AskNumber,
        /// When to end the call without it.
        until: Instant,
    },
    /// It is being spoken.
    Speaking {
        /// The response that speaks it.
        response: ResponseId,
        /// When to end the call if its end can't be told.
        fallback: Instant,
    },
}

impl Phase {
    /// How the call ended or is about to.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        match self {
            Self::Open | Self::HandingOver { .. } => None,
            Self::Closing { ending, .. }
            | Self::Pausing { ending, .. }
            | Self::HangingUp { ending, .. }
            | Self::Over { ending } => Some(*ending),
        }
    }

    /// Its name, for the introspection.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closing { .. } => "closing",
            Self::Pausing { .. } => "pausing",
            Self::HandingOver { .. } => "handing_over",
            Self::HangingUp { .. } => "hanging_up",
            Self::Over { .. } => "over",
        }
    }
}

impl Call {
    /// Ends the call politely: the line that fits `reason` is asked for, played, and followed by the
    /// hang-up.
    pub(super) fn close(&mut self, reason: EndReason, by: EndedBy, now: Now) {
        if self.phase != Phase::Open {
            return;
        }
        let interjection = self.interjection_at_the_end(reason, now);
        self.stop_deciding();
        self.withdraw_what_waits();
        let text = match reason {
            EndReason::CustomerDeclined => &self.setup.lines.decline,
            EndReason::LeadComplete => &self.setup.lines.lead_complete,
            EndReason::NoResponse => &self.setup.lines.no_response,
            EndReason::Transferred => &self.setup.lines.transfer_farewell,
            EndReason::UserGoodbye
            | EndReason::MaxDuration
            | EndReason::CallerHungUp
            | EndReason::Operator
            | EndReason::UpstreamFailed
            | EndReason::StreamLost
            | EndReason::NotConnected
            | EndReason::Machine
            | EndReason::Internal
            | EndReason::Shutdown => &self.setup.lines.closing,
        };
        let text = text.clone();
        let line = ScriptedLine::Closing;
        let wording = self.wording();
        let ask = self.owe(Want::Line { line, text, wording });
        let until = now.at + FIRST_AUDIO_PATIENCE;
        self.phase = Phase::Closing {
            ending: Ending { reason, by },
            line: ClosingLine::Awaited { ask, until },
            interjection,
        };
    }

    /// Ends the call politely with words the agent has spoken already (END-2).
    pub(super) fn close_with(
        &mut self,
        response: ResponseId,
        reason: EndReason,
        by: EndedBy,
        now: Now,
    ) {
        if self.phase != Phase::Open {
            return;
        }
        let interjection = self.interjection_at_the_end(reason, now);
        self.stop_deciding();
        self.withdraw_what_waits();
        self.phase = Phase::Closing {
            ending: Ending { reason, by },
            line: ClosingLine::Speaking { response, fallback: now.at + LINE_PATIENCE },
            interjection,
        };
        self.look_whether_the_last_line_was_heard(now);
    }

    /// The response that speaks the awaited last line has begun to speak.
    pub(super) fn last_line_began(&mut self, response: &ResponseId, now: Now) {
        let serves = |ask: &AskNumber| self.speech.serves(response, *ask);
        if let Phase::Closing { line: ClosingLine::Awaited { ask, .. }, .. } = &self.phase
            && serves(ask)
            && let Phase::Closing { line, .. } = &mut self.phase
        {
            let fallback = now.at + LINE_PATIENCE;
            *line = ClosingLine::Speaking { response: response.clone(), fallback };
        }
    }

    /// The last line can't be spoken (any more): the call ends without the rest of it.
    pub(super) fn last_line_failed(&mut self, asks: &[AskNumber], now: Now) {
        if let Phase::Closing { line: ClosingLine::Awaited { ask, .. }, .. } = &self.phase
            && asks.contains(ask)
        {
            self.do_without_the_line(now);
        }
    }

    pub(super) fn look_whether_the_last_line_was_heard(&mut self, now: Now) {
        if let Phase::Closing { ending, line: ClosingLine::Speaking { response, .. }, interjection } =
            &self.phase
            && self.speech.was_heard_whole(response)
        {
            let until = match ending.reason == EndReason::Transferred {
                true => now.at,
                false => now.at + self.setup.settings.ending.hangup_delay,
            };
            let interjection = interjection.clone();
            self.phase = Phase::Pausing { ending: *ending, until, interjection };
        }
    }

    /// The last line, or the rest of it, is not waited for any more: the call is ended without it, as
    /// soon as the caller lets it.
    pub(super) fn do_without_the_line(&mut self, now: Now) {
        if let Phase::Closing { ending, interjection, .. } = &self.phase {
            let interjection = interjection.clone();
            if interjection == Interjection::None {
                self.hang_up(now);
            } else {
                self.phase = Phase::Pausing { ending: *ending, until: now.at, interjection };
            }
        }
    }

    /// Tells Twilio to end the call: once, however many reasons arrive (CALL-6). A transfer is handed
    /// over first; one that has lasted as long as it may is ended.
    pub(super) fn hang_up(&mut self, now: Now) {
        let ending = match self.phase {
            Phase::Closing { ending, .. } | Phase::Pausing { ending, .. } => {
                if ending.reason == EndReason::Transferred {
                    return self.hand_over(now);
                }
                ending
            }
            Phase::HandingOver { .. } => {
                Ending { reason: EndReason::Transferred, by: EndedBy::Daemon }
            }
            Phase::Open | Phase::HangingUp { .. } | Phase::Over { .. } => return,
        };
        self.send(Command::HangUp);
        let until = now.at + HANG_UP_PATIENCE;
        self.phase = Phase::HangingUp { ending, how: HangUp::Rest, until };
    }

    pub(super) fn on_hang_up_answered(&mut self, now: Now) {
        if let Phase::HangingUp { until, .. } | Phase::HandingOver { until, .. } = &mut self.phase {
            *until = (*until).min(now.at + AFTER_HANG_UP);
        }
    }

    /// Ends the call now, without a word.
    pub(super) fn end_at_once(&mut self, reason: EndReason, by: EndedBy, _now: Now) {
        match self.phase {
            Phase::Open
            | Phase::Closing { .. }
            | Phase::Pausing { .. }
            | Phase::HandingOver { .. } => self.send(Command::HangUp),
            Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
        self.over(reason, by);
    }

    /// Ends the call with an apology that Twilio speaks, since we can't.
    pub(super) fn apologise(&mut self, reason: EndReason, now: Now) {
        if matches!(self.phase, Phase::Open | Phase::Closing { .. } | Phase::Pausing { .. }) {
            self.withdraw_what_waits();
            self.send(Command::Apologise);
            let ending = self.what_stands().unwrap_or(Ending { reason, by: EndedBy::Daemon });
            let until = now.at + APOLOGY_PATIENCE;
            self.phase = Phase::HangingUp { ending, how: HangUp::Apology, until };
        }
    }

    pub(super) fn on_apology_failed(&mut self, now: Now) {
        if let Phase::HangingUp { ending, how: HangUp::Apology, .. } = self.phase {
            self.send(Command::HangUp);
            let until = now.at + HANG_UP_PATIENCE;
            self.phase = Phase::HangingUp { ending, how: HangUp::Rest, until };
        }
    }

    /// A caller who is put through is let be: that call is Twilio's.
    pub(super) fn on_shutdown(&mut self, now: Now) {
        if matches!(self.phase, Phase::HandingOver { .. }) {
            return self.over(EndReason::Transferred, EndedBy::Agent);
        }
        match self.stream {
            StreamState::Open { .. } => self.close(EndReason::Shutdown, EndedBy::Daemon, now),
            StreamState::Awaited { .. } | StreamState::Lost { .. } | StreamState::Closed => {
                self.end_at_once(EndReason::Shutdown, EndedBy::Daemon, now);
            }
        }
    }

    /// The ending that was decided first. A transfer is none before somebody has answered it.
    fn what_stands(&self) -> Option<Ending> {
        let handed_over = matches!(self.phase, Phase::HangingUp { .. });
        self.ending().filter(|ending| ending.reason != EndReason::Transferred || handed_over)
    }

    /// The call is over; the first reason stands.
    pub(super) fn over(&mut self, reason: EndReason, by: EndedBy) {
        if matches!(self.phase, Phase::Over { .. }) {
            return;
        }
        let ending = self.what_stands().unwrap_or(Ending { reason, by });
        self.phase = Phase::Over { ending };
        self.settle_transcript();
        self.send(Command::Record(Record::Ended(ending)));
        self.send(Command::Finish);
    }
}
