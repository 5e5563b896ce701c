//! The sign-in page.

use console::sign_in::SignInPage;
use warp::reply::Response;

use super::form::{Form, own_path};
use super::preferences::Preferences;
use super::refused::Answer;
use super::state::ConsoleState;
use super::{answer, bare};
use crate::http::request::Request;

/// The page with the form.
pub(super) async fn show(
    state: &ConsoleState,
    request: &Request,
    preferences: Preferences,
) -> Answer {
    let query = Form::of_query(request);
    let page = SignInPage {
        next: query.get("next").and_then(own_path).unwrap_or_default().to_owned(),
        nobody_yet: true,
        ..SignInPage::default()
    };
    Ok(answer::page(&bare::shell(state, request, preferences), &page))
}

/// To the sign-in page, and afterwards back to where the request wanted to go.
pub(super) fn redirect(request: &Request) -> Response {
    let next = if request.method.is_safe() { request.target() } else { String::new() };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
    answer::redirect(&format!("{}/sign-in?{query}", console::assets::ROOT))
}
