//! The span of a call. Every log line that concerns the call carries it (OPS-8).

use std::fmt::Display;

use protocol::ids::CallSid;
use tracing::Span;

/// Of the level `error`, so that no filter of an operator's takes the call's id from a line. `business`
/// is its slug where that is known, else its id.
#[must_use]
pub fn call_span(call: &CallSid, business: impl Display) -> Span {
    tracing::error_span!("call", sid = %call, %business)
}
