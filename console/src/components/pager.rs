//! Newer and older pages of a list.

use askama::Template;

use crate::markup::Markup;
use crate::texts::Texts;

/// The addresses of the newest page, unless this is it, and of the one behind this one.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    pub newer: Option<String>,
    pub older: Option<String>,
}

#[derive(Template)]
#[template(path = "components/pager.html")]
struct PagerHtml<'a> {
    t: &'a Texts,
    pager: &'a Pager,
}

impl Texts {
    pub(crate) fn pager(&self, pager: &Pager) -> Markup {
        if pager.newer.is_none() && pager.older.is_none() {
            return Markup::default();
        }
        Markup::of(&PagerHtml { t: self, pager })
    }
}
