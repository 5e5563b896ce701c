//! A message on its way: cleared, sent, looked for, tried again, or left to a person (WA-2).

use std::time::Duration;

use jiff::Timestamp;

use super::Conversation;
use super::event::SendFault;
use super::job::{PersonNeeded, Record};
use super::state::{Cost, MessageId, Outgoing, Phase};
use super::timer::window_is_open;

/// The pauses between tries. The last one is repeated.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(15),
];
/// How long a send that keeps failing is tried. Then a person is needed.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_hours(6);
/// Twilio's code: the person has opted out. It is final (WA-6).
pub(super) const OPTED_OUT: u32 = 21_610;

impl Conversation {
    /// Before anything is sent it is looked whether a call goes on.
    pub(super) fn clear(&mut self, now: Timestamp) {
        if self.on_call { self.put_off(now) } else { self.go_to(Phase::Clearing) }
    }

    pub(super) fn on_looked(&mut self, on_call: bool, now: Timestamp) {
        if on_call {
            self.put_off(now);
            return;
        }
        let Some(message) = self.state.sending.clone() else { return self.rest(now) };
        let is_after_call = self.round_of(&message).is_some_and(|answers| answers.is_none());
        if is_after_call && self.wants_none() {
            return self.done(now);
        }
        if !window_is_open(self.state.last_came, now) {
            let (answers, cost) = (self.answered_by(&message), self.cost_of(&message));
            self.records.push(Record::Held { message, answers, cost });
            self.records.push(Record::ForPerson(PersonNeeded::WindowClosed));
            return self.done(now);
        }
        self.state.sends_since.get_or_insert(now);
        let (answers, cost) = (self.answered_by(&message), self.cost_of(&message));
        self.records.push(Record::Stored { message, answers, cost });
        self.go_to(Phase::Sending { look_first: false });
    }

    /// An answer is made anew after the call. An operator's message is sent then.
    fn put_off(&mut self, now: Timestamp) {
        (self.state.sends_since, self.state.tries) = (None, 0);
        if let Some(message) = self.state.sending.take()
            && self.round_of(&message).is_none()
        {
            self.state.by_hand.push_front(message);
        }
        self.wait_for_call(now);
    }

    pub(super) fn on_sent(&mut self, sid: String, now: Timestamp) {
        if let Some(message) = &self.state.sending {
            self.records.push(Record::Sent { id: message.id, sid });
        }
        self.done(now);
    }

    pub(super) fn on_send_failed(&mut self, fault: SendFault, now: Timestamp) {
        let look_first = match fault {
            SendFault::NotTaken => false,
            SendFault::Unknown => true,
            SendFault::Refused { code } => return self.refused(code, now),
        };
        if self.is_too_late_to_send(now) {
            if let Some(message) = &self.state.sending {
                self.records.push(Record::GivenUp { id: message.id });
            }
            self.records.push(Record::ForPerson(PersonNeeded::Undelivered));
            return self.done(now);
        }
        let pause = PAUSES[(self.state.tries as usize).min(PAUSES.len() - 1)];
        self.state.tries = self.state.tries.saturating_add(1);
        self.go_to(Phase::Pausing { until: now + pause, look_first });
    }

    /// One that Twilio may have is looked for: that sends nothing, and goes on during a call.
    pub(super) fn send_again(&mut self, now: Timestamp) {
        let Phase::Pausing { look_first, .. } = self.state.phase else { return };
        if look_first {
            self.go_to(Phase::Sending { look_first });
        } else {
            self.clear(now);
        }
    }

    fn refused(&mut self, code: Option<u32>, now: Timestamp) {
        if let Some(message) = &self.state.sending {
            self.records.push(Record::Refused { id: message.id, code });
        }
        if code == Some(OPTED_OUT) {
            self.opt_out(true);
        }
        self.records.push(Record::ForPerson(PersonNeeded::Refused));
        self.done(now);
    }

    /// The message is out of our hands.
    fn done(&mut self, now: Timestamp) {
        if let Some(message) = self.state.sending.take()
            && self.round_of(&message).is_some()
        {
            self.finish_round();
        }
        self.rest(now);
    }

    /// The texts that it answers, if it is the round's answer: `Some(None)` if it only follows a call.
    fn round_of(&self, message: &Outgoing) -> Option<Option<MessageId>> {
        let round = self.state.round.as_ref()?;
        (round.answer == Some(message.id)).then(|| round.newest().map(|newest| newest.id))
    }

    fn cost_of(&self, message: &Outgoing) -> Option<Cost> {
        let round = self.state.round.as_ref().filter(|round| round.answer == Some(message.id))?;
        Some(round.cost).filter(|cost| cost.questions > 0)
    }

    fn answered_by(&self, message: &Outgoing) -> Option<MessageId> {
        self.round_of(message).flatten()
    }
}
