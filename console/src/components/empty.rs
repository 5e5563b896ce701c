//! What a page says where it has nothing to show: why, and what to do.

use askama::Template;

use crate::markup::Markup;
use crate::texts::Texts;

/// Nothing to show.
#[derive(Debug, Clone)]
pub struct Empty {
    pub icon: &'static str,
    pub title: String,
    pub text: String,
    /// What to press: address and words.
    pub action: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "components/empty.html")]
struct EmptyHtml<'a> {
    t: &'a Texts,
    empty: &'a Empty,
}

impl Texts {
    pub(crate) fn empty(&self, empty: &Empty) -> Markup {
        Markup::of(&EmptyHtml { t: self, empty })
    }

    /// Nothing to show, in the words of two keys.
    pub(crate) fn nothing(&self, icon: &'static str, title: &str, text: &str) -> Markup {
        self.empty(&Empty { icon, title: self.say(title), text: self.say(text), action: None })
    }

    /// The same, with what to press.
    pub(crate) fn nothing_but(
        &self,
        icon: &'static str,
        (title, text): &(&str, &str),
        (href, words): &(impl AsRef<str>, &str),
    ) -> Markup {
        let action = Some((href.as_ref().to_owned(), self.say(words)));
        self.empty(&Empty { icon, title: self.say(title), text: self.say(text), action })
    }
}
