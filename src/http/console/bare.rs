//! Pages without a user: refusals, and the sign-in.

use console::error::ErrorPage;
use console::shell::{Place, Shell};
use console::texts::Texts;
use http::StatusCode;
use jiff::tz::TimeZone;
use warp::reply::Response;

use super::answer;
use super::preferences::Preferences;
use super::refused::Refused;
use super::state::ConsoleState;
use crate::http::request::Request;

/// The page that says why another one is not shown. It reads nothing, since the database may be the cause.
pub(super) fn refusal(
    state: &ConsoleState,
    request: &Request,
    preferences: Preferences,
    Refused(problem): Refused,
) -> Response {
    let status = StatusCode::from_u16(problem.status());
    let shell = shell(state, request, preferences);
    answer::page_with(
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        &shell,
        &ErrorPage { problem },
    )
}

/// What surrounds a page without a user.
pub(super) fn shell(state: &ConsoleState, request: &Request, preferences: Preferences) -> Shell {
    let now = state.operator.services.clock.wall();
    Shell {
        texts: Texts::new(preferences.locale, TimeZone::UTC, now),
        theme: preferences.theme,
        user: None,
        business: None,
        businesses: Vec::new(),
        place: Place::Elsewhere,
        path: request.target(),
        notices: Vec::new(),
        waiting: console::shell::Waiting::default(),
        practice: state.practice,
        test_calls: true,
        events: None,
    }
}
