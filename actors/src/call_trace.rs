//! How a call went and how long its parts took, for systems that show traces (OPS-3). It has no word and no number of
//! a person.
//!
//! CallActor notes each change. When the call is over here, its trace goes to whoever listens. It never waits: a trace
//! that finds no room is dropped and counted. Without a listener nothing is noted.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use protocol::call::{Call, CallSetup, EndReason, Ending};
use protocol::ids::{CallSid, Slug};
use protocol::tools::Tool;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::metrics::{Metrics, returned};

/// The most parts of one call. Later ones are counted.
const MAX_PARTS: usize = 500;
/// Traces that wait for the listener.
const MAX_WAITING: usize = 256;
/// A tool that this version does not know.
const OTHER_TOOL: &str = "other";

/// What a part of a call was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A session with OpenAI was configured. They are numbered.
    Session(u32),
    /// From the end of the caller's speech to the first audio of the answer.
    Turn,
    /// From the model's call to its output.
    Tool(&'static str),
    /// From the decision to end the call.
    Ending(EndReason),
}

/// A part of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    pub began: Timestamp,
    pub ended: Timestamp,
}

/// A call that is over here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallTrace {
    pub call: CallSid,
    pub business: Slug,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// `None`: another node goes on with it.
    pub reason: Option<EndReason>,
    pub parts: Vec<Part>,
    /// Parts beyond the limit.
    pub left_out: u32,
}

/// Where traces go. Clones lead to the same listener.
#[derive(Debug, Clone, Default)]
pub struct CallTraces(Option<mpsc::Sender<CallTrace>>);

impl CallTraces {
    /// With the end at which a listener takes them.
    #[must_use]
    pub fn heard() -> (Self, mpsc::Receiver<CallTrace>) {
        let (sender, traces) = mpsc::channel(MAX_WAITING);
        (Self(Some(sender)), traces)
    }

    pub(crate) fn of_call(&self) -> TraceOfCall {
        TraceOfCall(self.0.clone().map(|listener| Mutex::new(Noted::new(listener))))
    }
}

/// The trace of one call, in the making. It outlives CallActor.
#[derive(Debug)]
pub(crate) struct TraceOfCall(Option<Mutex<Noted>>);

#[derive(Debug)]
struct Noted {
    /// `None` once the trace is given away.
    listener: Option<mpsc::Sender<CallTrace>>,
    parts: Vec<Part>,
    left_out: u32,
    session: Option<(u32, Timestamp)>,
    ending: Option<(Ending, Timestamp)>,
}

impl TraceOfCall {
    pub(crate) fn changed(&self, before: &Call, after: &Call, clock: Clock) {
        if let Some(noted) = &self.0 {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.changed(before, after, clock.wall());
        }
    }

    /// The call is over here. A second time changes nothing.
    pub(crate) fn over(
        &self,
        setup: &CallSetup,
        call: &Call,
        reason: Option<EndReason>,
        clock: Clock,
        metrics: &Metrics,
    ) {
        let Some(noted) = &self.0 else { return };
        let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(listener) = noted.listener.take() else { return };
        let trace = noted.whole(setup, call, reason, clock.wall());
        if listener.try_send(trace).is_err() {
            metrics.traces_dropped(1);
        }
    }
}

impl Noted {
    fn new(listener: mpsc::Sender<CallTrace>) -> Self {
        let (listener, parts) = (Some(listener), Vec::new());
        Self { listener, parts, left_out: 0, session: None, ending: None }
    }

    fn changed(&mut self, before: &Call, after: &Call, now: Timestamp) {
        if self.session.map(|(number, _)| number) != after.session_number() {
            self.session_ended(now);
            self.session = after.session_number().map(|number| (number, now));
        }
        let (old, new) = (before.latencies(), after.latencies());
        if old.turns != new.turns
            && let Some(took) = new.last_turn_ms
        {
            self.ended(PartKind::Turn, Duration::from_millis(took), now);
        }
        let known = before.entries().next_back().map_or(0, |last| last.number);
        for entry in after.entries().rev().take_while(|entry| entry.number > known) {
            if let Some((tool, took)) = returned(after, entry) {
                let tool = Tool::named(tool).map_or(OTHER_TOOL, Tool::name);
                self.ended(PartKind::Tool(tool), took, entry.at);
            }
        }
        // An ending that was taken back is none.
        self.ending = match (self.ending, after.ending()) {
            (Some((noted, since)), Some(ending)) if noted == ending => Some((ending, since)),
            (_, ending) => ending.map(|ending| (ending, now)),
        };
    }

    fn session_ended(&mut self, now: Timestamp) {
        if let Some((number, began)) = self.session.take() {
            self.add(Part { kind: PartKind::Session(number), began, ended: now });
        }
    }

    fn ended(&mut self, kind: PartKind, took: Duration, ended: Timestamp) {
        self.add(Part { kind, began: ended - took, ended });
    }

    fn add(&mut self, part: Part) {
        if self.parts.len() < MAX_PARTS {
            self.parts.push(part);
        } else {
            self.left_out += 1;
        }
    }

    fn whole(
        &mut self,
        setup: &CallSetup,
        call: &Call,
        reason: Option<EndReason>,
        now: Timestamp,
    ) -> CallTrace {
        self.session_ended(now);
        if let Some((ending, began)) = self.ending.take() {
            self.add(Part { kind: PartKind::Ending(ending.reason), began, ended: now });
        }
        CallTrace {
            call: setup.call_sid.clone(),
            business: setup.settings.slug.clone(),
            direction: setup.direction.as_str(),
            began: call.began().wall,
            ended: now,
            reason,
            parts: std::mem::take(&mut self.parts),
            left_out: self.left_out,
        }
    }
}

#[cfg(test)]
mod tests;
