//! Why a request got no answer.

use std::error::Error;
use std::time::Duration;

use hyper_util::client::legacy;

use crate::dialer::{causes, timed_out};

/// A request got no answer. The text contains all causes. It does not contain the URL, which may
/// hold names that must not be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct HttpError {
    kind: Kind,
    text: String,
    innermost: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The request could not be written.
    Malformed,
    /// No connection.
    Unconnected {
        timed_out: bool,
    },
    TimedOut,
    Broken,
}

impl HttpError {
    pub(super) fn malformed(error: &http::Error) -> Self {
        Self::with_causes(Kind::Malformed, error)
    }

    pub(super) fn no_host() -> Self {
        let text = "the address names no host".to_owned();
        Self { kind: Kind::Malformed, innermost: text.clone(), text }
    }

    pub(super) fn broken(error: &hyper::Error) -> Self {
        Self::with_causes(Kind::Broken, error)
    }

    pub(super) fn timed_out(patience: Duration) -> Self {
        let text = format!("no answer within {patience:?}");
        Self { kind: Kind::TimedOut, innermost: text.clone(), text }
    }

    pub(super) fn of(error: &legacy::Error) -> Self {
        if !error.is_connect() {
            return Self::with_causes(Kind::Broken, error);
        }
        let timed_out = timed_out(error);
        Self::with_causes(Kind::Unconnected { timed_out }, error)
    }

    /// Whether the server got nothing of the request.
    #[must_use]
    pub fn was_never_sent(&self) -> bool {
        match self.kind {
            Kind::Malformed | Kind::Unconnected { .. } => true,
            Kind::TimedOut | Kind::Broken => false,
        }
    }

    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self.kind {
            Kind::TimedOut => true,
            Kind::Unconnected { timed_out } => timed_out,
            Kind::Malformed | Kind::Broken => false,
        }
    }

    /// The innermost cause alone.
    #[must_use]
    pub fn innermost(&self) -> &str {
        &self.innermost
    }

    fn with_causes(kind: Kind, error: &(dyn Error + 'static)) -> Self {
        let texts: Vec<_> = causes(error).map(ToString::to_string).collect();
        let innermost = texts.last().cloned().unwrap_or_default();
        Self { kind, text: texts.join(": "), innermost }
    }
}
