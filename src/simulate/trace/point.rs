//! One trace point, read from its event.

use std::fmt::{self, Write as _};

use tracing::Event;
use tracing::field::{Field, Visit};

use crate::virtual_time::process::Process;

/// What an actor or a provider is about to do, or has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracePoint<'a> {
    /// Counts all points, from 1.
    pub number: u64,
    /// Virtual time since the start.
    pub at_ms: u64,
    /// The call's SID; empty if the point belongs to no call.
    pub call: &'a str,
    /// The kind of actor, or the part of a provider.
    pub actor: &'a str,
    /// The actor's generation; of a provider the number of its session or stream.
    pub generation: u64,
    /// Whether it is in the handler of one of a call's four actors.
    pub may_panic: bool,
    pub message: &'a str,
    /// Whose it is, if several daemons are simulated.
    pub process: Process,
}

/// Whether an actor survives a trace point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    Panic,
}

/// Most messages have fewer bytes.
const USUAL_LENGTH: usize = 128;

/// The fields of a trace point's event.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) call: String,
    actor: String,
    generation: u64,
    may_panic: bool,
    message: String,
    process: Process,
}

impl Fields {
    pub(super) fn read(event: &Event<'_>) -> Self {
        let message = String::with_capacity(USUAL_LENGTH);
        let mut fields = Self { message, process: Process::current(), ..Self::default() };
        event.record(&mut fields);
        fields
    }

    pub(super) fn point(&self, number: u64, at_ms: u64) -> TracePoint<'_> {
        let Self { call, actor, generation, may_panic, message, process } = self;
        let (generation, may_panic, process) = (*generation, *may_panic, *process);
        TracePoint { number, at_ms, call, actor, generation, may_panic, message, process }
    }
}

impl TracePoint<'_> {
    /// Replaces `line` by the point. `call` is the place of its call in the order of appearance, from 1.
    pub(super) fn write_line(&self, call: Option<usize>, line: &mut String) {
        let Self { at_ms, actor, generation, message, process, .. } = self;
        line.clear();
        // Writing to a string can't fail.
        let _ = match call {
            Some(place) => write!(line, "{at_ms} call-{place} {actor}/{generation}"),
            None => write!(line, "{at_ms} - {actor}/{generation}"),
        };
        if *process != Process::OUTSIDE {
            let _ = write!(line, "@{}", process.0);
        }
        line.push(' ');
        let mut lines = message.split('\n');
        line.push_str(lines.next().unwrap_or_default());
        for next in lines {
            line.push_str("\\n");
            line.push_str(next);
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "call" => value.clone_into(&mut self.call),
            "actor" => value.clone_into(&mut self.actor),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "generation" {
            self.generation = value;
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "may_panic" {
            self.may_panic = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string can't fail.
            let _ = write!(self.message, "{value:?}");
        }
    }
}
