//! A call that is put through to a person (CALL-10). The farewell is the last line of an ending like
//! any other (`ending`); what follows it is not the hang-up but Twilio's `<Dial>`, and the call comes
//! back from there if nobody answers.

use std::time::Duration;

use super::command::Command;
use super::conversation::Body;
use super::ending::{HangUp, Phase};
use super::event::ToolOutcome;
use super::reason::{EndReason, EndedBy, Ending};
use super::session::Session;
use super::stream::StreamState;
use super::{Call, Now};
use crate::ids::ResponseId;
use crate::response_gate::{Reply, Want};

/// The longest conversation with the person: `<Dial>` ends it after four hours, and tells so.
const LONGEST: Duration = Duration::from_secs(4 * 3600 + 60);
/// How long after it has stopped ringing Twilio may take to say that nobody answered.
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
/// Told to the model when Twilio did not take the transfer.
const NOT_POSSIBLE: &str = "The transfer was not possible just now. Tell the caller so in one short \
                            sentence, and offer to take a message or to help yourself.";

impl Call {
    /// The model wants the caller to be put through: the farewell is asked for, and the rest follows
    /// when it was heard. Whatever the same response has said is heard before it.
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
        ToolOutcome { output, succeeded: refused.is_none() }
    }

    /// The farewell was heard, or can't be: the person is rung.
    pub(super) fn hand_over(&mut self, now: Now) {
        self.send(Command::Transfer);
        self.phase = Phase::HandingOver { since: now.at, until: now.at + LONGEST };
    }

    /// Twilio has taken the call from its stream. A session that nobody speaks with costs money.
    pub(super) fn on_stream_handed_over(&mut self, now: Now) {
        self.stream = StreamState::Closed;
        if self.session != Session::NotWanted {
            self.session = Session::NotWanted;
            self.settle_broken_responses(now);
            self.send(Command::CloseSession);
        }
    }

    /// The transfer is over: the two have spoken, and Twilio hangs up; or nobody answered, and
    /// Twilio connects the caller with us again.
    pub(super) fn on_transfer_ended(&mut self, answered: bool, now: Now) {
        let Phase::HandingOver { .. } = self.phase else { return };
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

    /// Twilio has refused to ring the person. If the stream is gone all the same, Twilio has taken
    /// the transfer and its answer was lost: then its outcome is awaited.
    pub(super) fn on_transfer_failed(&mut self, now: Now) {
        if matches!(self.phase, Phase::HandingOver { .. }) && self.stream.is_open() {
            self.go_on_after_transfer(NOT_POSSIBLE, now);
        }
    }

    /// Why a call is over that ended while the person was rung or spoke. That the person has
    /// answered is told by nothing but the time: when nobody does, Twilio says so before.
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
