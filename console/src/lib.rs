//! The web console's pages (CON-1, CON-3, CON-6): what each page knows, its template, its texts and its assets.
//!
//! A page is a plain type, such as [`today::TodayPage`], and [`Page::html`] writes it. Nothing here reads a database, a
//! clock or a socket. The application fills the pages and answers the forms.

pub mod assets;
pub mod audit;
pub mod calendar;
pub mod call;
pub mod calls;
pub mod changes;
pub mod components;
mod count;
pub mod done;
pub mod error;
mod format;
pub mod leads;
mod markup;
pub mod messages;
pub mod notice;
mod page;
pub mod password;
pub mod prompt;
pub mod refusal;
pub mod security;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod style_guide;
pub mod system;
pub mod test_call;
pub mod texts;
pub mod today;
pub mod users;

pub use count::Count;
pub use markup::Markup;
pub use page::Page;
