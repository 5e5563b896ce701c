//! A silent caller is asked whether they are still there, and at last the call ends (END-7).
//!
//! A stopwatch counts from the end of the agent's audio, or from the stream's opening. It is paused
//! while anybody speaks, an answer is awaited or a tool runs. A turn with words resets it, and the
//! number of checks; a turn that proves to be a cough resets neither.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::ending::Phase;
use super::reason::{EndReason, EndedBy};
use super::stopwatch::Stopwatch;
use super::{Call, Moment, Now};
use crate::caller_speech::CommittedBy;
use crate::ids::ItemId;
use crate::mistake::planted;
use crate::response_gate::{ScriptedLine, Want};

/// Turns whose transcripts are awaited at once. Past it the oldest is forgotten.
const MOST_TURNS: usize = 64;

/// Turns in a row whose speech did not end and which had no words, before the next one counts as
/// silence (PIPE-11).
const HARMLESS_TURNS: usize = 2;

/// How long the caller has been silent, and how often they were asked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Silence {
    stopwatch: Stopwatch,
    checks: u8,
    /// Turns since the last check whose transcripts have not come. They may hold words.
    unread: VecDeque<ItemId>,
    /// Turns since the agent last spoke.
    unanswered: VecDeque<ItemId>,
    agent_speaks: bool,
    /// Turns that the daemon committed, because their speech did not end, and whose transcripts
    /// have not come.
    endless: VecDeque<ItemId>,
    /// Such turns without words, since the last turn with words (PIPE-11).
    wordless: VecDeque<ItemId>,
}

impl Silence {
    /// Whether `silence.timeout` has passed since the caller last said a word (END-2).
    pub(super) fn was_noticed(&self) -> bool {
        self.checks > 0
    }

    /// Whether every turn since the last check has its transcript.
    pub(super) fn awaits_no_words(&self) -> bool {
        self.unread.is_empty()
    }

    /// Checks spoken since the caller last said a word.
    pub(super) fn checks(&self) -> u8 {
        self.checks
    }

    pub(super) fn turn_committed(&mut self, item: ItemId, by: CommittedBy) {
        if by == CommittedBy::Daemon {
            remember(&mut self.endless, item.clone());
        }
        remember(&mut self.unread, item.clone());
        remember(&mut self.unanswered, item);
    }

    /// Whether this turn counts as silence although there was sound (PIPE-11): its speech did not
    /// end, it has no words, and neither had the two like it before.
    pub(super) fn is_silence(&self, turn: &ItemId) -> bool {
        self.wordless.iter().skip(HARMLESS_TURNS).any(|wordless| wordless == turn)
    }

    /// Whether [`is_silence`](Self::is_silence) can hold of the next turn whose speech does not end.
    pub(super) fn next_endless_turn_may_be_silence(&self) -> bool {
        self.wordless.len() >= HARMLESS_TURNS
    }

    /// A transcript came, or (`None`) the transcription failed: then the turn counts as one with
    /// words.
    pub(super) fn turn_read(&mut self, item: &ItemId, text: Option<&str>) {
        let has_words = text.is_none_or(|text| text.contains(char::is_alphanumeric));
        self.endless_turn_read(item, has_words);
        let Some(place) = self.unread.iter().position(|unread| unread == item) else { return };
        self.unread.remove(place);
        if has_words {
            self.unread.drain(..place.min(self.unread.len()));
            self.checks = 0;
            if self.unanswered.contains(item) {
                self.stopwatch = Stopwatch::default();
            }
        }
    }

    fn endless_turn_read(&mut self, item: &ItemId, has_words: bool) {
        let before = self.endless.len();
        self.endless.retain(|endless| endless != item);
        if has_words {
            self.wordless.clear();
        } else if self.endless.len() < before {
            remember(&mut self.wordless, item.clone());
        }
    }

    /// The caller pressed keys.
    pub(super) fn reset(&mut self) {
        self.checks = 0;
        self.wordless.clear();
        self.stopwatch = Stopwatch::default();
    }

    /// Silence counts from the end of what the agent says, whether it was heard out or cut off.
    fn note_agent(&mut self, speaks: bool) {
        if std::mem::replace(&mut self.agent_speaks, speaks) && !speaks {
            self.unanswered.clear();
            self.stopwatch = Stopwatch::default();
        }
    }

    /// The daemon has died: nobody knows who spoke meanwhile.
    pub(super) fn begin_anew(&mut self) {
        self.note_agent(false);
        self.stopwatch = Stopwatch::default();
    }

    fn run(&mut self, now: Moment) {
        if self.stopwatch.counted(now).is_zero() || !planted!(UnarmedTimer) {
            self.stopwatch.run(now);
        }
    }

    /// `silence.timeout` has passed. Returns the number of checks before.
    fn passed(&mut self) -> u8 {
        if !self.unread.is_empty() {
            self.unread.clear();
            self.checks = 0;
        }
        self.stopwatch = Stopwatch::default();
        self.checks
    }
}

/// Past [`MOST_TURNS`] the oldest is forgotten.
fn remember(turns: &mut VecDeque<ItemId>, item: ItemId) {
    if turns.len() == MOST_TURNS {
        turns.pop_front();
    }
    turns.push_back(item);
}

impl Call {
    /// When the caller will have been silent for `silence.timeout`. `None` while it is paused.
    pub(super) fn silence_deadline(&self) -> Option<Moment> {
        self.silence.stopwatch.reaches(self.setup.settings.silence.timeout)
    }

    /// Lets the stopwatch run while nobody is busy, and pauses it otherwise.
    pub(super) fn settle_silence(&mut self, now: Now) {
        self.silence.note_agent(self.speech.agent_speaks());
        if self.nobody_is_busy() {
            self.silence.run(now.at);
        } else {
            self.silence.stopwatch.pause(now.at);
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

    pub(super) fn nobody_is_busy(&self) -> bool {
        self.phase == Phase::Open
            && self.stream.is_open()
            && self.session.is_ready()
            && self.digits.is_none()
            && self.tools.running() == 0
            && self.end_detection.nothing_waits()
            && !self.speech.caller_speaks
            && !self.speech.agent_speaks()
            && self.speech.owed().is_empty()
    }
}
