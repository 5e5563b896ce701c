//! A caller who says nothing: asked whether they are still there, and let go at last (END-7).
//!
//! The clock counts from the end of the agent's audio, or from the stream's opening, and stands while
//! anybody speaks, an answer is awaited or a tool runs. A turn with words begins everything anew; what
//! turns out to be a cough doesn't.

use std::time::{Duration, Instant};

use super::ending::Phase;
use super::reason::{EndReason, EndedBy};
use super::session::Session;
use super::{Call, Now};
use crate::ids::ItemId;
use crate::response_gate::{ScriptedLine, Want};

/// How long the caller has been silent, and how often they were asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Silence {
    clock: Clock,
    checks: u8,
    /// Turns since the last check whose words have not come: until they do, they may have some.
    unread: Vec<ItemId>,
    /// Turns that nothing was said after yet.
    unanswered: Vec<ItemId>,
    agent_speaks: bool,
}

#[derive(Debug, Clone, Copy)]
enum Clock {
    /// It stands.
    Standing { counted: Duration },
    /// It runs.
    Running { counted: Duration, since: Instant },
}

impl Default for Clock {
    fn default() -> Self {
        Self::Standing { counted: Duration::ZERO }
    }
}

impl Clock {
    fn counted(self, now: Instant) -> Duration {
        match self {
            Self::Standing { counted } => counted,
            Self::Running { counted, since } => counted + now.saturating_duration_since(since),
        }
    }
}

impl Silence {
    /// Whether a whole silence has passed since the caller last said a word (END-2).
    pub(super) fn was_noticed(&self) -> bool {
        self.checks > 0
    }

    /// Checks spoken since the caller last said a word.
    pub(super) fn checks(&self) -> u8 {
        self.checks
    }

    pub(super) fn turn_committed(&mut self, item: ItemId) {
        self.unread.push(item.clone());
        self.unanswered.push(item);
    }

    /// The words of a turn came, or (`None`) can't be had: then it had some, for all we know.
    pub(super) fn turn_read(&mut self, item: &ItemId, text: Option<&str>) {
        let Some(place) = self.unread.iter().position(|unread| unread == item) else { return };
        self.unread.remove(place);
        if text.is_none_or(|text| text.contains(char::is_alphanumeric)) {
            self.unread.drain(..place.min(self.unread.len()));
            self.checks = 0;
            if self.unanswered.contains(item) {
                self.clock = Clock::default();
            }
        }
    }

    /// The caller did something that needs no transcript.
    pub(super) fn broken(&mut self) {
        self.checks = 0;
        self.clock = Clock::default();
    }

    /// Silence counts from the end of what the agent says, whether it was heard out or cut off.
    fn note_agent(&mut self, speaks: bool) {
        if std::mem::replace(&mut self.agent_speaks, speaks) && !speaks {
            self.unanswered.clear();
            self.clock = Clock::default();
        }
    }

    fn stand(&mut self, now: Instant) {
        self.clock = Clock::Standing { counted: self.clock.counted(now) };
    }

    fn run(&mut self, now: Instant) {
        if let Clock::Standing { counted } = self.clock {
            self.clock = Clock::Running { counted, since: now };
        }
    }

    /// A silence has passed. Returns how many checks there were before it.
    fn passed(&mut self) -> u8 {
        if !self.unread.is_empty() {
            self.unread.clear();
            self.checks = 0;
        }
        self.clock = Clock::default();
        self.checks
    }
}

impl Call {
    /// When the silence will have lasted too long.
    pub(super) fn silence_deadline(&self) -> Option<Instant> {
        match self.silence.clock {
            Clock::Standing { .. } => None,
            Clock::Running { counted, since } => {
                Some(since + self.setup.settings.silence.timeout.saturating_sub(counted))
            }
        }
    }

    /// Lets the clock run or stand, after whatever has happened.
    pub(super) fn keep_silence_clock(&mut self, now: Now) {
        self.silence.note_agent(self.speech.agent_speaks());
        if self.nobody_is_busy() {
            self.silence.run(now.at);
        } else {
            self.silence.stand(now.at);
        }
    }

    pub(super) fn on_silence(&mut self, now: Now) {
        let checks = self.silence.passed();
        if checks >= self.setup.settings.silence.warnings {
            self.close(EndReason::NoResponse, EndedBy::Daemon, now);
            return;
        }
        self.silence.checks += 1;
        let text = self.setup.lines.silence_check(checks.into()).to_owned();
        let wording = self.wording();
        self.owe(Want::Line { line: ScriptedLine::SilenceCheck, text, wording });
    }

    fn nobody_is_busy(&self) -> bool {
        self.phase == Phase::Open
            && self.stream.is_open()
            && self.session == Session::Ready
            && self.digits.is_none()
            && self.tools.running() == 0
            && self.deciding.nothing_waits()
            && !self.speech.caller_speaks
            && !self.speech.agent_speaks()
            && self.speech.owed().is_empty()
    }
}
