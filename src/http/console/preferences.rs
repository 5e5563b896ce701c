//! Language and theme: what the cookie says, else what the browser prefers.

use console::shell::Theme;
use console::texts::Locale;
use http::{HeaderValue, header};
use warp::reply::Response;

use super::answer;
use super::form::{Form, own_path};
use super::refused::Refused;
use crate::http::request::Request;

const COOKIE: &str = "frontdesk-look";
/// How long a browser keeps it.
const KEPT_SECS: u32 = 365 * 24 * 60 * 60;

/// How the user wants pages to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Preferences {
    pub(super) locale: Locale,
    pub(super) theme: Theme,
}

impl Preferences {
    pub(super) fn of(request: &Request) -> Self {
        let chosen = answer::cookie(request, COOKIE).unwrap_or_default();
        let (locale, theme) = chosen.split_once('.').unwrap_or_default();
        Self {
            locale: Locale::of_tag(locale).unwrap_or_else(|| preferred(request)),
            theme: Theme::of_word(theme).unwrap_or_default(),
        }
    }
}

/// The first of the browser's languages that the console speaks.
fn preferred(request: &Request) -> Locale {
    let languages = request.header(header::ACCEPT_LANGUAGE.as_str()).unwrap_or_default();
    let tags = languages.split(',').map(|language| language.trim().split(['-', ';']).next());
    tags.flatten().find_map(Locale::of_tag).unwrap_or_default()
}

/// Keeps a choice, and goes back to the page. It reads and changes no data, so it needs no session.
pub(super) fn change(request: &Request, now: Preferences) -> Result<Response, Refused> {
    let form = Form::of(request)?;
    let language = form.get("language").and_then(Locale::of_tag);
    let locale = language.unwrap_or(now.locale);
    let theme = form.get("theme").and_then(Theme::of_word).unwrap_or(now.theme);
    let back = form.get("back").and_then(own_path).unwrap_or(console::assets::ROOT);
    let mut response = answer::redirect(back);
    let cookie = format!(
        "{COOKIE}={}.{}; Path=/console; Max-Age={KEPT_SECS}; SameSite=Lax; HttpOnly",
        locale.tag(),
        theme.word()
    );
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
