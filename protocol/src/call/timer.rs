//! All deadlines of a call.

use super::ending::{ClosingLine, HangUp, Phase};
use super::reason::{EndReason, EndedBy};
use super::session::SessionState;
use super::stream::StreamState;
use super::{Call, Moment, Now};

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The stream did not open, or did not come back.
    StreamPatience,
    /// There was no session for `upstream_patience`, or no answer since it first failed (PIPE-10).
    UpstreamPatience,
    /// The pause after a failed response is over.
    AskAgain,
    /// The last line did not begin, or its mark did not come.
    ClosingLine,
    /// The pause before the hang-up is over, or the caller has delayed it long enough.
    HangUpDelay,
    /// The transcript of a turn that may take the ending back did not come.
    InterjectionWords,
    /// The transfer has lasted longer than Twilio allows.
    TransferPatience,
    /// Neither stream nor status confirmed the hang-up.
    HangUpPatience,
    /// The session is old, and can be replaced (RES-3).
    Renewal,
    /// The call has reached `ending.max_duration` (END-9).
    MaxDuration,
    /// No further key was pressed.
    DigitPause,
    /// A tool has not returned in time.
    ToolPatience,
    /// What an answer waits for did not come: the transcript (END-3), or the caller's quiet
    /// (PIPE-11).
    AnswerWait,
    /// The caller was silent for `silence.timeout` (END-7).
    Silence,
    /// The agent should have been heard to the end, and no mark came.
    MarkPatience,
}

impl Call {
    /// The next deadline, and what it is for. `None` once the call is over.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Moment, Timer)> {
        let stream = match self.stream {
            StreamState::Awaited { until } | StreamState::Lost { until } => Some(until),
            StreamState::Open { .. } | StreamState::Closed => None,
        };
        let upstream = match self.session {
            SessionState::Missing { since } => Some(since + self.setup.upstream_patience),
            SessionState::NotWanted | SessionState::Ready { .. } => None,
        };
        let upstream = upstream.into_iter().chain(self.trouble_deadline()).min();
        let again = self.speech.asks_again_at().filter(|_| self.session.is_ready());
        let digits = self.digits.as_ref().map(|digits| digits.until);
        let deadlines = match &self.phase {
            Phase::Open => vec![
                (stream, Timer::StreamPatience),
                (upstream, Timer::UpstreamPatience),
                (again, Timer::AskAgain),
                (digits, Timer::DigitPause),
                (self.tools.deadline(), Timer::ToolPatience),
                (self.end_detection.deadline(), Timer::AnswerWait),
                (self.silence_deadline(), Timer::Silence),
                (self.mark_deadline(), Timer::MarkPatience),
                (self.renewal_deadline(), Timer::Renewal),
                (Some(self.began.at + self.setup.settings.ending.max_duration), Timer::MaxDuration),
            ],
            Phase::Closing { line, interjection, .. } => vec![
                (stream, Timer::StreamPatience),
                (again, Timer::AskAgain),
                (digits, Timer::DigitPause),
                (Some(self.closing_deadline(line)), Timer::ClosingLine),
                (interjection.deadline(), Timer::InterjectionWords),
            ],
            Phase::Pausing { until, interjection, .. } => vec![
                (digits, Timer::DigitPause),
                (interjection.free_at(*until), Timer::HangUpDelay),
                (interjection.deadline(), Timer::InterjectionWords),
            ],
            Phase::HandingOver { until, .. }
            | Phase::HangingUp { how: HangUp::PutThrough { .. }, until, .. } => {
                vec![(Some(*until), Timer::TransferPatience)]
            }
            Phase::HangingUp { until, .. } => vec![(Some(*until), Timer::HangUpPatience)],
            Phase::Over { .. } => Vec::new(),
        };
        deadlines.into_iter().filter_map(|(at, why)| Some((at?, why))).min_by_key(|(at, _)| *at)
    }

    pub(super) fn on_timer(&mut self, timer: Timer, now: Now) {
        match timer {
            Timer::StreamPatience => {
                let reason = match self.stream {
                    StreamState::Awaited { .. } => EndReason::NotConnected,
                    StreamState::Open { .. } | StreamState::Lost { .. } | StreamState::Closed => {
                        EndReason::StreamLost
                    }
                };
                self.end_at_once(reason, EndedBy::Daemon, now);
            }
            Timer::UpstreamPatience => self.on_no_session(now),
            Timer::AskAgain => self.ask_again(now),
            Timer::ClosingLine => self.on_line_overdue(now),
            Timer::HangUpDelay | Timer::TransferPatience => self.hang_up(now),
            Timer::InterjectionWords => self.take_back(now),
            Timer::HangUpPatience => self.over(EndReason::Internal, EndedBy::Daemon),
            Timer::Renewal => self.on_renewal_due(now),
            Timer::MaxDuration => self.close(EndReason::MaxDuration, EndedBy::Daemon, now),
            Timer::DigitPause => self.on_digits_gathered(now),
            Timer::ToolPatience => self.on_tools_overdue(now),
            Timer::AnswerWait => self.on_wait_over(now),
            Timer::Silence => self.on_silence(now),
            Timer::MarkPatience => self.on_mark_overdue(),
        }
    }

    /// When to stop waiting for a mark. A closing line has a deadline of its own, and without a
    /// stream nothing is played.
    fn mark_deadline(&self) -> Option<Moment> {
        let (at, _) = self.speech.awaits_mark().filter(|_| self.stream.is_open())?;
        Some(at + super::ending::MARK_GRACE)
    }

    fn on_mark_overdue(&mut self) {
        if let Some((_, item)) = self.speech.awaits_mark() {
            self.on_item_played(&item);
        }
    }

    fn closing_deadline(&self, line: &ClosingLine) -> Moment {
        match line {
            ClosingLine::Awaited { until, .. } => *until,
            ClosingLine::Speaking { response, fallback } => self
                .speech
                .line_plays_until(response)
                .map_or(*fallback, |at| (at + super::ending::MARK_GRACE).max(self.began.at)),
        }
    }
}
