//! Forms and queries, as browsers send them.

use console::error::Problem;
use http::header;

use super::refused::Refused;
use crate::config::PublicUrl;
use crate::http::request::Request;

/// The fields of a form or of a query, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The fields of the request's body. A request that only reads has none.
    pub(super) fn of(request: &Request) -> Result<Self, Refused> {
        if request.method.is_safe() {
            return Ok(Self::default());
        }
        let kind = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !request.body.is_empty()
            && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        {
            return Err(Problem::StaleForm.into());
        }
        Ok(Self::read(&request.body))
    }

    /// The parameters of the request's query.
    pub(super) fn of_query(request: &Request) -> Self {
        Self::read(request.query.as_deref().unwrap_or_default().as_bytes())
    }

    fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The field's value, without spaces at its ends. `None` too if it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        Some(self.raw(name)?.trim()).filter(|value| !value.is_empty())
    }

    /// The field's value as it was sent. `None`: there is no such field.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The values of all fields with this name, in their order.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// All fields, in their order.
    pub(super) fn fields(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Whether a page of another site has sent the request. Browsers say so; other programs have no cookie to abuse.
pub(super) fn is_from_elsewhere(request: &Request, public_url: &Option<PublicUrl>) -> bool {
    if let Some(site) = request.header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    request
        .header(header::ORIGIN.as_str())
        .is_some_and(|origin| !is_own(request, origin, public_url))
}

/// Whether a page of the console has opened the WebSocket. Browsers name the page's origin in every such request.
pub(super) fn is_of_own_page(request: &Request, public_url: &Option<PublicUrl>) -> bool {
    request
        .header(header::ORIGIN.as_str())
        .is_some_and(|origin| is_own(request, origin, public_url))
}

fn is_own(request: &Request, origin: &str, public_url: &Option<PublicUrl>) -> bool {
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    request.header(header::HOST.as_str()) == Some(host)
        || public_url.as_ref().is_some_and(|url| url.host() == host)
}

/// The path, if it is one of the console: nobody is sent to another site (CON-2).
pub(super) fn own_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(console::assets::ROOT)?;
    let begins_well = rest.is_empty() || rest.starts_with(['/', '?']);
    let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (begins_well && is_plain && !path.contains("//")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_2_nobody_is_sent_to_another_site() {
        for own in ["/console", "/console/", "/console/b/locks/calls?q=a%20b", "/console?x"] {
            assert_eq!(own_path(own), Some(own));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/console//evil.example",
            "/consoles",
            "https://evil.example/console",
            "/console/\\evil",
            "/console/\r\nset-cookie:",
        ] {
            assert_eq!(own_path(other), None, "{other:?}");
        }
    }
}
