//! New SIDs.

use protocol::ids::{CallSid, StreamSid};
use uuid::Uuid;

/// The prefix and 32 hexadecimal digits.
pub(super) fn sid(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

#[expect(clippy::expect_used, reason = "sid makes well-formed SIDs")]
pub(super) fn call_sid() -> CallSid {
    CallSid::parse(&sid("CA")).expect("a call's SID")
}

#[expect(clippy::expect_used, reason = "sid makes well-formed SIDs")]
pub(super) fn stream_sid() -> StreamSid {
    StreamSid::parse(&sid("MZ")).expect("a stream's SID")
}
