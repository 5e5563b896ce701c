//! What the daemon counts for `GET /metrics` (OPS-3). `Services` holds it, so each daemon of a
//! simulation has its own. The text is made in `src/http/admin/metrics.rs`.
//!
//! To count is to add to an atomic number. A call's frames are counted where they pass, and read here at
//! a scrape and at the end of the call. All labels are fixed: none comes from a call or a business.

mod audio;
mod by_label;
mod course;
mod histogram;
mod of_call;
mod usage;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::call::EndReason;
use protocol::ids::CallSid;
use protocol::openai::usage::{
    TEXT_MODELS, TRANSCRIPTION_MODELS, Usage, VOICE_MODELS, known_model,
};
use protocol::texting::PersonNeeded;
use protocol::tools::Tool;
use protocol::webhooks::Target;

pub use audio::{AudioView, Frames};
pub use by_label::{ByLabel, OTHER};
pub use course::{Course, MINUTES};
pub use histogram::{Counter, Histogram};
pub(crate) use of_call::returned;
pub use usage::{Tokens, Transcribed};

use crate::audio::loudness::Loudness;
use crate::audio::uplink::Uplink;
use crate::introspection::ActorKind;
use audio::Audio;

/// In microseconds. The caller is to wait for a second or less.
const WAITS: [u64; 11] = [
    250_000, 500_000, 750_000, 1_000_000, 1_250_000, 1_500_000, 2_000_000, 3_000_000, 5_000_000,
    10_000_000, 20_000_000,
];
/// The daemon's own share of a wait: 10 ms of the greeting (GREET-5), 2 ms of an interruption (BARGE-3).
const OWN_SHARE: [u64; 9] = [100, 250, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 250_000];
const TOOL_TIMES: [u64; 9] =
    [1_000, 5_000, 25_000, 100_000, 250_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000];

/// What becomes of traces.
const TRACES: [&str; 2] = ["exported", "dropped"];

/// What is counted of written messages.
const MESSAGES: [&str; 4] = ["came", "sent", "delivered", "failed"];

/// What one daemon has counted since its start.
pub struct Metrics {
    /// Calls that have ended, by [`EndReason::as_str`].
    pub ended: ByLabel<Counter>,
    /// By [`ActorKind::as_str`].
    pub restarts: ByLabel<Counter>,
    /// From the stream's start to the greeting's first audio to Twilio.
    pub greeting: Histogram,
    /// The daemon's share of that.
    pub greeting_added: Histogram,
    /// From the end of the caller's speech to the answer's first audio to Twilio.
    pub turn: Histogram,
    /// The waits for greetings in the last hour.
    pub greeting_course: Course,
    /// The waits for answers in the last hour.
    pub turn_course: Course,
    /// From the frame that decides an interruption to Twilio's `clear`.
    pub barge_in: Histogram,
    /// By [`Tool::name`].
    pub tools: ByLabel<Histogram>,
    /// By Realtime model and text model.
    pub tokens: ByLabel<Tokens>,
    /// By transcription model.
    pub transcribed: ByLabel<Transcribed>,
    /// Written messages, by what became of them.
    pub messages: ByLabel<Counter>,
    /// Conversations that were marked for a person, by [`PersonNeeded::as_str`].
    pub person_needed: ByLabel<Counter>,
    /// Traces of calls, by what became of them.
    pub traces: ByLabel<Counter>,
    /// Events that were taken, by [`Target::as_str`].
    pub events_sent: ByLabel<Counter>,
    /// Tries of events that failed, by target.
    pub events_failed: ByLabel<Counter>,
    /// Events that are not tried any more, by target.
    pub events_dead: ByLabel<Counter>,
    audio: Mutex<Audio>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            ended: ByLabel::closed(EndReason::ALL.map(EndReason::as_str)),
            restarts: ByLabel::closed(ActorKind::ALL.map(ActorKind::as_str)),
            greeting: Histogram::new(&WAITS),
            greeting_added: Histogram::new(&OWN_SHARE),
            turn: Histogram::new(&WAITS),
            greeting_course: Course::default(),
            turn_course: Course::default(),
            barge_in: Histogram::new(&OWN_SHARE),
            tools: ByLabel::open(Tool::ALL.map(Tool::name), || Histogram::new(&TOOL_TIMES)),
            tokens: ByLabel::open(VOICE_MODELS.into_iter().chain(TEXT_MODELS), Tokens::default),
            transcribed: ByLabel::open(TRANSCRIPTION_MODELS, Transcribed::default),
            messages: ByLabel::closed(MESSAGES),
            person_needed: ByLabel::closed(PersonNeeded::ALL.map(PersonNeeded::as_str)),
            traces: ByLabel::closed(TRACES),
            events_sent: ByLabel::closed(Target::ALL.map(Target::as_str)),
            events_failed: ByLabel::closed(Target::ALL.map(Target::as_str)),
            events_dead: ByLabel::closed(Target::ALL.map(Target::as_str)),
            audio: Mutex::default(),
        }
    }
}

impl Metrics {
    /// Twilio has delivered a person's message, perhaps not for the first time.
    pub fn message_came(&self) {
        self.messages.count("came");
    }

    /// Twilio has taken a message.
    pub(crate) fn message_sent(&self) {
        self.messages.count("sent");
    }

    /// Twilio has reported how a delivery goes: once for each step.
    pub fn delivery(&self, failed: bool, delivered: bool) {
        if failed {
            self.messages.count("failed");
        } else if delivered {
            self.messages.count("delivered");
        }
    }

    /// A conversation is marked for a person of the business.
    pub fn person_needed(&self, why: PersonNeeded) {
        self.person_needed.count(why.as_str());
    }

    /// The collector has taken so many traces.
    pub fn traces_exported(&self, count: usize) {
        (0..count).for_each(|_| self.traces.count("exported"));
    }

    /// So many traces found no room, or no collector.
    pub fn traces_dropped(&self, count: usize) {
        (0..count).for_each(|_| self.traces.count("dropped"));
    }

    pub(crate) fn event_sent(&self, target: Target) {
        self.events_sent.count(target.as_str());
    }

    pub(crate) fn event_failed(&self, target: Target) {
        self.events_failed.count(target.as_str());
    }

    pub(crate) fn event_died(&self, target: Target) {
        self.events_dead.count(target.as_str());
    }

    /// The text model was billed for an answer.
    pub(crate) fn text_used(&self, model: &str, usage: &Usage) {
        let name = known_model(&TEXT_MODELS, model).unwrap_or(OTHER);
        if let Some(tokens) = self.tokens.of(name) {
            tokens.grew(model, &Usage::default(), usage);
        }
    }

    /// A call has ended that never had actors, or lost them with an earlier process.
    pub fn ended(&self, reason: EndReason) {
        self.ended.count(reason.as_str());
    }

    /// The calls that go on, and the audio of all calls so far.
    #[must_use]
    pub fn audio(&self) -> AudioView {
        self.calls().view()
    }

    pub(crate) fn restarted(&self, kind: ActorKind) {
        self.restarts.count(kind.as_str());
    }

    pub(crate) fn call_began(
        &self,
        call: &CallSid,
        uplink: &Arc<Uplink>,
        loudness: &Arc<Loudness>,
    ) {
        self.calls().begin(call.clone(), Arc::clone(uplink), Arc::clone(loudness));
    }

    /// The call is over. A second time changes nothing.
    pub(crate) fn call_over(&self, call: &CallSid, reason: EndReason) {
        if self.calls().end(call) {
            self.ended(reason);
        }
    }

    /// Another node has the call, and counts its end.
    pub(crate) fn call_moved(&self, call: &CallSid) {
        self.calls().end(call);
    }

    /// The call could not be started. It is counted where it is refused.
    pub(crate) fn call_refused(&self, call: &CallSid) {
        self.calls().end(call);
    }

    fn calls(&self) -> MutexGuard<'_, Audio> {
        self.audio.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
