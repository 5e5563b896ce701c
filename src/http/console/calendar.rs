//! A week of appointments, and the forms to book, move and cancel one.

mod forms;
mod week;

use super::desk::Desk;
use super::refused::Answer;
use super::visit::Visit;

pub(super) use forms::{book, cancel, reschedule};

/// The week, with the form that the address asks for.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    let desk = Desk::of(visit.state, visit.business()?)?;
    let form = forms::open(&visit, &desk).await?;
    week::shown(&visit, &desk, form, None).await
}
