//! A finding of `frontdesk check`.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Ok,
    /// Calls are answered, but something should be fixed.
    Warn,
    /// Some or all calls are not answered.
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// What was checked, in one word.
    pub(crate) about: &'static str,
    /// What is wrong and how to fix it, or that all is well.
    pub(crate) message: String,
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
        // One line, even if a database or a provider has answered with several.
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{verdict:<5} {:<9} {message}", self.about)
    }
}
