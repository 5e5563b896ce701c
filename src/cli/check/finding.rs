//! One thing that was looked at, and how it is.

use std::fmt;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// Calls are answered, but something would go better.
    Warn,
    /// Calls, or some of them, are not answered.
    Fail,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    /// What was looked at, in a word.
    about: &'static str,
    /// How it is and, where that is not well, how to mend it.
    message: String,
}

impl Finding {
    pub(super) fn ok(about: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, about, message: message.into() }
    }

    pub(super) fn warn(about: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, about, message: message.into() }
    }

    pub(super) fn fail(about: &'static str, message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, about, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        // One line, whatever a database or a provider had to say.
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{verdict:<5} {:<9} {message}", self.about)
    }
}
