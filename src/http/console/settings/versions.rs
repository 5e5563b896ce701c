//! The versions that were published, and a way back to each.

use console::components::Pager;
use console::error::Problem;
use console::settings::{Changed, Edit, Version, VersionsPage, allowed};
use console::shell::Place;
use entities::settings_versions::{self, VersionRecord};
use serde_json::Value;

use super::super::answer;
use super::super::refused::{Answer, Refused};
use super::super::visit::Visit;
use super::edited::Edited;

/// Versions of the page.
const MOST_SHOWN: u32 = 50;

/// The newest versions or those before one, and what restoring one of them would change.
pub(in super::super) async fn show(visit: Visit<'_>) -> Answer {
    let (t, business) = (visit.texts(), visit.business()?.id);
    let edited = Edited::of(&visit).await?;
    let shown = match visit.query.get("show") {
        Some(number) => {
            let version = version(&visit, number).await?;
            let wanted = wanted(&visit, &edited, &version);
            let changes = Changed::between(&t, &edited.settings, &wanted);
            Some((counted(version.number), version.published_at, changes))
        }
        None => None,
    };
    let before = match visit.query.get("before") {
        Some(number) => Some(number.parse().map_err(|_| Refused(Problem::NotFound))?),
        None => None,
    };
    // One more than is shown, to compare the last one with.
    let found = settings_versions::list(visit.db(), business, before, MOST_SHOWN + 1).await?.items;
    let last = found.get(MOST_SHOWN as usize).and_then(|_| found.get(MOST_SHOWN as usize - 1));
    let pager = Pager {
        newer: before.map(|_| "?".to_owned()),
        older: last.map(|last| format!("?before={}", last.number)),
    };
    let versions = found.iter().enumerate().take(MOST_SHOWN as usize).map(|(at, version)| {
        let before = found.get(at + 1);
        let changed = before.map_or_else(Vec::new, |before| {
            let changed = Changed::between(&t, &before.settings, &version.settings);
            changed.into_iter().map(|changed| changed.name).collect()
        });
        Version {
            number: counted(version.number),
            edit: Edit { by: version.published_by.clone(), at: version.published_at },
            is_current: version.number == edited.current.number,
            changed,
        }
    });
    let page = VersionsPage { versions: versions.collect(), shown, pager };
    visit.page(Place::Settings, &page).await
}

/// Makes a draft of a version.
pub(in super::super) async fn restore(visit: Visit<'_>) -> Answer {
    let edited = Edited::of(&visit).await?;
    let version = version(&visit, visit.parameter("number")).await?;
    let wanted = wanted(&visit, &edited, &version);
    if !edited.save(&visit, wanted).await? {
        // Somebody has saved in this moment: the page shows what would change now.
        let path = format!("settings/versions?show={}", version.number);
        return Ok(answer::redirect(&visit.at(&path)));
    }
    Ok(answer::redirect(&visit.at("settings/changes")))
}

/// The version's settings, as far as the user may change them.
fn wanted(visit: &Visit<'_>, edited: &Edited, version: &VersionRecord) -> Value {
    allowed(&edited.settings, &version.settings, visit.session.is_admin())
}

async fn version(visit: &Visit<'_>, number: &str) -> Result<VersionRecord, Refused> {
    let unknown = || Refused(Problem::NotFound);
    let number = number.parse().map_err(|_| unknown())?;
    let found = settings_versions::get(visit.db(), visit.business()?.id, number).await?;
    found.ok_or_else(unknown)
}

fn counted(number: i32) -> u32 {
    number.unsigned_abs()
}
