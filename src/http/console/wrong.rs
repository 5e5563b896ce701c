//! What an error of the API's functions means for a form (CON-7): a notice, a sentence at a field, or another page.

use console::error::Problem;
use console::notice::{Notice, Tone};
use console::refusal::Refusal;
use http::StatusCode;
use jiff::Timestamp;

use super::refused::Refused;
use super::visit::Visit;
use crate::http::api::error::ApiError;

/// Why a form was not carried out.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) refusal: Refusal,
    /// The field that is wrong, by its name in the API.
    pub(super) field: Option<String>,
    /// Starts that are free instead.
    pub(super) instead: Vec<Timestamp>,
}

impl Wrong {
    /// # Errors
    /// What the form is about does not exist: then there is no form to show again.
    pub(super) fn of(error: &ApiError) -> Result<Self, Refused> {
        if error.status() == StatusCode::NOT_FOUND {
            return Err(Problem::NotFound.into());
        }
        Ok(Self {
            refusal: Refusal::of_code(error.code(), error.field()),
            field: error.field().map(str::to_owned),
            instead: error.free_starts(),
        })
    }

    pub(super) fn new(refusal: Refusal) -> Self {
        Self { refusal, field: None, instead: Vec::new() }
    }

    /// The sentence in the user's language.
    pub(super) fn text(&self, visit: &Visit<'_>) -> String {
        visit.texts().say(self.refusal.key())
    }

    /// The sentence at the page's top.
    pub(super) fn notice(&self, visit: &Visit<'_>) -> Notice {
        Notice::new(Tone::Bad, self.text(visit))
    }
}

impl From<ApiError> for Refused {
    /// Where there is no form to show again.
    fn from(error: ApiError) -> Self {
        let problem = match error.status() {
            StatusCode::NOT_FOUND => Problem::NotFound,
            _ if error.passes() => Problem::Busy,
            StatusCode::SERVICE_UNAVAILABLE => Problem::Busy,
            _ => Problem::Internal,
        };
        problem.into()
    }
}
