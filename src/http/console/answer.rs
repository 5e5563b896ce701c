//! The console's answers: pages and redirects, each with the headers that browsers need.

use console::Page;
use console::security::HEADERS;
use console::shell::Shell;
use http::{HeaderName, HeaderValue, StatusCode, header};
use warp::reply::{Reply, Response};

use crate::http::request::Request;

/// A page.
pub(super) fn page(shell: &Shell, page: &dyn Page) -> Response {
    page_with(StatusCode::OK, shell, page)
}

/// A page with a status of its own, such as one that tells what is wrong with a form.
pub(super) fn page_with(status: StatusCode, shell: &Shell, page: &dyn Page) -> Response {
    let html = warp::reply::html(page.html(shell));
    warp::reply::with_status(html, status).into_response()
}

/// The status of a page with a form: it was sent and is wrong, or it is at rest.
pub(super) fn status_of(is_wrong: bool) -> StatusCode {
    if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

/// To another page, by GET.
pub(super) fn redirect(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// Adds the headers of every answer. A header that the answer has stays.
pub(super) fn secured(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(HeaderName::from_static(name)).or_insert(value);
    }
    response
}

/// The value of a cookie of the request.
pub(super) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let cookies = request.header(header::COOKIE.as_str())?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
