//! What becomes of a call that no session can answer (PIPE-10). A caller is put through to the
//! transfer number, if there is one, and hears the apology if nobody answers there. Everybody else
//! hears the apology at once.

use super::command::Command;
use super::ending::{AFTER_HANG_UP, APOLOGY_PATIENCE, HangUp, Phase};
use super::reason::{EndReason, EndedBy, Ending};
use super::transfer::LONGEST;
use super::{Call, Now};
use crate::twilio::forms::Direction;

impl Call {
    /// Ends an open call without a session. Twilio rings the person, or apologises.
    pub(super) fn give_up(&mut self, now: Now) {
        if self.setup.transfer.is_none() || self.setup.direction == Direction::Outbound {
            return self.apologise(EndReason::UpstreamFailed, now);
        }
        self.stop_end_detection();
        self.withdraw_what_waits();
        self.send(Command::Transfer);
        let ending = Ending { reason: EndReason::UpstreamFailed, by: EndedBy::Daemon };
        let how = HangUp::PutThrough { since: now.at, refused: false };
        self.phase = Phase::HangingUp { ending, how, until: now.at + LONGEST };
        self.close_session();
    }

    /// The person has answered and Twilio hangs up, or nobody has and Twilio apologises: both by the
    /// answer to the webhook that has told it.
    pub(super) fn on_put_through_ended(&mut self, ending: Ending, answered: bool, now: Now) {
        let (how, patience) = if answered {
            (HangUp::Answered, AFTER_HANG_UP)
        } else {
            (HangUp::Apology, APOLOGY_PATIENCE)
        };
        self.phase = Phase::HangingUp { ending, how, until: now.at + patience };
    }

    /// The request to ring the person failed. The stream of a caller who is still on it, or comes back
    /// to it, is closed: the webhook that Twilio then asks rings the person. If the stream is gone,
    /// Twilio may ring all the same. Either way the outcome is awaited.
    pub(super) fn on_put_through_failed(&mut self) {
        if let Phase::HangingUp { how: HangUp::PutThrough { refused, .. }, .. } = &mut self.phase {
            *refused = true;
        }
        self.settle_refused_put_through();
    }

    /// A stream has opened, or the request has failed.
    pub(super) fn settle_refused_put_through(&mut self) {
        if let Phase::HangingUp { how: HangUp::PutThrough { refused: true, .. }, .. } = self.phase
            && self.stream.is_open()
        {
            self.send(Command::CloseStream);
        }
    }
}
