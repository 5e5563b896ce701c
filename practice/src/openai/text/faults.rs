//! What can go wrong with one answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The fault of one request that is right.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextFault {
    /// No fault. Used to reach a later request.
    #[default]
    None,
    /// 429, `rate_limit_exceeded`, with this `retry-after` in seconds, if there is one.
    TooManyRequests(Option<u64>),
    /// 429, `insufficient_quota`.
    NoQuota,
    /// 401, `invalid_api_key`.
    BadKey,
    /// 404, `model_not_found`.
    NoSuchModel,
    /// 500, `server_error`.
    ServerError,
    /// A proxy's page with this status.
    Page(u16),
    /// The model refuses.
    Refusal,
    /// The answer ends in its middle, for this reason.
    Incomplete(String),
    /// The response has the status `failed` with this code.
    Failed(String),
    /// The model's text is this one, whatever the schema.
    Text(String),
    /// The model says nothing.
    Empty,
    /// The reply has at least this many UTF-16 units, in letters of the conversation's language.
    TooLong(usize),
    /// The model claims this end, whatever was said.
    Claims(String),
    /// The model works for so much longer.
    Late(Duration),
    /// No answer ever comes.
    Silence,
    /// The connection breaks in the middle of the answer.
    HalfBody,
}
