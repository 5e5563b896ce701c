//! HTML that is written already, and is not escaped again.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// HTML, as it goes into a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    pub(crate) fn new(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// A template writes into a `String`, which can't fail.
    pub(crate) fn of(template: &impl Template) -> Self {
        Self(template.render().unwrap_or_default())
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// A text as HTML shows it, in elements and in attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
