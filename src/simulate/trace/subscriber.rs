//! The subscriber behind a trace. It takes the trace points, and hands all else on.
//!
//! It knows no current span, because `tracing` does not export that type. So while a trace is
//! taken, log lines of tasks miss the span of the actor that spawned them.

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, Subscriber};
use tracing::{Dispatch, Event, Metadata};
use tracing_subscriber::filter::LevelFilter;

use super::point::{Fields, Verdict};
use actors::trace::CRASHED;

/// Takes a trace point. Holds no lock when it returns.
type Take = Box<dyn Fn(&Fields) -> Verdict + Send + Sync>;

pub(super) struct TraceSubscriber {
    take: Take,
    /// What this thread logged to before.
    below: Dispatch,
}

impl TraceSubscriber {
    pub(super) fn new(take: Take, below: Dispatch) -> Self {
        Self { take, below }
    }
}

fn is_trace_point(metadata: &Metadata<'_>) -> bool {
    metadata.target() == actors::trace::TARGET
}

impl Subscriber for TraceSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_trace_point(metadata) {
            Interest::always()
        } else {
            self.below.register_callsite(metadata)
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_trace_point(metadata) || self.below.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        if !is_trace_point(event.metadata()) {
            return self.below.event(event);
        }
        match (self.take)(&Fields::read(event)) {
            Verdict::GoOn => {}
            // Unwinds through the macro into the actor's handler. The dispatcher resets itself.
            Verdict::Panic => panic!("{CRASHED}"),
        }
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.below.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.below.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.below.record_follows_from(span, follows);
    }

    fn enter(&self, span: &Id) {
        self.below.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.below.exit(span);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.below.clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.below.try_close(id)
    }
}
