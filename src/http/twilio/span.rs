//! The span of a request about a call (OPS-8).

use std::fmt::Display;

use protocol::ids::CallSid;
use tracing::Span;
use tracing::field::{Empty, display};

/// The business is named when it is known. Text that is no CallSid is not logged.
pub(super) fn webhook_span(call: &str) -> Span {
    match CallSid::parse(call) {
        Ok(call) => tracing::error_span!("call", sid = %call, business = Empty),
        Err(_) => Span::none(),
    }
}

/// Names the business of the request that is being answered.
pub(super) fn name_business(business: &impl Display) {
    Span::current().record("business", display(business));
}
