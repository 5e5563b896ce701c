//! An address and how to request it.

/// Where a request goes: a document, a file or a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) url: String,
    pub(super) method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    Post,
}

impl Target {
    pub(super) fn post(url: &str) -> Self {
        Self { url: url.to_owned(), method: Method::Post }
    }
}
