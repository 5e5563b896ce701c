//! How a page becomes HTML.

use crate::shell::Shell;

/// What one page knows.
pub trait Page: Send + Sync {
    /// The whole document.
    fn html(&self, shell: &Shell) -> String;
}

/// Gives a page its template. In it `t` are the texts, `shell` is what surrounds the page, and `page` is the page.
macro_rules! page {
    ($page:ty, $path:tt) => {
        impl crate::page::Page for $page {
            fn html(&self, shell: &crate::shell::Shell) -> String {
                #[derive(askama::Template)]
                #[template(path = $path)]
                struct Html<'a> {
                    t: &'a crate::texts::Texts,
                    shell: &'a crate::shell::Shell,
                    page: &'a $page,
                }
                crate::markup::Markup::of(&Html { t: &shell.texts, shell, page: self }).to_string()
            }
        }
    };
}

pub(crate) use page;
