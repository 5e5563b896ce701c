//! The parts that pages share. The style guide shows each in every state.

mod empty;
mod field;
mod pager;
mod person;

pub use empty::Empty;
pub use field::{Choice, Control, Field};
pub use pager::Pager;
pub use person::Person;

use std::borrow::Borrow;

use askama::Template;

use crate::markup::{Markup, escaped};
use crate::notice::{Notice, Tone};
use crate::texts::Texts;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<div class="notice {{ notice.tone.class() }}" role="{{ notice.role() }}">{{ t.icon(notice.tone.icon()) }}<p>{{ notice.text }}</p></div>"#
)]
struct NoticeHtml<'a> {
    t: &'a Texts,
    notice: &'a Notice,
}

impl Texts {
    /// A notice, as it stands at a page's top.
    pub(crate) fn notice(&self, notice: &Notice) -> Markup {
        Markup::of(&NoticeHtml { t: self, notice })
    }

    /// A word in a coloured frame.
    pub(crate) fn badge(&self, tone: impl Borrow<Tone>, key: &str) -> Markup {
        let text = escaped(&self.say(key));
        Markup::new(format!("<span class=\"badge {}\">{text}</span>", tone.borrow().class()))
    }
}
