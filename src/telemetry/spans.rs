//! A trace of a call as spans: the call is the root, its parts are children.

use std::borrow::Cow;
use std::time::SystemTime;

use actors::call_trace::{CallTrace, Part, PartKind};
use jiff::Timestamp;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use sha2::{Digest as _, Sha256};

/// The spans of a call, its root first. If another node goes on with the call, the root is that node's.
pub(super) fn of(trace: &CallTrace) -> Vec<SpanData> {
    let ids = Ids::of(trace);
    let parts = trace.parts.iter().enumerate().map(|(place, part)| ids.part(place, part));
    ids.root(trace).into_iter().chain(parts).collect()
}

/// All nodes that have a call give its trace the same id.
struct Ids<'a> {
    call: &'a str,
    trace: TraceId,
    root: SpanId,
}

impl<'a> Ids<'a> {
    fn of(trace: &'a CallTrace) -> Self {
        let call = trace.call.as_str();
        let digest = digest(call, "call", Timestamp::UNIX_EPOCH, 0);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[16..]);
        Self { call, trace: TraceId::from_bytes(id), root: span_id(&digest) }
    }

    fn root(&self, trace: &CallTrace) -> Option<SpanData> {
        let reason = trace.reason?;
        let attributes = vec![
            KeyValue::new("call.sid", self.call.to_owned()),
            KeyValue::new("call.business", trace.business.as_str().to_owned()),
            KeyValue::new("call.direction", trace.direction),
            KeyValue::new("call.end_reason", reason.as_str()),
            KeyValue::new("call.parts_left_out", i64::from(trace.left_out)),
        ];
        let mut span = self.span("call", SpanKind::Server, (trace.began, trace.ended), attributes);
        if reason.is_failure() {
            span.status = Status::error(reason.as_str());
        }
        Some(span)
    }

    fn part(&self, place: usize, part: &Part) -> SpanData {
        let (name, kind, attribute): (_, _, Option<KeyValue>) = match part.kind {
            PartKind::Session(number) => (
                "session",
                SpanKind::Client,
                Some(KeyValue::new("session.number", i64::from(number))),
            ),
            PartKind::Turn => ("turn", SpanKind::Internal, None),
            PartKind::Tool(name) => {
                ("tool", SpanKind::Internal, Some(KeyValue::new("tool.name", name)))
            }
            PartKind::Ending(reason) => {
                let reason = KeyValue::new("ending.reason", reason.as_str());
                ("ending", SpanKind::Internal, Some(reason))
            }
        };
        let times = (part.began, part.ended);
        let mut span = self.span(name, kind, times, attribute.into_iter().collect());
        let own = span_id(&digest(self.call, name, part.began, place));
        span.span_context = self.context(own);
        span.parent_span_id = self.root;
        span
    }

    fn span(
        &self,
        name: &'static str,
        span_kind: SpanKind,
        (began, ended): (Timestamp, Timestamp),
        attributes: Vec<KeyValue>,
    ) -> SpanData {
        let scope = InstrumentationScope::builder("frontdesk");
        SpanData {
            span_context: self.context(self.root),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind,
            name: Cow::Borrowed(name),
            start_time: SystemTime::from(began),
            end_time: SystemTime::from(ended.max(began)),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: scope.with_version(env!("CARGO_PKG_VERSION")).build(),
        }
    }

    fn context(&self, span: SpanId) -> SpanContext {
        SpanContext::new(self.trace, span, TraceFlags::SAMPLED, false, TraceState::default())
    }
}

fn digest(call: &str, what: &str, began: Timestamp, place: usize) -> [u8; 32] {
    let text = format!("{call} {what} {} {place}", began.as_nanosecond());
    Sha256::digest(text).into()
}

fn span_id(digest: &[u8; 32]) -> SpanId {
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    SpanId::from_bytes(id)
}
