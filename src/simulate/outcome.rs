//! The results of scenarios and of their calls.

use std::sync::Arc;
use std::time::Duration;

use practice::twilio::HeardSpeech;
use protocol::ids::PhoneNumber;

use super::judge::Verdict;
use super::player::Spoken;
use super::scenario::Scenario;
use super::seen::WrittenSide;
use super::stage::left::Left;
use super::waits::Waits;

/// The result of a scenario.
#[derive(Debug)]
pub struct Outcome {
    pub scenario: Arc<Scenario>,
    /// In the order of the callers' numbers.
    pub calls: Vec<CallOutcome>,
    /// What remained after all calls.
    pub left: Left,
    /// From the start of the first call to the end of the last, by the daemon's clock.
    pub took: Duration,
    /// The same by the machine's clock.
    pub took_really: Duration,
}

/// The result of one call.
#[derive(Debug)]
pub struct CallOutcome {
    /// The caller's number.
    pub number: PhoneNumber,
    /// From dialling to the end. Without a call, of all that happened.
    pub length: Duration,
    /// Whether there was a call.
    pub called: bool,
    pub spoken: Vec<Spoken>,
    pub heard: Vec<HeardSpeech>,
    /// The messages of both sides, each in a line, with the time since the scenario began.
    pub written: Vec<(Duration, String)>,
    /// The practice model's client events in order, without audio.
    pub told: Vec<String>,
    /// As in the call's record.
    pub end_reason: Option<String>,
    /// The delays that the daemon caused.
    pub waits: Waits,
    pub verdict: Verdict,
}

impl Outcome {
    /// Whether every call holds and nothing remained.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left.is_nothing() && self.calls.iter().all(|call| call.verdict.holds())
    }
}

impl CallOutcome {
    /// The result of what was only written.
    pub(super) fn without_call(
        number: PhoneNumber,
        written: &WrittenSide,
        verdict: Verdict,
    ) -> Self {
        Self {
            number,
            length: written.took,
            called: false,
            spoken: Vec::new(),
            heard: Vec::new(),
            written: written.lines(),
            told: Vec::new(),
            end_reason: None,
            waits: Waits::default(),
            verdict,
        }
    }
}
