//! The state machine of a written conversation between a business and a person (WA-1 to WA-7): events and
//! the time go in, records and one job come out. It has no clock and does nothing itself.
//!
//! After each event store what [`Conversation::take_records`] returns together with
//! [`Conversation::state`], then do [`Conversation::job`]. The job follows from the state alone. So
//! whoever restores a stored state ([`Conversation::resume`]) goes on where the last one died, and nobody
//! is answered twice. The table of what happens in which phase is `docs/texting.md`.

mod event;
pub mod history;
mod job;
mod length;
mod opt_out;
mod round;
mod sending;
mod state;
mod timer;

use std::sync::Arc;

use jiff::Timestamp;

use crate::business::{AfterCall, BusinessSettings, Lines};
use crate::call::LeadFacts;
use crate::ids::CallSid;
use crate::mistake::planted;
use crate::phrases::{Phrases, Reading};

pub use event::{Content, Event, JobResult, Prepared, SendFault, Text};
pub use job::{Job, PersonNeeded, Record};
pub use length::{LONGEST_MESSAGE, TextFlaw, fits, one_message, units};
pub use opt_out::{OptOut, opt_out};
pub use state::{Cost, MessageId, Outgoing, Phase, PhaseName, State};
pub use timer::{LONGEST_SETTLE, LOOK_EVERY, Timer, WINDOW, window_is_open};

use state::Owed;

/// The most texts that are owed one by one. Older ones are part of the history, and answered with it.
const MOST_OWED: usize = 100;
/// The most messages of an operator's that wait to be sent.
pub const MOST_BY_HAND: usize = 20;

/// What a business has set, as far as it decides anything here.
#[derive(Debug, Clone)]
pub struct Rules {
    settings: Arc<BusinessSettings>,
    lines: Arc<Lines>,
    phrases: Arc<Phrases>,
}

impl Rules {
    /// The rules of one business.
    #[must_use]
    pub fn of(settings: Arc<BusinessSettings>) -> Self {
        let (lines, phrases) = (Arc::new(settings.lines()), Phrases::of(&settings.ending));
        Self { settings, lines, phrases }
    }

    /// The business's settings.
    #[must_use]
    pub fn settings(&self) -> &Arc<BusinessSettings> {
        &self.settings
    }
}

/// One conversation.
#[derive(Debug, Clone)]
pub struct Conversation {
    rules: Rules,
    state: State,
    /// What is known of the lead. Read anew by each [`Job::Prepare`].
    lead: LeadFacts,
    /// Whether a call is known to go on. Whoever prepares or looks finds out again.
    on_call: bool,
    records: Vec<Record>,
}

impl Conversation {
    /// A conversation as its state was stored; a new one begins with the default.
    #[must_use]
    pub fn new(rules: Rules, state: State) -> Self {
        Self { rules, state, lead: LeadFacts::default(), on_call: false, records: Vec::new() }
    }

    /// What the row says of the person counts more than an older state.
    pub fn set_opted_out(&mut self, out: bool) {
        self.state.opted_out = out;
    }

    /// What is to be stored after each event.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The rules that it goes by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What has been decided since the last time, oldest first.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Whether something was decided that is not taken yet.
    #[must_use]
    pub fn has_records(&self) -> bool {
        !self.records.is_empty()
    }

    /// Whether nothing is owed and nothing in work.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let state = &self.state;
        state.phase == Phase::Resting
            && state.owed.is_empty()
            && state.by_hand.is_empty()
            && state.round.is_none()
            && state.after_call.is_none()
    }

    /// Handles an event that happened at `now`.
    pub fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::TextCame(text) => self.on_text_came(text),
            Event::OperatorWrote(message) => self.on_operator_wrote(message, now),
            Event::CallBegan => self.on_call = true,
            Event::CallEnded { call } => self.on_call_ended(call, now),
            Event::DeliveryFailed { code } => self.on_delivery_failed(code),
            Event::JobDone { job, result } if job == self.state.job => {
                self.on_job_done(result, now);
            }
            // Of a job that nobody waits for any more.
            Event::JobDone { .. } => {}
        }
    }

    /// What the job in work has cost, before it is [done](Event::JobDone).
    pub fn add_cost(&mut self, job: u64, cost: Cost) {
        if let Some(round) = self.state.round.as_mut().filter(|_| job == self.state.job) {
            round.cost.questions = round.cost.questions.saturating_add(cost.questions);
            round.cost.usage += cost.usage;
        }
    }

    /// Another process goes on with a stored state, or the same one after a crash. What had been handed
    /// to Twilio is looked for before it is sent again; what the model was asked is asked again.
    pub fn resume(&mut self, now: Timestamp) {
        match &mut self.state.phase {
            Phase::Resting | Phase::Preparing | Phase::Clearing | Phase::Pausing { .. } => {}
            Phase::OnCall { look_at } => *look_at = now,
            Phase::Asking | Phase::Running => self.go_to(Phase::Preparing),
            Phase::Sending { look_first } => *look_first = true,
        }
    }

    fn on_text_came(&mut self, text: Text) {
        let Text { id, at, content } = text;
        let known = |owed: &Owed| owed.id == id;
        let in_work = self.state.round.as_ref().is_some_and(|round| round.batch.iter().any(known));
        if in_work || self.state.owed.iter().any(known) {
            return;
        }
        self.state.last_came = self.state.last_came.max(Some(at));
        let words = content.words();
        match words.and_then(opt_out) {
            Some(OptOut::Stop) => {
                self.opt_out(true);
                self.records.push(Record::Handled(vec![id]));
                return;
            }
            Some(OptOut::Start) => self.opt_out(false),
            None => {}
        }
        let reading = words.map(|words| self.rules.phrases.read(words));
        if self.state.closed {
            self.begin_anew(at);
        }
        let owed = Owed {
            id,
            at,
            is_readable: words.is_some(),
            declines: reading == Some(Reading::Decline),
            says_goodbye: matches!(reading, Some(Reading::Farewell | Reading::Goodbye)),
        };
        self.state.owed.push_back(owed);
        if self.state.owed.len() > MOST_OWED
            && let Some(oldest) = self.state.owed.pop_front()
        {
            self.records.push(Record::Handled(vec![oldest.id]));
        }
    }

    fn on_operator_wrote(&mut self, message: Outgoing, now: Timestamp) {
        let current = self.state.sending.as_ref().is_some_and(|sending| sending.id == message.id);
        let waits = self.state.by_hand.iter().any(|waiting| waiting.id == message.id);
        if current || waits || self.state.by_hand.len() == MOST_BY_HAND {
            return;
        }
        self.state.by_hand.push_back(message);
        self.go_on(now);
    }

    /// A message follows the call only if the person has written within the window, and has not said stop
    /// (WA-6, WA-7).
    fn on_call_ended(&mut self, call: CallSid, now: Timestamp) {
        self.on_call = false;
        let wanted = self.rules.settings.whatsapp.after_call != AfterCall::Off;
        if wanted && !self.wants_none() && window_is_open(self.state.last_came, now) {
            self.state.after_call = Some(call);
        }
        if let Phase::OnCall { look_at } = &mut self.state.phase {
            *look_at = now;
        }
        self.go_on(now);
    }

    fn on_delivery_failed(&mut self, code: Option<u32>) {
        if code == Some(sending::OPTED_OUT) {
            self.opt_out(true);
        }
        self.records.push(Record::ForPerson(PersonNeeded::Undelivered));
    }

    /// Whether nothing may be sent by itself.
    fn wants_none(&self) -> bool {
        self.state.opted_out && !planted!(MessageAfterStop)
    }

    fn opt_out(&mut self, out: bool) {
        if self.state.opted_out != out {
            self.state.opted_out = out;
            self.records.push(Record::OptedOut(out));
        }
    }

    fn begin_anew(&mut self, at: Timestamp) {
        let state = &mut self.state;
        state.closed = false;
        state.declined = false;
        state.captured.clear();
        state.offered.clear();
        self.records.push(Record::Began { at });
    }

    /// Every new phase with a job has a new number, so that what an older job brings is told from it.
    fn go_to(&mut self, phase: Phase) {
        self.state.phase = phase;
        self.state.job += 1;
    }

    /// What comes next once nothing is in work.
    fn go_on(&mut self, now: Timestamp) {
        if self.state.phase != Phase::Resting {
            return;
        }
        if let Some(message) = self.state.by_hand.pop_front() {
            self.state.sending = Some(message);
            self.clear(now);
        } else if self.state.round.is_some()
            || (self.state.after_call.is_some() && self.state.owed.is_empty())
        {
            self.begin_round(now);
        }
    }
}

#[cfg(test)]
mod tests;
