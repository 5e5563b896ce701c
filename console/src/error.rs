//! What a page says when it can't be shown.

use crate::page::page;

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
pub enum Problem {
    /// 403: the user's role does not allow it.
    Forbidden,
    /// 403: the form's token is not that of the session.
    StaleForm,
    /// 404.
    NotFound,
    /// 429: too many requests of this user.
    TooMany,
    /// 500.
    Internal,
    /// 503: the database is busy or away.
    Busy,
}

impl Problem {
    /// The answer's HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Forbidden | Self::StaleForm => 403,
            Self::NotFound => 404,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Busy => 503,
        }
    }

    pub(crate) fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Forbidden => ("error-forbidden", "error-forbidden-text"),
            Self::StaleForm => ("error-stale-form", "error-stale-form-text"),
            Self::NotFound => ("error-not-found", "error-not-found-text"),
            Self::TooMany => ("error-too-many", "error-too-many-text"),
            Self::Internal => ("error-internal", "error-internal-text"),
            Self::Busy => ("error-busy", "error-busy-text"),
        }
    }
}

/// The page.
#[derive(Debug, Clone, Copy)]
pub struct ErrorPage {
    pub problem: Problem,
}

impl ErrorPage {
    pub(crate) fn title_key(&self) -> &'static str {
        self.problem.texts().0
    }

    pub(crate) fn text_key(&self) -> &'static str {
        self.problem.texts().1
    }

    /// Whether the same request may succeed soon.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.problem, Problem::Busy | Problem::TooMany)
    }
}

page!(ErrorPage, "error.html");
