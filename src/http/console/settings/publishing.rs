//! The difference that a draft makes, and its publication.

use console::settings::{Changed, ChangesPage, Problem, Why, check};
use console::shell::Place;
use entities::businesses::{ImportError, Publication};
use entities::drafts;
use http::StatusCode;
use protocol::business::BusinessSettings;
use protocol::webhooks::check_url;

use super::super::answer;
use super::super::refused::Answer;
use super::super::visit::Visit;
use super::edited::Edited;
use super::told::told;
use crate::app::business;

/// What the draft changes.
pub(in super::super) async fn show(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    let problems = checked(&visit, &edited).err().unwrap_or_default();
    visit.page(Place::Settings, &page(&visit, &edited, problems)).await
}

/// Publishes the draft as it was seen: the next call is answered with it.
pub(in super::super) async fn publish(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    if !edited.is_what_was_seen(&visit) {
        return moved(&visit).await;
    }
    let Some(draft) = &edited.stored else {
        return Ok(answer::redirect(&visit.at("settings/changes")));
    };
    let settings = match checked(&visit, &edited) {
        Ok(settings) => settings,
        Err(problems) => return wrong(&visit, &edited, problems).await,
    };
    let mut entry = visit.entry("settings.publish");
    entry.object = Some((edited.current.number + 1).to_string());
    entry.detail = Some(told(&edited.changes()));
    let publication = Publication { base: edited.current.number, draft: draft.revision, entry };
    let business = visit.business()?.id;
    match business::publish(visit.db(), &settings, business, publication, visit.now()).await {
        Ok(_) => Ok(answer::redirect(&visit.at("settings/versions"))),
        Err(ImportError::Moved) => moved(&visit).await,
        Err(ImportError::Records(error)) => Err(error.into()),
        Err(ImportError::NumberTaken { number, owner }) => {
            let why = Why::NumberTaken { number: number.to_string(), owner: owner.to_string() };
            wrong(&visit, &edited, vec![problem("phone_numbers", why)]).await
        }
        Err(ImportError::NoWebhookSecret) => {
            wrong(&visit, &edited, vec![problem("webhooks.url", Why::NoSecret)]).await
        }
        Err(error @ ImportError::Settings(_)) => {
            let why = Why::Unusable(error.to_string());
            wrong(&visit, &edited, vec![problem("business", why)]).await
        }
    }
}

/// Throws the draft away.
pub(in super::super) async fn discard(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    if !edited.is_what_was_seen(&visit) {
        return moved(&visit).await;
    }
    if let Some(draft) = &edited.stored {
        let mut entry = visit.entry("settings.discard");
        entry.detail = Some(told(&edited.changes()));
        let business = visit.business()?.id;
        if !drafts::discard(visit.db(), business, draft.revision, entry).await? {
            return moved(&visit).await;
        }
    }
    Ok(answer::redirect(&visit.at("settings/changes")))
}

/// The settings, if they may be published: also by what the daemon allows.
fn checked(visit: &Visit<'_>, edited: &Edited) -> Result<BusinessSettings, Vec<Problem>> {
    let settings = check(&edited.settings)?;
    if let Some(webhooks) = &settings.webhooks
        && let Err(flaw) =
            check_url(&webhooks.url, visit.state.config.server.allow_private_webhooks)
    {
        return Err(vec![problem("webhooks.url", Why::Rule(flaw.into()))]);
    }
    Ok(settings)
}

fn problem(path: &str, why: Why) -> Problem {
    Problem { path: path.to_owned(), why }
}

async fn wrong(visit: &Visit<'_>, edited: &Edited, problems: Vec<Problem>) -> Answer {
    visit.wrong(Place::Settings, &page(visit, edited, problems)).await
}

/// Somebody has changed something since the page was shown: it is shown again.
async fn moved(visit: &Visit<'_>) -> Answer {
    let edited = Edited::of(visit).await?;
    let problems = checked(visit, &edited).err().unwrap_or_default();
    let mut page = page(visit, &edited, problems);
    page.moved = Some(edited.last());
    let shell = visit.shell(Place::Settings).await?;
    Ok(answer::page_with(StatusCode::CONFLICT, &shell, &page))
}

fn page(visit: &Visit<'_>, edited: &Edited, problems: Vec<Problem>) -> ChangesPage {
    ChangesPage {
        draft: edited.draft(),
        changes: Changed::between(&visit.texts(), &edited.current.settings, &edited.settings),
        problems,
        revision: edited.revision(),
        moved: None,
    }
}
