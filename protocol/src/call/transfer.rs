//! The transfer of a call to a person (CALL-10). A last line is spoken as in any ending (`ending`).
//! In place of the hang-up Twilio's `<Dial>` follows, and the call comes back if nobody answers.

use std::time::Duration;

use super::command::Command;
use super::conversation::Body;
use super::ending::{HangUp, Phase};
use super::event::ToolOutcome;
use super::reason::{EndReason, EndedBy, Ending};
use super::setup::CallSetup;
use super::stream::StreamState;
use super::{Call, Moment, Now};
use crate::ids::{PhoneNumber, ResponseId};
use crate::response_gate::{Reply, Want};

/// The longest transfer. `<Dial>` ends it after four hours, and Twilio reports that.
pub(super) const LONGEST: Duration = Duration::from_secs(4 * 3600 + 60);
/// How long after the redirect a transfer counts as ringing, if Twilio reports nothing.
pub const RINGS_FOR: Duration = Duration::from_secs(25);
/// How long after the ringing Twilio may take to report that nobody answered.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

const ACCEPTED: &str =
    r#"{"ok":true,"note":"the caller now hears the farewell and is put through; say nothing"}"#;
const NO_NUMBER: &str = r#"{"ok":false,"error":"there is nobody to put the caller through to"}"#;
const ENDING_ALREADY: &str = r#"{"ok":false,"error":"the call is ending already"}"#;
const CALLER_SPOKE: &str =
    r#"{"ok":false,"error":"the caller interrupted you; answer them before you put them through"}"#;

/// Told to the model when the call comes back.
const NOBODY_ANSWERED: &str = "Nobody answered the transfer, and the caller is back with you. Tell \
                               them so in one short sentence, and offer to take a message or to \
                               help yourself.";
/// Told to the model when Twilio refused the transfer.
const NOT_POSSIBLE: &str = "The transfer was not possible just now. Tell the caller so in one short \
                            sentence, and offer to take a message or to help yourself.";

/// A person who is being rung for a caller, and may pass the call on to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ringing {
    person: PhoneNumber,
    /// The numbers that the call may show.
    shown: Vec<PhoneNumber>,
}

impl Ringing {
    /// The transfer of this call. `None` if there is nobody to put the caller through to.
    #[must_use]
    pub fn of(setup: &CallSetup) -> Option<Self> {
        let dial = setup.transfer.as_ref()?;
        let caller = setup.person.number().or(dial.caller_id.as_ref());
        let shown = [Some(&setup.business_number), Some(&dial.number), caller];
        let shown = shown.into_iter().flatten().cloned().collect();
        Some(Self { person: dial.number.clone(), shown })
    }

    /// Whether it has caused a new call of the same business (CALL-13). Then the person has passed the
    /// new call on. It shows a number that they were called with, or their own.
    #[must_use]
    pub fn caused(&self, passed_on_by: &[PhoneNumber], from: Option<&PhoneNumber>) -> bool {
        passed_on_by.contains(&self.person) && from.is_some_and(|from| self.shown.contains(from))
    }
}

impl Call {
    /// The model called `transfer_call`. The last line is asked for; the transfer follows when it
    /// was heard. What the same response has said is heard before.
    pub(super) fn transfer_call(&mut self, response: &ResponseId, now: Now) -> ToolOutcome {
        let refused = if self.setup.transfer.is_none() {
            Some(NO_NUMBER)
        } else if self.phase != Phase::Open {
            Some(ENDING_ALREADY)
        } else if self.speech.was_interrupted(response) {
            Some(CALLER_SPOKE)
        } else {
            None
        };
        if refused.is_none() {
            self.close(EndReason::Transferred, EndedBy::Agent, now);
        }
        let output = refused.unwrap_or(ACCEPTED).to_owned();
        ToolOutcome::new(output, refused.is_none())
    }

    /// Whether the transfer of this call has caused a new call of the same business (CALL-13).
    #[must_use]
    pub fn transfer_caused(
        &self,
        passed_on_by: &[PhoneNumber],
        from: Option<&PhoneNumber>,
        now: Moment,
    ) -> bool {
        self.rings_since()
            .filter(|since| now < *since + RINGS_FOR)
            .and_then(|_| Ringing::of(&self.setup))
            .is_some_and(|ringing| ringing.caused(passed_on_by, from))
    }

    /// When Twilio was told to ring the person, if they still ring or talk.
    pub(super) fn rings_since(&self) -> Option<Moment> {
        match self.phase {
            Phase::HandingOver { since, .. }
            | Phase::HangingUp { how: HangUp::PutThrough { since, .. }, .. } => Some(since),
            Phase::Open
            | Phase::Closing { .. }
            | Phase::Pausing { .. }
            | Phase::HangingUp { .. }
            | Phase::Over { .. } => None,
        }
    }

    /// The last line was heard, or cannot be. Twilio is told to ring the person.
    pub(super) fn hand_over(&mut self, now: Now) {
        self.send(Command::Transfer);
        self.phase = Phase::HandingOver { since: now.at, until: now.at + LONGEST };
    }

    /// Twilio has taken the call from its stream.
    pub(super) fn on_stream_handed_over(&mut self) {
        self.stream = StreamState::Closed;
        self.close_session();
    }

    /// The transfer is over. Either the two have spoken and Twilio hangs up, or nobody answered and
    /// Twilio opens a stream again.
    pub(super) fn on_transfer_ended(&mut self, answered: bool, now: Now) {
        match self.phase {
            Phase::HandingOver { .. } => {}
            Phase::HangingUp { ending, how: HangUp::PutThrough { .. }, .. } => {
                return self.on_put_through_ended(ending, answered, now);
            }
            Phase::Open
            | Phase::Closing { .. }
            | Phase::Pausing { .. }
            | Phase::HangingUp { .. }
            | Phase::Over { .. } => return,
        }
        if answered {
            let ending = Ending { reason: EndReason::Transferred, by: EndedBy::Agent };
            let until = now.at + super::ending::AFTER_HANG_UP;
            self.phase = Phase::HangingUp { ending, how: HangUp::Answered, until };
            return;
        }
        self.stream = StreamState::Lost { until: now.at + self.setup.stream_patience };
        self.want_session(now);
        self.go_on_after_transfer(NOBODY_ANSWERED, now);
    }

    /// The REST call of the transfer failed. If the stream is gone, Twilio has taken the transfer
    /// and only its answer was lost: the outcome is awaited.
    pub(super) fn on_transfer_failed(&mut self, now: Now) {
        if matches!(self.phase, Phase::HandingOver { .. }) && self.stream.is_open() {
            self.go_on_after_transfer(NOT_POSSIBLE, now);
        }
        self.on_put_through_failed();
    }

    /// Why a call ended during a transfer. `None` outside of one. Twilio reports nothing when the
    /// person answers, but reports soon when nobody does. So time tells whether they answered.
    pub(super) fn reason_while_handed_over(&self, now: Now) -> Option<EndReason> {
        let Phase::HandingOver { since, .. } = self.phase else { return None };
        let rings = self.setup.transfer.as_ref().map_or(0, |dial| dial.timeout_secs);
        let told_by = since + Duration::from_secs(rings.into()) + TOLD_WITHIN;
        let answered = now.at > told_by;
        Some(if answered { EndReason::Transferred } else { EndReason::CallerHungUp })
    }

    fn go_on_after_transfer(&mut self, told: &str, now: Now) {
        self.phase = Phase::Open;
        self.add_entry(Body::System(told.to_owned()), now);
        self.owe(Want::Answer(Reply::Resume));
    }
}
