//! A caller who speaks or presses keys while the call is ending. The hang-up waits for their turn.
//! If it holds more than a goodbye, the ending is taken back and the turn is answered (END-6).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::conversation::{Body, Words};
use super::ending::{ClosingLine, Phase};
use super::reason::EndReason;
use super::{Call, Moment, Now};
use crate::ids::ItemId;

/// How long a caller who speaks can delay the hang-up.
pub(super) const SPEECH_PATIENCE: Duration = Duration::from_secs(3);
/// How long the transcript of a committed turn is waited for. Without it, the turn counts as one
/// that wants an answer.
const WORDS_PATIENCE: Duration = Duration::from_millis(1500);

/// Told to the model, which has said goodbye.
pub(super) const TAKEN_BACK: &str =
    "The caller went on speaking before the call was ended: it goes on.";

/// What the caller says while the call is ending. `unread` are committed turns whose transcripts
/// have not come. They are kept only if the ending can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interjection {
    /// Nothing. The hang-up need not wait.
    None,
    /// The caller is speaking or pressing keys.
    Speaking {
        /// Turns before this one.
        unread: Vec<ItemId>,
    },
    /// The caller has spoken, and what they said is not known yet.
    Spoken {
        /// The turns; at least one.
        unread: Vec<ItemId>,
        /// When to stop waiting for the transcripts.
        until: Moment,
    },
}

impl Interjection {
    fn of(unread: Vec<ItemId>, speaks: bool, now: Now) -> Self {
        match (speaks, unread.is_empty()) {
            (true, _) => Self::Speaking { unread },
            (false, true) => Self::None,
            (false, false) => Self::Spoken { unread, until: now.at + WORDS_PATIENCE },
        }
    }

    /// When a hang-up that is due at `due` may be made. `None` while transcripts are awaited.
    pub(super) fn free_at(&self, due: Moment) -> Option<Moment> {
        match self {
            Self::None => Some(due),
            Self::Speaking { .. } => Some(due + SPEECH_PATIENCE),
            Self::Spoken { .. } => None,
        }
    }

    /// When to stop waiting for transcripts.
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self {
            Self::None | Self::Speaking { .. } => None,
            Self::Spoken { until, .. } => Some(*until),
        }
    }

    fn unread(&self) -> &[ItemId] {
        match self {
            Self::None => &[],
            Self::Speaking { unread } | Self::Spoken { unread, .. } => unread,
        }
    }
}

impl Call {
    pub(super) fn on_speech_started(&mut self, now: Now) {
        self.speech.caller_speaks = true;
        self.measures.caller_began(now.at);
        self.interject(|unread| Interjection::of(unread, true, now));
    }

    /// What the caller is saying as an ending for this reason begins. They may be in the middle of
    /// a sentence, or have had a turn that was neither transcribed nor answered.
    pub(super) fn interjection_at_the_end(&self, reason: EndReason, now: Now) -> Interjection {
        let unread = if self.can_be_taken_back(reason) {
            let unread =
                |turn: &ItemId| !matches!(self.conversation.words_of(turn), Some(Words::Known(_)));
            self.unanswered_turns().into_iter().filter(unread).collect()
        } else {
            Vec::new()
        };
        Interjection::of(unread, self.speech.caller_speaks || self.digits.is_some(), now)
    }

    pub(super) fn interject_by_keys(&mut self, now: Now) {
        self.interject(|unread| Interjection::of(unread, true, now));
    }

    /// Keys that were pressed while the call is ending are a turn that wants an answer.
    pub(super) fn on_keys_while_ending(&mut self, now: Now) {
        if self.ending().is_some_and(|ending| self.can_be_taken_back(ending.reason)) {
            self.take_back(now);
        } else {
            let speaks = self.speech.caller_speaks;
            self.interject(|unread| Interjection::of(unread, speaks, now));
        }
    }

    pub(super) fn on_turn_while_ending(&mut self, turn: ItemId, now: Now) {
        let counts = self.ending().is_some_and(|ending| self.can_be_taken_back(ending.reason));
        let presses = self.digits.is_some();
        self.interject(|mut unread| {
            if counts {
                unread.push(turn);
            }
            Interjection::of(unread, presses, now)
        });
    }

    pub(super) fn on_words_while_ending(&mut self, turn: &ItemId, text: Option<&str>, now: Now) {
        if !self.interjection().is_some_and(|said| said.unread().contains(turn)) {
            return;
        }
        if text.is_none_or(|text| self.phrases.read(text).wants_an_answer()) {
            self.take_back(now);
            return;
        }
        if let Phase::Closing { interjection, .. } | Phase::Pausing { interjection, .. } =
            &mut self.phase
            && let Interjection::Speaking { unread } | Interjection::Spoken { unread, .. } =
                interjection
        {
            unread.retain(|waiting| waiting != turn);
            if unread.is_empty() && matches!(interjection, Interjection::Spoken { .. }) {
                *interjection = Interjection::None;
            }
        }
    }

    /// Takes the ending back: the call goes on, and what the caller has said is answered. A last
    /// line that has begun is played to its end all the same.
    pub(super) fn take_back(&mut self, now: Now) {
        let unread = self.interjection().map(|said| said.unread().to_vec()).unwrap_or_default();
        match std::mem::replace(&mut self.phase, Phase::Open) {
            Phase::Closing { line: ClosingLine::Awaited { ask, .. }, .. } => self.withdraw(ask),
            Phase::Closing { line: ClosingLine::Speaking { response, .. }, .. } => {
                self.kept_line = Some(response);
            }
            Phase::Open | Phase::Pausing { .. } => {}
            ended @ (Phase::HandingOver { .. } | Phase::HangingUp { .. } | Phase::Over { .. }) => {
                self.phase = ended;
                return;
            }
        }
        self.add_entry(Body::System(TAKEN_BACK.to_owned()), now);
        unread.into_iter().for_each(|turn| self.answer(turn));
    }

    /// Whether an ending for this reason is taken back if the caller goes on. Never where phrases
    /// decide, and never one whose reason would remain.
    fn can_be_taken_back(&self, reason: EndReason) -> bool {
        let retractable = match reason {
            EndReason::LeadComplete
            | EndReason::UserGoodbye
            | EndReason::CustomerDeclined
            | EndReason::NoResponse => true,
            EndReason::MaxDuration
            | EndReason::Transferred
            | EndReason::CallerHungUp
            | EndReason::Operator
            | EndReason::UpstreamFailed
            | EndReason::StreamLost
            | EndReason::NotConnected
            | EndReason::Machine
            | EndReason::Internal
            | EndReason::Shutdown
            | EndReason::Refused
            | EndReason::Paused => false,
        };
        retractable && self.decider().asks_the_model()
    }

    fn interjection(&self) -> Option<&Interjection> {
        match &self.phase {
            Phase::Closing { interjection, .. } | Phase::Pausing { interjection, .. } => {
                Some(interjection)
            }
            Phase::Open
            | Phase::HandingOver { .. }
            | Phase::HangingUp { .. }
            | Phase::Over { .. } => None,
        }
    }

    /// Replaces the interjection of a call that is ending. `change` is given the unread turns.
    fn interject(&mut self, change: impl FnOnce(Vec<ItemId>) -> Interjection) {
        if let Phase::Closing { interjection, .. } | Phase::Pausing { interjection, .. } =
            &mut self.phase
        {
            let unread = interjection.unread().to_vec();
            *interjection = change(unread);
        }
    }
}
