//! The console's first address.

use super::answer;
use super::refused::Answer;
use super::visit::Visit;
use console::assets::ROOT;
use console::error::Problem;

/// To the first business of the user. Without one, an administrator sees the system.
pub(super) async fn show(visit: Visit<'_>) -> Answer {
    match visit.businesses().await?.first() {
        Some(business) => Ok(answer::redirect(&format!("{ROOT}/b/{}/today", business.slug))),
        None if visit.session.is_admin() => Ok(answer::redirect(&format!("{ROOT}/system"))),
        None => Err(Problem::NotFound.into()),
    }
}
