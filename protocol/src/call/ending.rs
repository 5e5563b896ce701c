//! How a call ends: a last line, a pause, the hang-up. It ends once, and the first reason stands,
//! whatever else arrives meanwhile.

mod phase;

use std::time::Duration;

pub use phase::{ClosingLine, HangUp, Phase};

use super::command::{Command, Record};
use super::interjection::Interjection;
use super::reason::{EndReason, EndedBy, Ending};
use super::stream::StreamState;
use super::{Call, Now};
use crate::ids::ResponseId;
use crate::response_gate::{AskNumber, ScriptedLine, Want};

/// How long the last line may take to begin. Then the call ends without it (END-6).
pub(super) const FIRST_AUDIO_PATIENCE: Duration = Duration::from_secs(5);
/// How long past the expected end of speech its mark is waited for (END-6).
pub(super) const MARK_GRACE: Duration = Duration::from_secs(3);
/// How long a line may take to arrive. A session that stalls is noticed far sooner.
const LINE_PATIENCE: Duration = Duration::from_secs(60);
/// How long a hang-up may stay unanswered. The REST client gives up after 30 s.
pub(super) const HANG_UP_PATIENCE: Duration = Duration::from_secs(35);
/// How long after an answered hang-up the stream may take to close, or the status to come.
pub(super) const AFTER_HANG_UP: Duration = Duration::from_secs(5);
/// How long Twilio may take to speak the apology.
pub(super) const APOLOGY_PATIENCE: Duration = Duration::from_secs(60);

impl Call {
    /// Ends the call with a scripted line, which the hang-up follows.
    pub(super) fn close(&mut self, reason: EndReason, by: EndedBy, now: Now) {
        if self.phase != Phase::Open {
            return;
        }
        let interjection = self.interjection_at_the_end(reason, now);
        self.stop_end_detection();
        self.withdraw_what_waits();
        let ask = self.owe_last_line(reason);
        let until = now.at + FIRST_AUDIO_PATIENCE;
        self.phase = Phase::Closing {
            ending: Ending { reason, by },
            line: ClosingLine::Awaited { ask, until },
            interjection,
        };
    }

    pub(super) fn owe_last_line(&mut self, reason: EndReason) -> AskNumber {
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
            | EndReason::Shutdown
            | EndReason::Refused
            | EndReason::Paused => &self.setup.lines.closing,
        };
        let text = text.clone();
        let line = ScriptedLine::Closing;
        let wording = self.wording();
        self.owe(Want::Line { line, text, wording })
    }

    /// Ends the call with what the agent is saying already, in place of a scripted line (END-2).
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
        self.stop_end_detection();
        self.withdraw_what_waits();
        self.phase = Phase::Closing {
            ending: Ending { reason, by },
            line: ClosingLine::Speaking { response, fallback: now.at + LINE_PATIENCE },
            interjection,
        };
    }

    /// A response has begun to speak. It may be the awaited last line. One that was asked for just before the
    /// call was to end is not cut off either: it is the last line, too.
    pub(super) fn begin_last_line(&mut self, response: &ResponseId, now: Now) {
        if let Phase::Pausing { ending, interjection, .. } = &self.phase
            && self.stream.is_open()
            && self.speech.is_unheard(response)
        {
            let (ending, interjection) = (*ending, interjection.clone());
            let fallback = now.at + LINE_PATIENCE;
            let line = ClosingLine::Speaking { response: response.clone(), fallback };
            self.phase = Phase::Closing { ending, line, interjection };
            return;
        }
        let carries = |ask: &AskNumber| self.speech.carries(response, *ask);
        if let Phase::Closing { line: ClosingLine::Awaited { ask, .. }, .. } = &self.phase
            && carries(ask)
            && let Phase::Closing { line, .. } = &mut self.phase
        {
            let fallback = now.at + LINE_PATIENCE;
            *line = ClosingLine::Speaking { response: response.clone(), fallback };
        }
    }

    /// These asks have ended without a word. If the last line is among them, the call ends without
    /// it.
    pub(super) fn fail_last_line(&mut self, asks: &[AskNumber], now: Now) {
        if let Phase::Closing { line: ClosingLine::Awaited { ask, .. }, .. } = &self.phase
            && asks.contains(ask)
        {
            self.do_without_the_line(now);
        }
    }

    /// When the last line was heard to its end, and whatever came after it, the hang-up follows after a
    /// pause.
    pub(super) fn settle_last_line(&mut self, now: Now) {
        if let Phase::Closing { ending, line: ClosingLine::Speaking { response, .. }, interjection } =
            &self.phase
            && self.speech.was_heard_whole(response)
            && !(self.stream.is_open() && self.speech.more_is_to_be_heard())
        {
            let until = if ending.reason == EndReason::Transferred {
                now.at
            } else {
                now.at + self.setup.settings.ending.hangup_delay
            };
            let interjection = interjection.clone();
            self.phase = Phase::Pausing { ending: *ending, until, interjection };
        }
    }

    /// The last line has not begun in time, or was not heard in time. It can't begin while an answer before it is
    /// spoken, and the hang-up would cut that off. An answer that does not end is a stalled session, which the gate
    /// replaces; here the longest duration of the call is the bound.
    pub(super) fn on_line_overdue(&mut self, now: Now) {
        let longest = self.setup.settings.ending.max_duration + LINE_PATIENCE;
        let is_answering = self.stream.is_open()
            && self.speech.speaks_until_later_than(now.at)
            && now.at < self.began.at + longest;
        if let Phase::Closing { line: ClosingLine::Awaited { until, .. }, .. } = &mut self.phase
            && is_answering
        {
            *until = now.at + FIRST_AUDIO_PATIENCE;
            return;
        }
        self.do_without_the_line(now);
    }

    /// The last line, or the rest of it, is not waited for any more. The call ends as soon as the
    /// caller is quiet.
    pub(super) fn do_without_the_line(&mut self, now: Now) {
        if let Phase::Closing { ending, line, interjection } = &self.phase {
            let (line, interjection) = (line.clone(), interjection.clone());
            if interjection == Interjection::None {
                self.hang_up(now);
                return;
            }
            self.phase = Phase::Pausing { ending: *ending, until: now.at, interjection };
            // The hang-up would cut it off.
            if let ClosingLine::Awaited { ask, .. } = line {
                self.withdraw(ask);
            }
        }
    }

    /// Tells Twilio to end the call, once, however many reasons arrive (CALL-6). A call that is to
    /// be transferred is handed over instead; a transfer that has lasted too long is ended.
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
            Phase::HangingUp { ending, how: HangUp::PutThrough { .. }, .. } => ending,
            Phase::Open | Phase::HangingUp { .. } | Phase::Over { .. } => return,
        };
        self.send(Command::HangUp);
        let until = now.at + HANG_UP_PATIENCE;
        self.phase = Phase::HangingUp { ending, how: HangUp::Rest, until };
    }

    /// Twilio has answered the hang-up, or says of a redirect that the call is not in progress. If the
    /// call's stream is open, that redirect was refused.
    pub(super) fn on_hang_up_answered(&mut self, now: Now) {
        if self.stream.is_open() {
            if self.rings_since().is_some() {
                return self.on_transfer_failed(now);
            }
            if matches!(self.phase, Phase::HangingUp { how: HangUp::Apology, .. }) {
                return self.on_apology_failed(now);
            }
        }
        if let Phase::HangingUp { until, .. } | Phase::HandingOver { until, .. } = &mut self.phase {
            *until = (*until).min(now.at + AFTER_HANG_UP);
        }
    }

    /// Ends the call now, without a last line.
    pub(super) fn end_at_once(&mut self, reason: EndReason, by: EndedBy, _now: Now) {
        match self.phase {
            Phase::Open
            | Phase::Closing { .. }
            | Phase::Pausing { .. }
            | Phase::HandingOver { .. }
            | Phase::HangingUp { how: HangUp::PutThrough { .. }, .. } => self.send(Command::HangUp),
            Phase::HangingUp { .. } | Phase::Over { .. } => {}
        }
        self.over(reason, by);
    }

    /// Ends the call with an apology that Twilio speaks, because there is no session to speak it.
    pub(super) fn apologise(&mut self, reason: EndReason, now: Now) {
        if matches!(
            self.phase,
            Phase::Open
                | Phase::Closing { .. }
                | Phase::Pausing { .. }
                | Phase::HangingUp { how: HangUp::PutThrough { .. }, .. }
        ) {
            self.stop_end_detection();
            self.withdraw_what_waits();
            self.send(Command::Apologise);
            let ending = self.what_stands().unwrap_or(Ending { reason, by: EndedBy::Daemon });
            let until = now.at + APOLOGY_PATIENCE;
            self.phase = Phase::HangingUp { ending, how: HangUp::Apology, until };
        }
    }

    /// The request to apologise failed. The stream is closed: the webhook that Twilio then asks
    /// apologises. Twilio asks none before the first stream.
    pub(super) fn on_apology_failed(&mut self, now: Now) {
        if let Phase::HangingUp { ending, how: HangUp::Apology, .. } = self.phase {
            if !matches!(self.stream, StreamState::Awaited { .. }) {
                self.send(Command::CloseStream);
                let until = now.at + APOLOGY_PATIENCE;
                self.phase = Phase::HangingUp { ending, how: HangUp::Apology, until };
                return;
            }
            self.send(Command::HangUp);
            let until = now.at + HANG_UP_PATIENCE;
            self.phase = Phase::HangingUp { ending, how: HangUp::Rest, until };
        }
    }

    /// The daemon stops. A call that rings the person, or talks to them, goes on at Twilio without it.
    pub(super) fn on_shutdown(&mut self, now: Now) {
        if self.rings_since().is_some() {
            return self.over(EndReason::Transferred, EndedBy::Agent);
        }
        match self.stream {
            StreamState::Open { .. } => self.close(EndReason::Shutdown, EndedBy::Daemon, now),
            StreamState::Awaited { .. } | StreamState::Lost { .. } | StreamState::Closed => {
                self.end_at_once(EndReason::Shutdown, EndedBy::Daemon, now);
            }
        }
    }

    /// The ending that was decided first. A transfer counts only once somebody has answered.
    fn what_stands(&self) -> Option<Ending> {
        let handed_over = matches!(self.phase, Phase::HangingUp { .. });
        self.ending().filter(|ending| ending.reason != EndReason::Transferred || handed_over)
    }

    /// The call is over. If an ending was decided before, its reason stands.
    pub(super) fn over(&mut self, reason: EndReason, by: EndedBy) {
        if matches!(self.phase, Phase::Over { .. }) {
            return;
        }
        let ending = self.what_stands().unwrap_or(Ending { reason, by });
        self.phase = Phase::Over { ending };
        self.keep_what_was_played();
        self.close_transcript();
        self.send(Command::Record(Record::Ended(ending)));
        self.send(Command::Finish);
    }
}
