//! Every component of the pages in every state, for whoever changes them.

use console::shell::Place;
use console::style_guide::StyleGuidePage;

use super::refused::Answer;
use super::visit::Visit;

pub(super) async fn show(visit: Visit<'_>) -> Answer {
    visit.page(Place::StyleGuide, &StyleGuidePage).await
}
