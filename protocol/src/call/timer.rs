//! Every deadline a call can have, and why.

use std::time::Instant;

use super::ending::{ClosingLine, Phase};
use super::reason::{EndReason, EndedBy};
use super::session::Session;
use super::stream::StreamState;
use super::{Call, Now};

/// Why a call wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The stream did not open, or did not come back.
    StreamPatience,
    /// No session could be had for `upstream_patience`.
    UpstreamPatience,
    /// The last line did not begin, or its mark is overdue.
    ClosingLine,
    /// The pause between the last word and the hang-up is over, or the caller who held it up has
    /// spoken long enough.
    HangUpDelay,
    /// The words of a turn that may take the ending back have not come.
    InterjectionWords,
    /// The transfer has lasted longer than Twilio lets it.
    TransferPatience,
    /// The hang-up was sent, and neither stream nor status said that the call is over.
    HangUpPatience,
    /// The call has lasted as long as it may (END-9).
    MaxDuration,
    /// No further digit came.
    DigitPause,
    /// A tool has taken too long.
    ToolPatience,
    /// The words that an answer waits for have not come (END-3).
    PhraseWait,
    /// The caller has been silent for too long (END-7).
    Silence,
    /// The agent should have been heard to the end, and no mark says so.
    MarkPatience,
}

impl Call {
    /// When the call wants to be woken next, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        let stream = match self.stream {
            StreamState::Awaited { until } | StreamState::Lost { until } => Some(until),
            StreamState::Open { .. } | StreamState::Closed => None,
        };
        let upstream = match self.session {
            Session::Missing { since } => Some(since + self.setup.upstream_patience),
            Session::NotWanted | Session::Ready => None,
        };
        let digits = self.digits.as_ref().map(|digits| digits.until);
        let deadlines = match &self.phase {
            Phase::Open => vec![
                (stream, Timer::StreamPatience),
                (upstream, Timer::UpstreamPatience),
                (digits, Timer::DigitPause),
                (self.tools.deadline(), Timer::ToolPatience),
                (self.deciding.deadline(), Timer::PhraseWait),
                (self.silence_deadline(), Timer::Silence),
                (self.mark_deadline(), Timer::MarkPatience),
                (Some(self.began.at + self.setup.settings.ending.max_duration), Timer::MaxDuration),
            ],
            Phase::Closing { line, interjection, .. } => vec![
                (stream, Timer::StreamPatience),
                (Some(self.closing_deadline(line)), Timer::ClosingLine),
                (interjection.deadline(), Timer::InterjectionWords),
            ],
            Phase::Pausing { until, interjection, .. } => vec![
                (interjection.free_at(*until), Timer::HangUpDelay),
                (interjection.deadline(), Timer::InterjectionWords),
            ],
            Phase::HandingOver { until, .. } => vec![(Some(*until), Timer::TransferPatience)],
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
            Timer::ClosingLine => self.do_without_the_line(now),
            Timer::HangUpDelay | Timer::TransferPatience => self.hang_up(now),
            Timer::InterjectionWords => self.take_back(now),
            Timer::HangUpPatience => self.over(EndReason::Internal, EndedBy::Daemon),
            Timer::MaxDuration => self.close(EndReason::MaxDuration, EndedBy::Daemon, now),
            Timer::DigitPause => self.on_digits_gathered(now),
            Timer::ToolPatience => self.on_tools_overdue(now),
            Timer::PhraseWait => self.on_words_overdue(now),
            Timer::Silence => self.on_silence(now),
            Timer::MarkPatience => self.on_mark_overdue(now),
        }
    }

    /// When a mark that has not come is not waited for any more. A closing line has a deadline of its
    /// own; without a stream nothing is played.
    fn mark_deadline(&self) -> Option<Instant> {
        let (at, ..) = self.speech.awaits_mark().filter(|_| self.stream.is_open())?;
        Some(at + super::ending::MARK_GRACE)
    }

    fn on_mark_overdue(&mut self, now: Now) {
        if let Some((_, response, item)) = self.speech.awaits_mark() {
            self.on_item_played(&response, &item, now);
        }
    }

    fn closing_deadline(&self, line: &ClosingLine) -> Instant {
        match line {
            ClosingLine::Awaited { until, .. } => *until,
            ClosingLine::Speaking { response, fallback } => self
                .speech
                .plays_until(response)
                .map_or(*fallback, |at| (at + super::ending::MARK_GRACE).max(self.began.at)),
        }
    }
}
