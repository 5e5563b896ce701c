//! The web console (CON-1): signs users in, finds the page of an address, and guards every change.
//!
//! The crate `console` has the pages. Here they are filled from the database and the live state, and their
//! forms call the functions of the API (CON-7).

mod answer;
mod audit;
mod bare;
mod calendar;
mod call;
mod call_backs;
mod calls;
mod client;
mod conversation;
mod cookies;
mod desk;
mod form;
mod home;
mod lead;
mod leads;
mod live;
mod messages;
mod pages;
mod password;
mod persons;
mod preferences;
mod pulse;
mod refused;
mod routes;
mod session;
mod settings;
mod sign_in;
mod state;
mod style_guide;
mod system;
mod talk;
mod test_call;
mod today;
mod users;
mod visit;
mod waiting;
mod wrong;

use std::sync::Arc;

use console::assets::{self, ROOT};
use console::error::Problem;
use http::{HeaderValue, Method, StatusCode, header};
use warp::reply::{Reply, Response};

use super::request::Request;
use super::response::not_found;
use preferences::Preferences;
use refused::Refused;
use routes::{Found, Need};
use sign_in::Stranger;
use visit::Visit;

pub use routes::endpoints;
pub use state::ConsoleState;

/// Whether the request is for the console.
#[must_use]
pub fn is_for(request: &Request) -> bool {
    let rest = request.path.strip_prefix(ROOT);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers one request to the console. Every answer has the headers of [`console::security`].
pub async fn serve(state: Arc<ConsoleState>, mut request: Request) -> Response {
    // Whoever writes the answer to the connection leaves the body away.
    if request.method == Method::HEAD {
        request.method = Method::GET;
    }
    if !is_for(&request) {
        return outside(&request);
    }
    if let Some(asset) = assets::find(&request.path) {
        return self::asset(asset, &request);
    }
    let preferences = Preferences::of(&request);
    let answer = match respond(&state, &request, preferences).await {
        Ok(response) => response,
        Err(refused) => bare::refusal(&state, &request, preferences, refused),
    };
    answer::secured(answer)
}

/// The listener has nothing else. Whoever gives no path means the console.
fn outside(request: &Request) -> Response {
    if request.path == "/" { answer::redirect(ROOT) } else { not_found() }
}

/// A style sheet, a script or a picture. It is at an address of its own for each build, and has no secret.
fn asset(asset: &'static assets::Asset, request: &Request) -> Response {
    let known = request.header("if-none-match");
    let is_known = known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == asset.etag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        http::Response::new(asset.bytes.into())
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

async fn respond(
    state: &Arc<ConsoleState>,
    request: &Request,
    preferences: Preferences,
) -> Result<Response, Refused> {
    if !request.method.is_safe() && form::is_from_elsewhere(request, &state.public_url) {
        return Err(Problem::StaleForm.into());
    }
    let path = request.path.trim_end_matches('/');
    let stranger = Stranger { state, request, preferences };
    match (&request.method, path.strip_prefix(ROOT).unwrap_or_default()) {
        (&Method::POST, "/preferences") => return preferences::change(request, preferences),
        (&Method::GET, "/sign-in") => return sign_in::show(stranger).await,
        (&Method::POST, "/sign-in") => return sign_in::submit(stranger).await,
        (&Method::POST, "/sign-in/password") => return sign_in::choose_password(stranger).await,
        _ => {}
    }
    let Some(session) = session::of(state, request).await? else {
        return Ok(sign_in::redirect(request));
    };
    let Found { action, parameters } = routes::find(&request.method, path)?;
    let form = form::Form::of(request)?;
    if !request.method.is_safe() {
        session.guards(&form)?;
    }
    let is_allowed = match action.need {
        Need::Look | Need::Oneself => true,
        Need::Change => session.may_change(),
        Need::Admin => session.is_admin(),
    };
    if !is_allowed {
        return Err(Problem::Forbidden.into());
    }
    // Open pages are read again at the same moment: when a call has gone on.
    let _place = match request.method.is_safe() {
        true => state.readers.acquire().await.ok(),
        false => None,
    };
    let visit = Visit::new(state, request, preferences, &session, form, parameters).await?;
    let answer = (action.handler)(visit).await;
    if !request.method.is_safe() && answer.is_ok() {
        state.pulse.ring();
    }
    answer
}
