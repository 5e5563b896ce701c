//! Cookies that no other site and no script can read or set: `__Host-` names need https or this machine.

use entities::sessions::LIMIT;
use http::{HeaderValue, header};
use warp::reply::Response;

use super::answer;
use crate::http::request::Request;

/// The secret of the session.
pub(super) const SESSION: &str = "__Host-frontdesk";
/// Guards the forms of those who have no session yet.
pub(super) const FORM: &str = "__Host-frontdesk-form";

/// A secret in a cookie: 64 hexadecimal digits, else `None`.
pub(super) fn secret<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    answer::cookie(request, name).filter(|value| is_secret(value))
}

/// Whether it can be a secret of [`Chance`](actors::chance::Chance).
pub(super) fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Has the browser keep a secret for so many seconds.
pub(super) fn keep(response: &mut Response, name: &str, secret: &str, seconds: i64) {
    let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax";
    let cookie = format!("{name}={secret}; {attributes}; Max-Age={seconds}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Has the browser keep the secret of its session.
pub(super) fn keep_session(response: &mut Response, secret: &str) {
    keep(response, SESSION, secret, LIMIT.as_secs());
}

/// Has the browser forget a secret.
pub(super) fn forget(response: &mut Response, name: &str) {
    keep(response, name, "", 0);
}
