//! A caller who speaks while the call is ending: the hang-up waits for their turn, and if there is
//! more in it than a goodbye, the ending is taken back and the turn is answered (END-6).

use std::time::{Duration, Instant};

use super::conversation::{Body, Words};
use super::ending::{ClosingLine, Phase};
use super::reason::EndReason;
use super::{Call, Now};
use crate::ids::ItemId;

/// How long past its time the hang-up waits for a caller who speaks.
pub(super) const SPEECH_PATIENCE: Duration = Duration::from_secs(3);
/// How long the words of a committed turn are waited for. Without them it is taken for one that wants
/// an answer.
const WORDS_PATIENCE: Duration = Duration::from_millis(1500);

/// Said to the model, which has said goodbye.
const TAKEN_BACK: &str = "The caller went on speaking before the call was ended: it goes on.";

/// What the caller says while the call is ending. `unread` are turns that were committed and whose
/// words are not there yet; they matter only to an ending that can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interjection {
    /// Nothing that the hang-up waits for.
    None,
    /// The caller speaks.
    Speaking {
        /// What was said before.
        unread: Vec<ItemId>,
    },
    /// The caller has spoken.
    Spoken {
        /// What was said.
        unread: Vec<ItemId>,
        /// Until when the words are waited for.
        until: Instant,
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

    /// When a hang-up that is due at `due` may be made; none while words are waited for.
    pub(super) fn free_at(&self, due: Instant) -> Option<Instant> {
        match self {
            Self::None => Some(due),
            Self::Speaking { .. } => Some(due + SPEECH_PATIENCE),
            Self::Spoken { .. } => None,
        }
    }

    /// When to stop waiting for words.
    pub(super) fn deadline(&self) -> Option<Instant> {
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
        self.interject(|unread| Interjection::of(unread, true, now));
    }

    /// How the caller stands when an ending for this reason begins: they may be in the middle of a
    /// sentence, or have said something that nobody has read or answered.
    pub(super) fn interjection_at_the_end(&self, reason: EndReason, now: Now) -> Interjection {
        let unread = if self.can_be_taken_back(reason) {
            let unread =
                |turn: &ItemId| !matches!(self.conversation.words_of(turn), Some(Words::Known(_)));
            self.unanswered_turns().into_iter().filter(unread).collect()
        } else {
            Vec::new()
        };
        Interjection::of(unread, self.speech.caller_speaks, now)
    }

    pub(super) fn on_turn_while_ending(&mut self, turn: ItemId, now: Now) {
        let counts = self.ending().is_some_and(|ending| self.can_be_taken_back(ending.reason));
        self.interject(|mut unread| {
            if counts {
                unread.push(turn);
            }
            Interjection::of(unread, false, now)
        });
    }

    pub(super) fn on_words_while_ending(&mut self, turn: &ItemId, text: Option<&str>, now: Now) {
        if !self.interjection().is_some_and(|said| said.unread().contains(turn)) {
            return;
        }
        let phrases = self.phrases();
        if text.is_none_or(|text| phrases.read(text).wants_an_answer()) {
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

    /// The call goes on, and what the caller has said is answered. A last line that has begun is
    /// played to its end all the same.
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

    /// Whether an ending for this reason is taken back if the caller goes on: in `phrases` never,
    /// and never one that would come again at once.
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
            | EndReason::Shutdown => false,
        };
        retractable && self.setup.settings.ending.decider.asks_the_model()
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

    /// Changes how the caller stands, from the turns that are unread so far.
    fn interject(&mut self, change: impl FnOnce(Vec<ItemId>) -> Interjection) {
        if let Phase::Closing { interjection, .. } | Phase::Pausing { interjection, .. } =
            &mut self.phase
        {
            let unread = interjection.unread().to_vec();
            *interjection = change(unread);
        }
    }
}
